//! What stays in this browser: the settings, the emoji chosen last, and of each login the outbox and
//! the drafts.
//!
//! Storage may be full or forbidden; the page then works on, and says so of what a person wrote. Never here: a
//! token or a password, which no script can read (the login is an `HttpOnly` cookie).

use crate::dom;
use crate::i18n::Lang;
use crate::state::{OutboxText, peer_key, peer_of_key, read_outbox};
use js_sys::Reflect;
use std::rc::Rc;
use tidings_shared::outbox::Outbox;
use tidings_shared::{Peer, UserId};
use web_sys::{Event, Storage};

/// Changes whenever a login begins or ends in this browser, for its other tabs.
const SESSION: &str = "tidings.session";

/// A choice of the person. The scripts in `shell/` read some of them too.
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

/// Returns whether the browser keeps it.
fn set(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

fn remove(key: &str) {
    if let Some(storage) = storage() {
        // Forbidden: then nothing was kept either.
        let _ = storage.remove_item(key);
    }
}

/// The language the person chose, if they did.
pub fn language() -> Option<Lang> {
    Lang::of_tag(&get(Setting::Language.key())?)
}

/// What the person chose; empty: nothing.
pub fn chosen(setting: Setting) -> String {
    get(setting.key()).unwrap_or_default()
}

/// Keeps what the person chose. Other tabs hear of it from the browser, which fires `storage` in
/// them; this one is told by the same event.
pub fn choose(setting: Setting, value: &str) {
    set(setting.key(), value);
    if let Ok(event) = web_sys::Event::new("storage") {
        // Fails only for an event that is being dispatched.
        let _ = dom::window().dispatch_event(&event);
    }
}

/// Says to the other tabs that a login began or ended.
pub fn tell_session(now_ms: i64) {
    set(SESSION, &now_ms.to_string());
}

/// Differs from what it was when a login began or ended in another tab since.
pub fn session() -> Option<String> {
    get(SESSION)
}

/// The emoji chosen last in this browser, the latest first.
pub fn recent_emoji() -> String {
    get(RECENT_EMOJI).unwrap_or_default()
}

/// Keeps the emoji chosen last.
pub fn set_recent_emoji(recent: &str) {
    set(RECENT_EMOJI, recent);
}

fn outbox_key(uid: UserId) -> String {
    format!("tidings.outbox.{uid}")
}

/// Where an outbox goes that this page cannot read.
fn set_aside_key(uid: UserId) -> String {
    format!("tidings.outbox-unreadable.{uid}")
}

/// The outbox of this login as last kept, by this tab or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOutbox {
    /// What waits.
    pub outbox: Outbox,
    /// Whether what was kept could not be read and was [set aside](unreadable_outbox) just now.
    pub set_aside: bool,
}

/// The outbox of this login. One that cannot be read is set aside, so that nothing overwrites it.
pub fn outbox(uid: UserId) -> KeptOutbox {
    let key = outbox_key(uid);
    let text = get(&key);
    let read = text.as_deref().map_or(Ok(Outbox::default()), read_outbox);
    if read.is_err() {
        let lines = [unreadable_outbox(uid), text];
        let all: Vec<String> = lines.into_iter().flatten().collect();
        set(&set_aside_key(uid), &all.join("\n"));
        remove(&key);
    }
    KeptOutbox {
        set_aside: read.is_err(),
        outbox: read.unwrap_or_default(),
    }
}

/// What could not be read of the outboxes of this login, as it was stored, a line each.
pub fn unreadable_outbox(uid: UserId) -> Option<String> {
    get(&set_aside_key(uid))
}

/// What became of an outbox that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The browser keeps it.
    pub kept: bool,
    /// Something was [set aside](unreadable_outbox) for that.
    pub set_aside: bool,
}

/// Keeps the outbox of this login, beside what other tabs have in theirs.
pub fn set_outbox(uid: UserId, text: &OutboxText) -> Saved {
    let key = outbox_key(uid);
    let KeptOutbox { outbox, set_aside } = self::outbox(uid);
    let json = text.beside(outbox);
    if json.is_none() {
        remove(&key);
    }
    Saved {
        kept: json.is_none_or(|json| set(&key, &json)),
        set_aside,
    }
}

/// Whether an event of the window says that another tab kept another outbox of this login.
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

/// Forgets what any tab of this login kept: messages, drafts, and up to where it made itself heard
/// (`shell/attention.js`), which names the people who wrote.
pub fn forget(uid: UserId) {
    remove(&outbox_key(uid));
    remove(&set_aside_key(uid));
    for prefix in [draft_prefix(uid), format!("tidings.heard.{uid}.")] {
        for rest in keys_with(&prefix) {
            remove(&format!("{prefix}{rest}"));
        }
    }
}

/// What follows the prefix in the keys that begin with it.
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

/// Keeps a draft; an empty one is forgotten. Returns whether the browser does.
pub fn set_draft(uid: UserId, peer: Peer, text: &str) -> bool {
    let key = draft_key(uid, peer);
    if text.is_empty() {
        remove(&key);
        return true;
    }
    set(&key, text)
}
