//! Groups: what is asked of the store about them, and what it answers.

use super::Appended;
use sha2::{Digest as _, Sha256};
use tidings_shared::{GroupId, UserId, api, limits};

/// How many groups a user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// That they own.
    pub owned: u32,
    /// That they are in.
    pub joined: u32,
}

impl GroupLimits {
    /// As many as there can be.
    pub const NONE: Self = Self {
        owned: u32::MAX,
        joined: u32::MAX,
    };
}

/// A group to be made. Its fields were checked before.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// Who makes it; always a member.
    pub owner: UserId,
    /// The name shown.
    pub name: String,
    /// The other members; no uid twice, and not the owner's.
    pub members: Vec<UserId>,
    /// In ms since 1970.
    pub created_at: i64,
    /// What is refused.
    pub limits: GroupLimits,
    /// The owner's key for it, which makes one group and no more.
    pub key: Option<String>,
}

impl NewGroup {
    /// SHA-256 of what is asked for.
    pub(super) fn digest(&self) -> Vec<u8> {
        let asked = serde_json::to_vec(&(&self.name, &self.members));
        Sha256::digest(asked.expect("strings and numbers always serialize")).to_vec()
    }
}

/// Members to be added to a group.
#[derive(Debug, Clone)]
pub struct NewMembers {
    /// Which group.
    pub group: GroupId,
    /// Who adds them: must be its owner.
    pub by: UserId,
    /// Who; no uid twice. Those who are members already stay so.
    pub uids: Vec<UserId>,
    /// In ms since 1970.
    pub added_at: i64,
    /// What is refused.
    pub limits: GroupLimits,
}

/// Why a group stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// There is no such group, or the asker is no member of it.
    #[error("there is no such group")]
    NoGroup,
    /// Only its owner may do that.
    #[error("only the group's owner may do that")]
    NotOwner,
    /// A uid names nobody.
    #[error("there is no user {0}")]
    NoUser(UserId),
    /// The key made another group before.
    #[error("this Idempotency-Key was used for another request: give every group a key of its own")]
    KeyReused,
    /// It would have too many members.
    #[error("a group has at most {} members", limits::GROUP_MEMBERS)]
    Full,
    /// Its owner has enough of them.
    #[error("you own {0} groups, and nobody may own more here")]
    OwnsTooMany(u32),
    /// Somebody is in enough of them.
    #[error("the user {0} is in as many groups as anybody may be in here")]
    InTooMany(UserId),
}

/// A group that was made or has new members.
#[derive(Debug, Clone)]
pub struct GroupChange {
    /// The group as it is now.
    pub group: api::Group,
    /// Who is a member now and was not before.
    pub added: Vec<UserId>,
    /// The message about it, committed with it; `None`: nobody was added, or the group was made before.
    pub message: Option<Appended>,
}

/// The content of the message about added members: their names, the first few of them.
pub(super) fn names_listed(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(limits::NAMES_LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > limits::NAMES_LISTED {
        text.push_str(", …");
    }
    text
}
