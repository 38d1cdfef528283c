//! What is stored in this browser: the settings, the recently chosen emoji, and for each login the
//! outbox and the drafts.
//!
//! Storage may be full or forbidden; the page then works on, and reports it for what a person
//! wrote. Never here: a token or a password; no script can read the login, an `HttpOnly` cookie.

use crate::dom;
use crate::i18n::Lang;
use js_sys::Reflect;
use std::rc::Rc;
use tidings_client_state::{OutboxText, peer_key, peer_of_key, read_outbox};
use tidings_shared::outbox::Outbox;
use tidings_shared::{Peer, UserId};
use web_sys::{Event, Storage};

/// Changes whenever a login begins or ends in this browser, to notify its other tabs.
const SESSION: &str = "tidings.session";

/// A setting. The scripts in `shell/` read some of them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The tag of a language.
    Language,
    /// `light`, `dark`, or else as the system is.
    Theme,
    /// `small`, `large`, or else medium.
    Text,
    /// `on`, `off`, or else not decided.
    Notify,
    /// `off`, or else on.
    Sound,
}

impl Setting {
    /// Its key in the storage.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Language => "tidings.language",
            Self::Theme => "tidings.theme",
            Self::Text => "tidings.text",
            Self::Notify => "tidings.notify",
            Self::Sound => "tidings.sound",
        }
    }
}
const RECENT_EMOJI: &str = "tidings.emoji";

fn storage() -> Option<Storage> {
    dom::window().local_storage().ok().flatten()
}

fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Returns whether the browser stored it.
fn set(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

fn remove(key: &str) {
    if let Some(storage) = storage() {
        // Storage is forbidden, so nothing was stored either.
        let _ = storage.remove_item(key);
    }
}

/// The chosen language, if any.
pub fn language() -> Option<Lang> {
    Lang::of_tag(&get(Setting::Language.key())?)
}

/// The value of a setting; empty if it was not chosen.
pub fn chosen(setting: Setting) -> String {
    get(setting.key()).unwrap_or_default()
}

/// Stores a setting. The browser fires `storage` in the other tabs; this dispatches the same event
/// in this one.
pub fn choose(setting: Setting, value: &str) {
    set(setting.key(), value);
    if let Ok(event) = web_sys::Event::new("storage") {
        // Fails only for an event that is being dispatched.
        let _ = dom::window().dispatch_event(&event);
    }
}

/// Notifies the other tabs that a login began or ended.
pub fn notify_session(now_ms: i64) {
    set(SESSION, &now_ms.to_string());
}

/// The time of the last login or log-out, as stored by any tab; it differs once another tab changes
/// it.
pub fn session() -> Option<String> {
    get(SESSION)
}

/// The recently chosen emoji, latest first.
pub fn recent_emoji() -> String {
    get(RECENT_EMOJI).unwrap_or_default()
}

/// Stores the recently chosen emoji.
pub fn set_recent_emoji(recent: &str) {
    set(RECENT_EMOJI, recent);
}

fn outbox_key(uid: UserId) -> String {
    format!("tidings.outbox.{uid}")
}

/// The key under which an unreadable outbox is set aside.
fn set_aside_key(uid: UserId) -> String {
    format!("tidings.outbox-unreadable.{uid}")
}

/// The outbox of this login as last stored, by this tab or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOutbox {
    /// The messages waiting to be sent.
    pub outbox: Outbox,
    /// Whether the stored text could not be read and was [set aside](unreadable_outbox) just now.
    pub set_aside: bool,
}

/// The outbox of this login. One that cannot be read is set aside, so that nothing overwrites it.
pub fn outbox(uid: UserId) -> StoredOutbox {
    let key = outbox_key(uid);
    let text = get(&key);
    let read = text.as_deref().map_or(Ok(Outbox::default()), read_outbox);
    if read.is_err() {
        let lines = [unreadable_outbox(uid), text];
        let all: Vec<String> = lines.into_iter().flatten().collect();
        set(&set_aside_key(uid), &all.join("\n"));
        remove(&key);
    }
    StoredOutbox {
        set_aside: read.is_err(),
        outbox: read.unwrap_or_default(),
    }
}

/// The unreadable outboxes of this login, as they were stored, a line each.
pub fn unreadable_outbox(uid: UserId) -> Option<String> {
    get(&set_aside_key(uid))
}

/// The result of storing an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The browser stored it.
    pub stored: bool,
    /// The text stored before was unreadable and was [set aside](unreadable_outbox).
    pub set_aside: bool,
}

/// Stores the outbox of this login, merged with what other tabs have stored.
pub fn set_outbox(uid: UserId, text: &OutboxText) -> Saved {
    let key = outbox_key(uid);
    let StoredOutbox { outbox, set_aside } = self::outbox(uid);
    let json = text.merged_with(outbox);
    if json.is_none() {
        remove(&key);
    }
    Saved {
        stored: json.is_none_or(|json| set(&key, &json)),
        set_aside,
    }
}

/// Whether a `storage` event says that another tab stored another outbox of this login.
pub fn is_about_outbox(event: &Event, uid: UserId) -> bool {
    let key = Reflect::get(event, &"key".into()).ok();
    key.and_then(|key| key.as_string()) == Some(outbox_key(uid))
}

fn draft_prefix(uid: UserId) -> String {
    format!("tidings.draft.{uid}.")
}

/// The drafts of this login.
pub fn drafts(uid: UserId) -> Vec<(Peer, Rc<str>)> {
    let rests = keys_with(&draft_prefix(uid));
    let peers = rests.iter().filter_map(|rest| peer_of_key(rest));
    peers
        .filter_map(|peer| Some((peer, get(&draft_key(uid, peer))?.into())))
        .collect()
}

/// Deletes what any tab of this login stored: messages, drafts, and the last messages alerted for
/// (`shell/attention.js`), whose keys name the people who wrote.
pub fn forget(uid: UserId) {
    remove(&outbox_key(uid));
    remove(&set_aside_key(uid));
    for prefix in [draft_prefix(uid), format!("tidings.heard.{uid}.")] {
        for rest in keys_with(&prefix) {
            remove(&format!("{prefix}{rest}"));
        }
    }
}

/// The rest of each key that begins with the prefix.
fn keys_with(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or(0);
    (0..count)
        .filter_map(|at| storage.key(at).ok().flatten())
        .filter_map(|key| Some(key.strip_prefix(prefix)?.to_owned()))
        .collect()
}

fn draft_key(uid: UserId, peer: Peer) -> String {
    format!("{}{}", draft_prefix(uid), peer_key(peer))
}

/// Stores a draft; an empty one is removed. Returns whether the browser stored it.
pub fn set_draft(uid: UserId, peer: Peer, text: &str) -> bool {
    let key = draft_key(uid, peer);
    if text.is_empty() {
        remove(&key);
        return true;
    }
    set(&key, text)
}
