//! The browser's storage.
#![cfg(target_arch = "wasm32")]

use tidings_client::clock;
use tidings_client::i18n::Lang;
use tidings_client::storage::{self, Setting};
use tidings_client_state::{Chat, Effect};
use tidings_shared::{Peer, UserId};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const THEM: Peer = Peer::User(UserId(2));

/// A tab that starts with what is stored.
fn tab(me: UserId) -> Chat {
    Chat::new(me, storage::outbox(me).outbox, storage::drafts(me))
}

/// Writes a message without any connection.
fn write(chat: &mut Chat, me: UserId, text: &str) {
    chat.open(clock::now(), THEM);
    let id = clock::client_msg_id();
    assert!(chat.write(clock::now(), id, text, clock::wall_ms()));
    save_outbox(chat, me);
}

/// Runs the effects that store the outbox.
fn save_outbox(chat: &mut Chat, me: UserId) {
    while let Some(effect) = chat.poll_effect() {
        if let Effect::SaveOutbox(text) = effect {
            storage::set_outbox(me, &text);
        }
    }
}

fn waiting(me: UserId) -> Vec<String> {
    let outbox = storage::outbox(me).outbox;
    outbox
        .iter()
        .map(|pending| pending.content.clone())
        .collect()
}

#[wasm_bindgen_test]
fn two_tabs_store_their_messages_and_a_third_loads_both() {
    let me = UserId(77);
    let (mut first, mut second) = (tab(me), tab(me));
    write(&mut first, me, "a");
    write(&mut second, me, "b");
    assert_eq!(waiting(me), ["a", "b"]);
    let mut third = tab(me);
    assert_eq!(third.outbox().iter().len(), 2);
    let ids: Vec<_> = third
        .outbox()
        .iter()
        .map(|p| p.client_msg_id.clone())
        .collect();
    for id in ids {
        third.delete(clock::now(), &id);
    }
    save_outbox(&mut third, me);
    assert_eq!(waiting(me), [""; 0]);
}

#[wasm_bindgen_test]
fn unreadable_outbox_is_set_aside_and_reported() {
    let me = UserId(80);
    let storage = tidings_client::dom::window().local_storage();
    let storage = storage.expect("allowed").expect("there");
    for broken in ["{broken", "broken too"] {
        storage.set_item("tidings.outbox.80", broken).expect("room");
        assert!(storage::outbox(me).set_aside);
        assert!(!storage::outbox(me).set_aside);
    }
    write(&mut tab(me), me, "new");
    assert_eq!(waiting(me), ["new"]);
    let aside = storage::unreadable_outbox(me);
    assert_eq!(aside.as_deref(), Some("{broken\nbroken too"));
}

#[wasm_bindgen_test]
fn stored_data_is_separate_for_each_login() {
    let (me, other) = (UserId(78), UserId(781));
    write(&mut tab(me), me, "mine");
    storage::set_draft(me, THEM, "my draft");
    assert_eq!(waiting(other), [""; 0]);
    assert_eq!(storage::drafts(other), []);
    assert_eq!(storage::drafts(me), [(THEM, "my draft".into())]);
    storage::set_draft(me, THEM, "");
    assert_eq!(storage::drafts(me), []);
}

#[wasm_bindgen_test]
fn log_out_removes_only_the_data_of_its_login() {
    let (me, other) = (UserId(79), UserId(791));
    let mut tab = tab(me);
    let storage = tidings_client::dom::window().local_storage();
    let storage = storage.expect("allowed").expect("there");
    for uid in [me, other] {
        write(&mut self::tab(uid), uid, "by another tab");
        for key in [format!("outbox-unreadable.{uid}"), format!("heard.{uid}.2")] {
            storage
                .set_item(&format!("tidings.{key}"), "1")
                .expect("room");
        }
        storage::set_draft(uid, THEM, "half a");
        storage::set_draft(uid, Peer::User(UserId(3)), "thought");
    }
    tab.discard_unsent();
    let mut effects = std::iter::from_fn(|| tab.poll_effect());
    assert!(effects.any(|effect| effect == Effect::Forget));
    storage::forget(me);
    assert_eq!(storage::drafts(me), []);
    assert_eq!(storage::drafts(other).len(), 2);
    assert_eq!(waiting(me), [""; 0]);
    assert_eq!(waiting(other), ["by another tab"]);
    assert_eq!(storage::unreadable_outbox(me), None);
    assert!(storage::unreadable_outbox(other).is_some());
    let heard = |uid| storage.get_item(&format!("tidings.heard.{uid}.2"));
    assert_eq!(heard(me), Ok(None));
    assert!(heard(other).expect("allowed").is_some());
}

#[wasm_bindgen_test]
fn language_choice_is_stored() {
    storage::choose(Setting::Language, Lang::ZhCn.tag());
    assert_eq!(Lang::preferred(), Lang::ZhCn);
    storage::choose(Setting::Language, Lang::En.tag());
    assert_eq!(Lang::preferred(), Lang::En);
}

#[wasm_bindgen_test]
fn client_msg_ids_are_distinct_uuids() {
    let (a, b) = (clock::client_msg_id(), clock::client_msg_id());
    assert_ne!(a, b);
    assert_eq!(a.0.len(), 36);
    assert_ne!(clock::seed(), clock::seed());
}
