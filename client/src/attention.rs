//! Alerts the person: sound, notifications and the count at the icon. The work is done by
//! `shell/attention.js`, whose rules all tabs share.

use js_sys::Reflect;
use tidings_client_state::{peer_key, peer_of_key};
use tidings_shared::{Peer, Seq, UserId};
use wasm_bindgen::prelude::*;
use web_sys::Event;

#[wasm_bindgen(module = "/shell/attention.js")]
extern "C" {
    #[wasm_bindgen(js_name = message)]
    fn js_message(uid: &str, peer: &str, seq: &str, title: &str, text: &str);
    #[wasm_bindgen(js_name = withdraw)]
    fn js_withdraw(tags: Option<String>);
    #[wasm_bindgen(js_name = badge)]
    fn js_badge(count: u32);
    #[wasm_bindgen(js_name = permission)]
    fn js_permission() -> String;
    #[wasm_bindgen(js_name = ask, catch)]
    async fn js_ask() -> Result<(), JsValue>;
}

/// The window event that a click on a notification fires.
pub const OPEN: &str = "tidings-open";

/// The conversation that an [`OPEN`] event names.
pub fn opened(event: &Event) -> Option<Peer> {
    let detail = Reflect::get(event, &"detail".into()).ok()?;
    peer_of_key(&detail.as_string()?)
}

/// Plays a sound and shows a notification for a new message, unless the person looks at a tab or
/// another tab has done it.
pub fn message(me: UserId, peer: Peer, seq: Seq, title: &str, text: &str) {
    let (uid, seq) = (me.0.to_string(), seq.0.to_string());
    js_message(&uid, &peer_key(peer), &seq, title, text);
}

/// Closes the notifications of these conversations, which were read here or elsewhere.
pub fn withdraw(peers: &[Peer]) {
    let tags: Vec<String> = peers.iter().copied().map(peer_key).collect();
    js_withdraw(Some(tags.join(" ")));
}

/// Closes all notifications.
pub fn withdraw_all() {
    js_withdraw(None);
}

/// Sets the count at the page's icon; 0 removes it.
pub fn badge(count: u64) {
    js_badge(u32::try_from(count).unwrap_or(u32::MAX));
}

/// Whether notifications may be shown or asked for.
pub fn may_notify() -> Permission {
    match js_permission().as_str() {
        "granted" => Permission::Granted,
        "default" => Permission::Open,
        _ => Permission::Denied,
    }
}

/// The browser's permission for notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Granted by the person.
    Granted,
    /// The person was not asked yet.
    Open,
    /// Denied, or the browser has no notifications.
    Denied,
}

/// Asks the person for permission, and stores that they want notifications if they grant it. To be
/// called from a click: browsers refuse it otherwise.
pub async fn ask() {
    // Where it fails, nothing was granted.
    let _ = js_ask().await;
}
