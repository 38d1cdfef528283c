//! The state of the sidebar: the tab, the search, and the rows that follow. No browser here.

use super::SidebarProps;
use crate::components::empty_list::EmptyReason;
use crate::search::Query;
use std::rc::Rc;
use tidings_client_state::{Contact, ListRow};
use tidings_shared::Peer;
use yew::Reducible;

/// The tab, which decides what is listed without a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Chats,
    Contacts,
}

/// An event of the sidebar.
pub(super) enum SidebarEvent {
    ShowTab(Tab),
    Search(String),
}

/// The tab and the search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SidebarState {
    pub(super) tab: Tab,
    pub(super) query: Query,
}

impl Reducible for SidebarState {
    type Action = SidebarEvent;

    fn reduce(self: Rc<Self>, event: SidebarEvent) -> Rc<Self> {
        let mut state = (*self).clone();
        match event {
            SidebarEvent::ShowTab(tab) => state.tab = tab,
            SidebarEvent::Search(text) => state.query = Query::new(&text),
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
    /// Why there are no rows; `None` if there are some or they are being loaded.
    pub(super) empty: Option<EmptyReason>,
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

    fn why_empty(&self, props: &SidebarProps, is_empty: bool) -> Option<EmptyReason> {
        if self.shows_people() && props.contacts.has_failed() {
            return Some(EmptyReason::Failed);
        }
        if !is_empty || self.shows_people() && props.contacts.is_loading() {
            return None;
        }
        match self.tab {
            _ if self.is_searching() => Some(EmptyReason::NotFound(self.query.text().to_owned())),
            Tab::Contacts => Some(EmptyReason::NoContacts),
            Tab::Chats => props.loaded.then_some(EmptyReason::NoChats),
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
