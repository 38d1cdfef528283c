//! Users, page by page: all contacts, or the members of a group.

use super::names::name_of;
use std::rc::Rc;
use tidings_shared::api::{User, Users};
use tidings_shared::{Peer, UserId};

/// A contact or member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub uid: UserId,
    /// The displayed name.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub avatar: Rc<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// More may be fetched, after this user.
    More(Option<UserId>),
    /// A page is being fetched.
    Asked(Option<UserId>),
    /// The last page could not be fetched; the person may retry.
    Failed(Option<UserId>),
    /// All are loaded.
    Done,
}

/// The contacts loaded so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// Shared with the components, so that a clone costs nothing.
    people: Rc<Vec<Contact>>,
    load: Load,
    /// The next page replaces the loaded ones.
    reloading: bool,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            people: Rc::default(),
            load: Load::More(None),
            reloading: false,
        }
    }
}

impl Contacts {
    /// The loaded ones, by uid.
    pub fn people(&self) -> &[Contact] {
        &self.people
    }

    /// One of them.
    pub fn get(&self, uid: UserId) -> Option<&Contact> {
        let at = self.people.binary_search_by_key(&uid, |person| person.uid);
        at.ok().map(|at| &self.people[at])
    }

    /// Whether a page is being fetched.
    pub const fn is_loading(&self) -> bool {
        matches!(self.load, Load::Asked(_))
    }

    /// Whether the last page could not be fetched.
    pub const fn has_failed(&self) -> bool {
        matches!(self.load, Load::Failed(_))
    }

    /// The `after` of the page to fetch now, if any.
    pub fn ask(&mut self) -> Option<Option<UserId>> {
        let Load::More(after) = self.load else {
            return None;
        };
        self.load = Load::Asked(after);
        Some(after)
    }

    /// The person retries a failed page.
    pub fn try_again(&mut self) {
        if let Load::Failed(after) = self.load {
            self.load = Load::More(after);
        }
    }

    /// They may have changed: they are fetched from the first page on, and the old ones shown until
    /// it arrives.
    pub fn begin_again(&mut self) {
        self.load = Load::More(None);
        self.reloading = true;
    }

    /// A page arrived; `me`: the person, who is left out.
    pub fn arrived(&mut self, me: Option<UserId>, page: Users) {
        if std::mem::take(&mut self.reloading) {
            self.people = Rc::default();
        }
        let last = self.people.last().map_or(UserId(0), |person| person.uid);
        let new = page
            .users
            .into_iter()
            .filter(|user| Some(user.uid) != me && user.uid > last)
            .map(Contact::from);
        Rc::make_mut(&mut self.people).extend(new);
        self.load = page.next.map_or(Load::Done, |next| Load::More(Some(next)));
    }

    /// The requested page could not be fetched.
    pub fn failed(&mut self) {
        if let Load::Asked(after) = self.load {
            self.load = Load::Failed(after);
        }
    }
}

impl From<User> for Contact {
    fn from(user: User) -> Self {
        Self {
            uid: user.uid,
            name: name_of(Peer::User(user.uid), &user.username),
            avatar: user.avatar.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(uids: &[i64], next: Option<i64>) -> Users {
        Users {
            users: uids
                .iter()
                .map(|uid| User {
                    uid: UserId(*uid),
                    username: format!("user {uid}"),
                    avatar: String::new(),
                })
                .collect(),
            next: next.map(UserId),
        }
    }

    #[test]
    fn pages_follow_each_other_and_exclude_oneself() {
        let mut contacts = Contacts::default();
        assert_eq!(contacts.ask(), Some(None));
        assert_eq!(contacts.ask(), None);
        contacts.arrived(Some(UserId(2)), page(&[1, 2], Some(2)));
        assert_eq!(contacts.ask(), Some(Some(UserId(2))));
        contacts.arrived(Some(UserId(2)), page(&[3], None));
        assert_eq!(contacts.ask(), None);
        let uids: Vec<_> = contacts
            .people()
            .iter()
            .map(|person| person.uid.0)
            .collect();
        assert_eq!(uids, [1, 3]);
        assert!(contacts.get(UserId(3)).is_some());
    }

    #[test]
    fn failed_page_waits_for_a_retry() {
        let mut contacts = Contacts::default();
        contacts.ask();
        contacts.failed();
        assert!(contacts.has_failed());
        assert_eq!(contacts.ask(), None);
        contacts.try_again();
        assert_eq!(contacts.ask(), Some(None));
    }
}
