//! How the page makes itself noticed. The deeds are those of `shell/attention.js`, which all tabs
//! share the rules of; where it is missing, as in tests of components, nothing happens.

use crate::dom;
use crate::state::{peer_key, peer_of_key};
use js_sys::{Array, Function, Promise, Reflect};
use tidings_shared::{Peer, Seq, UserId};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Event;

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
    let what = [
        me.0.to_string().into(),
        peer_key(peer).into(),
        seq.0.to_string().into(),
        title.into(),
        text.into(),
    ];
    call("message", &what);
}

/// The count at the page's icon; 0: none.
pub fn badge(count: u64) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    call("badge", &[count.into()]);
}

/// Whether notifications may be shown or asked for.
pub fn may_notify() -> Permission {
    match call("permission", &[]).as_string().as_deref() {
        Some("granted") => Permission::Granted,
        Some("default") => Permission::Open,
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
    if let Ok(promise) = call("ask", &[]).dyn_into::<Promise>() {
        // It does not fail; where it did, nothing was granted.
        let _ = JsFuture::from(promise).await;
    }
}

fn call(name: &str, arguments: &[JsValue]) -> JsValue {
    let called = || {
        let attention = Reflect::get(&dom::window(), &"attention".into())?;
        let function: Function = Reflect::get(&attention, &name.into())?.dyn_into()?;
        function.apply(&attention, &arguments.iter().collect::<Array>())
    };
    called().unwrap_or(JsValue::UNDEFINED)
}
