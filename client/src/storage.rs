//! What stays in this browser: the settings, the emoji chosen last, and of each login the outbox and
//! the drafts.
//!
//! Storage may be full or forbidden; the page then works on and forgets on reload. Never here: a
//! token or a password, which no script can read (the login is an `HttpOnly` cookie).

use crate::dom;
use crate::i18n::Lang;
use crate::state::{OutboxText, peer_key, peer_of_key, read_outbox};
use std::rc::Rc;
use tidings_shared::outbox::Outbox;
use tidings_shared::{Peer, UserId};
use web_sys::Storage;

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

fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: see above.
        let _ = storage.set_item(key, value);
    }
}

fn remove(key: &str) {
    if let Some(storage) = storage() {
        // Forbidden: see above.
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

/// Keeps the outbox of this login, beside what other tabs have in theirs. Returns whether something
/// was set aside for that.
pub fn set_outbox(uid: UserId, text: &OutboxText) -> bool {
    let key = outbox_key(uid);
    let KeptOutbox { outbox, set_aside } = self::outbox(uid);
    match text.beside(outbox) {
        Some(json) => set(&key, &json),
        None => remove(&key),
    }
    set_aside
}

fn draft_prefix(uid: UserId) -> String {
    format!("tidings.draft.{uid}.")
}

/// The drafts of this login.
pub fn drafts(uid: UserId) -> Vec<(Peer, Rc<str>)> {
    draft_peers(uid)
        .into_iter()
        .filter_map(|peer| Some((peer, get(&draft_key(uid, peer))?.into())))
        .collect()
}

/// Forgets the drafts of this login, those of other tabs too.
pub fn forget_drafts(uid: UserId) {
    for peer in draft_peers(uid) {
        remove(&draft_key(uid, peer));
    }
}

/// Forgets up to where the tabs of this login made themselves heard (`shell/attention.js`): it names
/// the people who wrote.
pub fn forget_heard(uid: UserId) {
    let prefix = format!("tidings.heard.{uid}.");
    for rest in keys_with(&prefix) {
        remove(&format!("{prefix}{rest}"));
    }
}

fn draft_peers(uid: UserId) -> Vec<Peer> {
    let rests = keys_with(&draft_prefix(uid));
    rests.iter().filter_map(|rest| peer_of_key(rest)).collect()
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

/// Keeps a draft; an empty one is forgotten.
pub fn set_draft(uid: UserId, peer: Peer, text: &str) {
    let key = draft_key(uid, peer);
    if text.is_empty() {
        remove(&key);
    } else {
        set(&key, text);
    }
}
