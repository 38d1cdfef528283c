//! Groups in the store's interface.

use super::Appended;
use sha2::{Digest as _, Sha256};
use tidings_shared::{GroupId, UserId, api, limits};

/// Limits of groups per user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// Groups owned.
    pub owned: u32,
    /// Groups joined.
    pub joined: u32,
}

impl GroupLimits {
    /// No limits.
    pub const NONE: Self = Self {
        owned: u32::MAX,
        joined: u32::MAX,
    };
}

/// A group to be created. Its fields were validated before.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// The creator; always a member.
    pub owner: UserId,
    /// The name shown.
    pub name: String,
    /// The other members; no uid twice, and not the owner's.
    pub members: Vec<UserId>,
    /// In ms since 1970.
    pub created_at: i64,
    /// The limits that apply.
    pub limits: GroupLimits,
    /// The owner's idempotency key.
    pub key: Option<String>,
}

impl NewGroup {
    /// SHA-256 of the request.
    pub(super) fn digest(&self) -> Vec<u8> {
        let request = serde_json::to_vec(&(&self.name, &self.members));
        Sha256::digest(request.expect("strings and numbers always serialize")).to_vec()
    }
}

/// Members to be added to a group.
#[derive(Debug, Clone)]
pub struct NewMembers {
    /// Which group.
    pub group: GroupId,
    /// Who adds them; must be the owner.
    pub by: UserId,
    /// Whom; no uid twice. Existing members are ignored.
    pub uids: Vec<UserId>,
    /// In ms since 1970.
    pub added_at: i64,
    /// The limits that apply.
    pub limits: GroupLimits,
}

/// Why a group was not created or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// The group does not exist, or the requester is no member.
    #[error("there is no such group")]
    NoGroup,
    /// Only its owner may do that.
    #[error("only the group's owner may do that")]
    NotOwner,
    /// A uid does not exist.
    #[error("there is no user {0}")]
    NoUser(UserId),
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another request: give every group a key of its own")]
    KeyReused,
    /// The group would have too many members.
    #[error("a group has at most {} members", limits::GROUP_MEMBERS)]
    Full,
    /// The owner reached the limit of owned groups.
    #[error("you own {0} groups, and nobody may own more here")]
    OwnsTooMany(u32),
    /// A user reached the limit of joined groups.
    #[error("the user {0} is in as many groups as anybody may be in here")]
    InTooMany(UserId),
}

/// A created or changed group.
#[derive(Debug, Clone)]
pub struct GroupChange {
    /// The group as it is now.
    pub group: api::Group,
    /// The new members.
    pub added: Vec<UserId>,
    /// The message about it, committed with it; `None`: no member was added, or the group existed
    /// already.
    pub message: Option<Appended>,
}

/// The content of the message about added members: the first few names.
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
