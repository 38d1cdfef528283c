//! How the page makes itself noticed. The work is done by `shell/attention.js`, which all tabs share
//! the rules of.

use crate::state::{peer_key, peer_of_key};
use js_sys::Reflect;
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

/// The event of the window that a click on a notification leads to.
pub const OPEN: &str = "tidings-open";

/// The conversation that such an event is about.
pub fn opened(event: &Event) -> Option<Peer> {
    let detail = Reflect::get(event, &"detail".into()).ok()?;
    peer_of_key(&detail.as_string()?)
}

/// A message came: a sound and a notification, if the person looks at no tab and no other tab does
/// the same.
pub fn message(me: UserId, peer: Peer, seq: Seq, title: &str, text: &str) {
    let (uid, seq) = (me.0.to_string(), seq.0.to_string());
    js_message(&uid, &peer_key(peer), &seq, title, text);
}

/// These conversations are read, here or elsewhere: their notifications go.
pub fn withdraw(peers: &[Peer]) {
    let tags: Vec<String> = peers.iter().copied().map(peer_key).collect();
    js_withdraw(Some(tags.join(" ")));
}

/// All notifications go.
pub fn withdraw_all() {
    js_withdraw(None);
}

/// The count at the page's icon; 0: none.
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

/// What the browser says to notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Granted,
    /// The person was not asked.
    Open,
    /// No, or it has none.
    Denied,
}

/// Has the browser ask the person, and keeps that they want notifications if they said yes.
/// To be called from a click: browsers refuse it otherwise.
pub async fn ask() {
    // Where it fails, nothing was granted.
    let _ = js_ask().await;
}
