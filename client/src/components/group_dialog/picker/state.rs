//! What the picker of people holds and decides: the search, who is found by it, who is chosen, and
//! why nobody is listed. Pure.

use crate::components::empty_list::EmptyReason;
use crate::search::Query;
use tidings_client_state::{Contact, Contacts};
use tidings_shared::UserId;

/// What the person does in the picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::components::group_dialog) enum PickerEvent {
    /// The search is now this.
    Search(String),
    /// They toggle a contact.
    Toggle(Contact),
}

/// What the picker holds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::components::group_dialog) struct PickerState {
    query: Query,
    /// In the order of choice.
    chosen: Vec<Contact>,
}

impl PickerState {
    /// Applies what the person does.
    pub(in crate::components::group_dialog) fn update(&mut self, event: PickerEvent) {
        match event {
            PickerEvent::Search(text) => self.query = Query::new(&text),
            PickerEvent::Toggle(who) if self.has_chosen(who.uid) => {
                self.chosen.retain(|contact| contact.uid != who.uid);
            }
            PickerEvent::Toggle(who) => self.chosen.push(who),
        }
    }

    /// Who is chosen, in the order of choice.
    pub(in crate::components::group_dialog) fn chosen(&self) -> &[Contact] {
        &self.chosen
    }

    /// Their ids.
    pub(in crate::components::group_dialog) fn uids(&self) -> Vec<UserId> {
        self.chosen.iter().map(|contact| contact.uid).collect()
    }

    /// Whether this person is chosen.
    pub(super) fn has_chosen(&self, uid: UserId) -> bool {
        self.chosen.iter().any(|contact| contact.uid == uid)
    }

    /// The contacts whose name matches the search.
    pub(super) fn found<'a>(&self, contacts: &'a Contacts) -> Vec<&'a Contact> {
        let people = contacts.people().iter();
        people
            .filter(|person| self.query.matches(&person.name))
            .collect()
    }

    /// Whom Enter in the search field toggles: the first found who is no member yet.
    pub(super) fn first_found<'a>(
        &self,
        contacts: &'a Contacts,
        members: &Contacts,
    ) -> Option<&'a Contact> {
        if self.query.is_empty() {
            return None;
        }
        let mut found = self.found(contacts).into_iter();
        found.find(|person| members.get(person.uid).is_none())
    }

    /// Why nobody is listed, unless somebody is `found` or contacts are on their way. A page that
    /// failed to load is reported below those loaded before, too.
    pub(super) fn why_empty(&self, contacts: &Contacts, found: usize) -> Option<EmptyReason> {
        if contacts.has_failed() {
            Some(EmptyReason::Failed)
        } else if found > 0 || contacts.is_loading() {
            None
        } else if self.query.is_empty() {
            Some(EmptyReason::NoContacts)
        } else {
            Some(EmptyReason::NotFound(self.query.text().to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::api::{User, Users};

    fn contacts(names: &[(i64, &str)]) -> Contacts {
        let user = |(uid, name): &(i64, &str)| User {
            uid: UserId(*uid),
            username: (*name).into(),
            avatar: String::new(),
        };
        let users = names.iter().map(user).collect();
        let mut contacts = Contacts::default();
        contacts.ask();
        contacts.arrived(None, Users { users, next: None });
        contacts
    }

    fn everyone() -> Contacts {
        contacts(&[(1, "李四"), (2, "Adam"), (3, "Ada Lovelace")])
    }

    fn searching(query: &str) -> PickerState {
        let mut state = PickerState::default();
        state.update(PickerEvent::Search(query.into()));
        state
    }

    fn found(query: &str) -> Vec<i64> {
        let contacts = everyone();
        let found = searching(query).found(&contacts);
        found.into_iter().map(|contact| contact.uid.0).collect()
    }

    #[test]
    fn search_ignores_case_and_outer_space() {
        assert_eq!(found(" aDa "), [2, 3]);
        assert_eq!(found("李"), [1]);
        assert_eq!(found(" "), [1, 2, 3], "everyone without a search");
    }

    #[test]
    fn people_are_chosen_in_order_and_toggled_off() {
        let contacts = everyone();
        let [li, adam, _] = contacts.people() else {
            panic!("three contacts");
        };
        let mut state = PickerState::default();
        state.update(PickerEvent::Toggle(adam.clone()));
        state.update(PickerEvent::Toggle(li.clone()));
        assert_eq!(state.uids(), [adam.uid, li.uid]);
        state.update(PickerEvent::Toggle(adam.clone()));
        assert_eq!(state.uids(), [li.uid]);
        assert!(!state.has_chosen(adam.uid));
    }

    #[test]
    fn search_keeps_those_chosen_before() {
        let contacts = everyone();
        let mut state = PickerState::default();
        state.update(PickerEvent::Toggle(contacts.people()[0].clone()));
        state.update(PickerEvent::Search("ada".into()));
        assert_eq!(state.uids(), [UserId(1)]);
    }

    #[test]
    fn enter_toggles_the_first_found_who_is_no_member() {
        let everyone = everyone();
        let first = |query: &str, members: &Contacts| {
            let state = searching(query);
            let first = state.first_found(&everyone, members);
            first.map(|contact| contact.uid.0)
        };
        assert_eq!(first("ada", &Contacts::default()), Some(2));
        assert_eq!(first("ada", &contacts(&[(2, "Adam")])), Some(3));
        assert_eq!(first("", &Contacts::default()), None, "no search");
        assert_eq!(first("nobody", &Contacts::default()), None);
    }

    #[test]
    fn empty_list_names_its_reason() {
        let loaded = everyone();
        let not_found = Some(EmptyReason::NotFound("zoe".into()));
        assert_eq!(searching(" zoe").why_empty(&loaded, 0), not_found);
        assert_eq!(searching("ada").why_empty(&loaded, 2), None);
        let nobody = contacts(&[]);
        assert_eq!(
            searching("").why_empty(&nobody, 0),
            Some(EmptyReason::NoContacts)
        );
    }

    #[test]
    fn empty_reason_waits_while_loading_and_reports_a_failed_page() {
        let mut contacts = Contacts::default();
        contacts.ask();
        assert_eq!(searching("ada").why_empty(&contacts, 0), None);
        contacts.failed();
        let failed = Some(EmptyReason::Failed);
        assert_eq!(searching("ada").why_empty(&contacts, 0), failed);
        assert_eq!(searching("").why_empty(&contacts, 3), failed);
    }
}
