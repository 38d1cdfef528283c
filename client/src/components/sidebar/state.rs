//! What the sidebar lists, as a value: which tab, what is searched, and the rows that follow. No
//! browser here.

use super::SidebarProps;
use crate::components::empty_list::Why;
use crate::state::{Contact, ListRow, Query};
use std::rc::Rc;
use tidings_shared::Peer;
use yew::Reducible;

/// What is listed while nothing is searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Chats,
    Contacts,
}

/// What happens to it.
pub(super) enum Event {
    ShowTab(Tab),
    Search(String),
}

/// What the person has chosen to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SidebarState {
    pub(super) tab: Tab,
    pub(super) query: Query,
}

impl Reducible for SidebarState {
    type Action = Event;

    fn reduce(self: Rc<Self>, event: Event) -> Rc<Self> {
        let mut state = (*self).clone();
        match event {
            Event::ShowTab(tab) => state.tab = tab,
            Event::Search(text) => state.query = Query::new(&text),
        }
        Rc::new(state)
    }
}

/// What is listed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listed {
    /// The conversations; `None`: not listed at all.
    pub(super) conversations: Option<Vec<ListRow>>,
    /// The people; `None`: not listed at all.
    pub(super) people: Option<Vec<Contact>>,
    /// Why there are no rows, unless there are some or they are on their way.
    pub(super) empty: Option<Why>,
}

impl SidebarState {
    pub(super) const fn is_searching(&self) -> bool {
        !self.query.is_empty()
    }

    /// Whether people are listed: in their tab, and below the conversations found.
    pub(super) fn shows_people(&self) -> bool {
        self.tab == Tab::Contacts || self.is_searching()
    }

    pub(super) fn listed(&self, props: &SidebarProps) -> Listed {
        let conversations = (self.tab == Tab::Chats).then(|| {
            let rows = props.rows.iter();
            rows.filter(|row| self.query.matches(&row.name))
                .cloned()
                .collect::<Vec<_>>()
        });
        let is_listed = |uid| {
            let mut rows = conversations.iter().flatten();
            rows.any(|row| row.peer == Peer::User(uid))
        };
        let people = self.shows_people().then(|| {
            let people = props.contacts.people().iter();
            people
                .filter(|person| self.query.matches(&person.name) && !is_listed(person.uid))
                .cloned()
                .collect::<Vec<_>>()
        });
        let is_empty = conversations.as_ref().is_none_or(Vec::is_empty)
            && people.as_ref().is_none_or(Vec::is_empty);
        Listed {
            empty: self.why_empty(props, is_empty),
            conversations,
            people,
        }
    }

    fn why_empty(&self, props: &SidebarProps, is_empty: bool) -> Option<Why> {
        if self.shows_people() && props.contacts.has_failed() {
            return Some(Why::Failed);
        }
        if !is_empty || self.shows_people() && props.contacts.is_loading() {
            return None;
        }
        match self.tab {
            _ if self.is_searching() => Some(Why::NotFound(self.query.text().to_owned())),
            Tab::Contacts => Some(Why::NoContacts),
            Tab::Chats => props.loaded.then_some(Why::NoChats),
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
