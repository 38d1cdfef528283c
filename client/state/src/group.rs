//! The open group: its details, and its members as far as they are loaded.
//!
//! Both are fetched over HTTP while the page is visible: when the group is opened, after a
//! reconnect, and when a group event reports a change. Answers may come late or not at all, so each
//! query for members carries the round it belongs to.

use super::contacts::Contacts;
use std::rc::Rc;
use tidings_shared::api::{Group, Users};
use tidings_shared::{GroupId, UserId};

/// The loading state of the group's details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Details {
    /// To be fetched.
    Wanted,
    /// Being fetched; `true`: the group changed meanwhile.
    Asked(bool),
    /// Loaded, and not known to be outdated.
    Loaded,
    /// The fetch failed; the person may retry.
    Failed,
}

/// A query for members of the open group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersQuery {
    /// Of which group.
    pub id: GroupId,
    /// To be passed back with the answer.
    pub round: u64,
    /// The last member loaded.
    pub after: Option<UserId>,
}

/// The open group.
#[derive(Debug)]
pub struct OpenGroup {
    id: GroupId,
    group: Option<Rc<Group>>,
    details: Details,
    members: Contacts,
    round: u64,
}

impl OpenGroup {
    pub(super) fn new(id: GroupId, round: u64) -> Self {
        Self {
            id,
            group: None,
            details: Details::Wanted,
            members: Contacts::default(),
            round,
        }
    }

    /// Its id.
    pub const fn id(&self) -> GroupId {
        self.id
    }

    /// Its name, owner and member count, as loaded last.
    pub const fn group(&self) -> Option<&Rc<Group>> {
        self.group.as_ref()
    }

    /// Its members, as far as they are loaded.
    pub const fn members(&self) -> &Contacts {
        &self.members
    }

    /// Whether its details could not be fetched.
    pub const fn has_failed(&self) -> bool {
        matches!(self.details, Details::Failed)
    }

    /// Marks details and members as outdated. `round` was never used before.
    pub(super) fn changed(&mut self, round: u64) {
        self.details = match self.details {
            Details::Asked(_) => Details::Asked(true),
            _ => Details::Wanted,
        };
        self.members.begin_again();
        self.round = round;
    }

    /// Whether the details are to be fetched now.
    pub(super) fn ask(&mut self) -> bool {
        let wanted = self.details == Details::Wanted;
        if wanted {
            self.details = Details::Asked(false);
        }
        wanted
    }

    /// The details arrived.
    pub(super) fn loaded(&mut self, group: Group) {
        self.details = match self.details {
            Details::Asked(true) => Details::Wanted,
            _ => Details::Loaded,
        };
        self.group = Some(Rc::new(group));
    }

    /// The details could not be fetched.
    pub(super) fn failed(&mut self) {
        self.details = Details::Failed;
    }

    /// The person retries what failed.
    pub(super) fn try_again(&mut self) {
        if self.has_failed() {
            self.details = Details::Wanted;
        }
        self.members.try_again();
    }

    /// The members to fetch now, if any.
    pub(super) fn ask_members(&mut self) -> Option<MembersQuery> {
        let after = self.members.ask()?;
        Some(MembersQuery {
            id: self.id,
            round: self.round,
            after,
        })
    }

    /// A page of members arrived, or could not be fetched (`None`).
    pub(super) fn handle_members(&mut self, round: u64, page: Option<Users>) {
        match page {
            _ if round != self.round => {}
            Some(page) => self.members.arrived(None, page),
            None => self.members.failed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::api::User;

    fn group(members: u64) -> Group {
        Group {
            group_id: GroupId(7),
            name: "g".into(),
            avatar: String::new(),
            owner: UserId(1),
            members,
        }
    }

    fn page(uids: &[i64]) -> Users {
        let user = |uid: &i64| User {
            uid: UserId(*uid),
            username: format!("user {uid}"),
            avatar: String::new(),
        };
        Users {
            users: uids.iter().map(user).collect(),
            next: None,
        }
    }

    fn uids(open: &OpenGroup) -> Vec<i64> {
        open.members().people().iter().map(|p| p.uid.0).collect()
    }

    #[test]
    fn change_during_a_fetch_fetches_the_group_again() {
        let mut open = OpenGroup::new(GroupId(7), 1);
        assert!(open.ask());
        assert!(!open.ask());
        open.changed(2);
        open.changed(3);
        assert!(!open.ask(), "one question at a time");
        open.loaded(group(3));
        assert!(open.ask());
        open.loaded(group(4));
        assert!(!open.ask());
        assert_eq!(open.group().map(|group| group.members), Some(4));
    }

    #[test]
    fn failed_fetch_waits_for_a_retry_and_keeps_known_details() {
        let mut open = OpenGroup::new(GroupId(7), 1);
        open.ask();
        open.loaded(group(3));
        open.changed(2);
        open.ask();
        open.failed();
        assert!(open.has_failed() && !open.ask());
        assert!(open.group().is_some());
        open.try_again();
        assert!(open.ask());
    }

    #[test]
    fn members_stay_until_reloaded_and_late_pages_are_dropped() {
        let mut open = OpenGroup::new(GroupId(7), 1);
        let first = open.ask_members().expect("the first page");
        open.handle_members(first.round, Some(page(&[1, 2])));
        assert_eq!(uids(&open), [1, 2]);
        open.changed(2);
        assert_eq!(uids(&open), [1, 2]);
        let again = open.ask_members().expect("the first page once more");
        assert_eq!(again.after, None);
        open.handle_members(first.round, Some(page(&[9])));
        assert_eq!(uids(&open), [1, 2]);
        open.handle_members(again.round, Some(page(&[1, 2, 3])));
        assert_eq!(uids(&open), [1, 2, 3]);
    }
}
