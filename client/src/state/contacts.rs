//! People, page by page: everyone one may write to, or the members of a group.

use super::names::name_of;
use std::rc::Rc;
use tidings_shared::api::{User, Users};
use tidings_shared::{Peer, UserId};

/// Someone to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub uid: UserId,
    /// The name shown.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub avatar: Rc<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// More may be asked for, after this one.
    More(Option<UserId>),
    /// A page is on its way.
    Asked(Option<UserId>),
    /// The last page could not be had; the person may ask again.
    Failed(Option<UserId>),
    /// All are here.
    Done,
}

/// The contacts loaded so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// Shared with what is shown, so that a copy costs nothing.
    people: Rc<Vec<Contact>>,
    load: Load,
    /// The next page replaces those shown.
    anew: bool,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            people: Rc::default(),
            load: Load::More(None),
            anew: false,
        }
    }
}

impl Contacts {
    /// Those loaded, by uid.
    pub fn people(&self) -> &[Contact] {
        &self.people
    }

    /// One of them.
    pub fn get(&self, uid: UserId) -> Option<&Contact> {
        let at = self.people.binary_search_by_key(&uid, |person| person.uid);
        at.ok().map(|at| &self.people[at])
    }

    /// Whether a page is on its way.
    pub const fn is_loading(&self) -> bool {
        matches!(self.load, Load::Asked(_))
    }

    /// Whether the last page could not be had.
    pub const fn has_failed(&self) -> bool {
        matches!(self.load, Load::Failed(_))
    }

    /// The `after` of the page to fetch, if one is to be fetched now.
    pub fn ask(&mut self) -> Option<Option<UserId>> {
        let Load::More(after) = self.load else {
            return None;
        };
        self.load = Load::Asked(after);
        Some(after)
    }

    /// The person asks to try again.
    pub fn try_again(&mut self) {
        if let Load::Failed(after) = self.load {
            self.load = Load::More(after);
        }
    }

    /// They may not be the same any more: they are to be asked for from the first page on, and
    /// shown until that is here.
    pub fn begin_again(&mut self) {
        self.load = Load::More(None);
        self.anew = true;
    }

    /// A page arrived; `me`: who is not one's own contact.
    pub fn arrived(&mut self, me: Option<UserId>, page: Users) {
        if std::mem::take(&mut self.anew) {
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

    /// The page asked for could not be had.
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
    fn pages_follow_each_other_and_leave_oneself_out() {
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
    fn a_failed_page_waits_for_the_person() {
        let mut contacts = Contacts::default();
        contacts.ask();
        contacts.failed();
        assert!(contacts.has_failed());
        assert_eq!(contacts.ask(), None);
        contacts.try_again();
        assert_eq!(contacts.ask(), Some(None));
    }
}
