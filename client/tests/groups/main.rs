//! Groups in a real browser: their rows, the dialog, the panel.
#![cfg(target_arch = "wasm32")]

mod dialog;
mod panel;
mod rows;
#[path = "../stage/mod.rs"]
mod stage;

use stage::find;
use std::cell::RefCell;
use std::rc::Rc;
use tidings_client_state::Contacts;
use tidings_shared::api::{User, Users};
use tidings_shared::{GroupId, Peer, UserId};
use wasm_bindgen_test::wasm_bindgen_test_configure;
use web_sys::{Element, HtmlElement, KeyboardEvent, KeyboardEventInit};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

pub(crate) const HIKERS: Peer = Peer::Group(GroupId(7));

pub(crate) fn people(names: &[(i64, &str)]) -> Contacts {
    let user = |(uid, name): &(i64, &str)| User {
        uid: UserId(*uid),
        username: (*name).into(),
        avatar: String::new(),
    };
    let mut contacts = Contacts::default();
    contacts.ask();
    contacts.arrived(
        None,
        Users {
            users: names.iter().map(user).collect(),
            next: None,
        },
    );
    contacts
}

pub(crate) fn everyone() -> Contacts {
    people(&[(1001, "李四"), (1002, "王五"), (1003, "Ada Lovelace")])
}

pub(crate) fn text(root: &Element, testid: &str) -> String {
    find::<Element>(root, testid).text_content().expect("text")
}

pub(crate) fn has(root: &Element, testid: &str) -> bool {
    let selector = format!("[data-testid={testid}]");
    root.query_selector(&selector).expect("valid").is_some()
}

pub(crate) async fn press(target: &HtmlElement, key: &str) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    init.set_cancelable(true);
    let event =
        KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).expect("a valid name");
    target.dispatch_event(&event).expect("a live event");
    yew::scheduler::flush().await;
}

/// What a component emitted.
pub(crate) type Actions<T> = Rc<RefCell<Vec<T>>>;

pub(crate) fn record<T: 'static>(actions: &Actions<T>) -> Callback<T> {
    let actions = actions.clone();
    Callback::from(move |action| actions.borrow_mut().push(action))
}
