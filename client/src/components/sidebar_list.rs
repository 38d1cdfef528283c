//! The lists of the sidebar: conversations, and contacts.

use super::{ContactRow, ConversationRow};
use crate::dom;
use tidings_client_state::{Contact, ListRow};
use tidings_shared::Peer;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// The conversations and the callback.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ConversationListProps {
    /// The rows, in their order.
    pub rows: Vec<ListRow>,
    /// The label of the list.
    pub label: &'static str,
    /// One is opened.
    pub on_open: Callback<Peer>,
}

/// The list of conversations.
#[component]
pub fn ConversationList(props: &ConversationListProps) -> Html {
    use_kept_focus();
    let row = |row: &ListRow| {
        html! {
            <ConversationRow
                key={tidings_client_state::peer_key(row.peer)}
                row={row.clone()}
                on_open={props.on_open.clone()}
            />
        }
    };
    html! {
        <ul
            class="rows"
            data-testid="conversation-list"
            aria-label={props.label}
            onkeydown={|event: KeyboardEvent| move_focus(&event)}
        >
            { for props.rows.iter().map(row) }
        </ul>
    }
}

/// Returns the focus to the row that had it: moving an element in the DOM loses it.
#[hook]
fn use_kept_focus() {
    let focused = dom::document().active_element();
    use_effect(move || {
        let row = focused.filter(|row| row.is_connected() && row.matches(".row") == Ok(true));
        let is_lost = || dom::document().active_element() == dom::document().body().map(Into::into);
        if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok())
            && is_lost()
        {
            // A row that cannot take the focus leaves it where it is.
            let _ = row.focus();
        }
    });
}

/// The contacts and the callback.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ContactListProps {
    /// The people, in their order.
    pub people: Vec<Contact>,
    /// The peer of the open conversation.
    pub open: Option<Peer>,
    /// The label of the list.
    pub label: &'static str,
    /// A conversation is opened.
    pub on_open: Callback<Peer>,
}

/// The list of contacts.
#[component]
pub fn ContactList(props: &ContactListProps) -> Html {
    let row = |contact: &Contact| {
        html! {
            <ContactRow
                key={contact.uid.0.to_string()}
                contact={contact.clone()}
                selected={props.open == Some(Peer::User(contact.uid))}
                on_open={props.on_open.clone()}
            />
        }
    };
    html! {
        <ul class="rows" aria-label={props.label} onkeydown={|event: KeyboardEvent| move_focus(&event)}>
            { for props.people.iter().map(row) }
        </ul>
    }
}

/// Moves the focus from row to row by the arrow keys, past rows that cannot be chosen.
pub(super) fn move_focus(event: &KeyboardEvent) {
    let next: fn(&Element) -> Option<Element> = match event.key().as_str() {
        "ArrowDown" => Element::next_element_sibling,
        "ArrowUp" => Element::previous_element_sibling,
        _ => return,
    };
    let mut item = dom::document()
        .active_element()
        .and_then(|focused| focused.closest("li").ok().flatten())
        .and_then(|item| next(&item));
    let mut button = None;
    while let Some(here) = item.filter(|_| button.is_none()) {
        button = here.query_selector("button, input:enabled").ok().flatten();
        item = next(&here);
    }
    let button = button.and_then(|button| button.dyn_into::<HtmlElement>().ok());
    if let Some(button) = button {
        event.prevent_default();
        // A button that cannot take the focus leaves it where it is.
        let _ = button.focus();
    }
}
