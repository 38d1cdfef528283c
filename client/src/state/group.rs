//! The open group: what it is, and its members as far as they are loaded.
//!
//! It is asked for over HTTP, while someone looks: when it is opened, when a connection is back, and
//! when the group says that it changed. Answers may come late or not at all, so each question for
//! members carries the round it belongs to.

use super::contacts::Contacts;
use std::rc::Rc;
use tidings_shared::api::{Group, Users};
use tidings_shared::{GroupId, UserId};

/// How what is known of the group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Details {
    /// To be asked for.
    Wanted,
    /// Asked for; `true`: it changed meanwhile.
    Asked(bool),
    /// As the server told last.
    Told,
    /// They could not be had; the person may ask again.
    Failed,
}

/// A question for members of the open group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersAsk {
    /// Of which group.
    pub id: GroupId,
    /// To be given back with the answer.
    pub round: u64,
    /// The last one known.
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

    /// Which one.
    pub const fn id(&self) -> GroupId {
        self.id
    }

    /// Its name, owner and count, as the server told last.
    pub const fn group(&self) -> Option<&Rc<Group>> {
        self.group.as_ref()
    }

    /// Its members, as far as they are loaded.
    pub const fn members(&self) -> &Contacts {
        &self.members
    }

    /// Whether what it is could not be had.
    pub const fn has_failed(&self) -> bool {
        matches!(self.details, Details::Failed)
    }

    /// What is known may not be so any more. `round` was never used before.
    pub(super) fn changed(&mut self, round: u64) {
        self.details = match self.details {
            Details::Asked(_) => Details::Asked(true),
            _ => Details::Wanted,
        };
        self.members.begin_again();
        self.round = round;
    }

    /// Whether it is to be asked now what the group is.
    pub(super) fn ask(&mut self) -> bool {
        let wanted = self.details == Details::Wanted;
        if wanted {
            self.details = Details::Asked(false);
        }
        wanted
    }

    /// The server told what the group is.
    pub(super) fn told(&mut self, group: Group) {
        self.details = match self.details {
            Details::Asked(true) => Details::Wanted,
            _ => Details::Told,
        };
        self.group = Some(Rc::new(group));
    }

    /// The server could not tell what the group is.
    pub(super) fn failed(&mut self) {
        self.details = Details::Failed;
    }

    /// The person asks to try again what failed.
    pub(super) fn try_again(&mut self) {
        if self.has_failed() {
            self.details = Details::Wanted;
        }
        self.members.try_again();
    }

    /// Which members to fetch, if some are to be fetched now.
    pub(super) fn ask_members(&mut self) -> Option<MembersAsk> {
        let after = self.members.ask()?;
        Some(MembersAsk {
            id: self.id,
            round: self.round,
            after,
        })
    }

    /// Members arrived, or could not be had (`None`).
    pub(super) fn take_members(&mut self, round: u64, page: Option<Users>) {
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
    fn a_change_while_the_group_is_asked_for_asks_once_more() {
        let mut open = OpenGroup::new(GroupId(7), 1);
        assert!(open.ask());
        assert!(!open.ask());
        open.changed(2);
        open.changed(3);
        assert!(!open.ask(), "one question at a time");
        open.told(group(3));
        assert!(open.ask());
        open.told(group(4));
        assert!(!open.ask());
        assert_eq!(open.group().map(|group| group.members), Some(4));
    }

    #[test]
    fn what_failed_waits_for_the_person_and_what_was_known_stays() {
        let mut open = OpenGroup::new(GroupId(7), 1);
        open.ask();
        open.told(group(3));
        open.changed(2);
        open.ask();
        open.failed();
        assert!(open.has_failed() && !open.ask());
        assert!(open.group().is_some());
        open.try_again();
        assert!(open.ask());
    }

    #[test]
    fn members_are_shown_until_the_new_ones_are_here_and_late_answers_are_dropped() {
        let mut open = OpenGroup::new(GroupId(7), 1);
        let first = open.ask_members().expect("the first page");
        open.take_members(first.round, Some(page(&[1, 2])));
        assert_eq!(uids(&open), [1, 2]);
        open.changed(2);
        assert_eq!(uids(&open), [1, 2]);
        let again = open.ask_members().expect("the first page once more");
        assert_eq!(again.after, None);
        open.take_members(first.round, Some(page(&[9])));
        assert_eq!(uids(&open), [1, 2]);
        open.take_members(again.round, Some(page(&[1, 2, 3])));
        assert_eq!(uids(&open), [1, 2, 3]);
    }
}
