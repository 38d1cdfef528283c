//! Which edition of the page this is. How that is found out is the matter of `shell/start.js`; where
//! it is missing, as in tests of components, no edition is older than another.

use crate::dom;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Whether the server has another edition by now. `false` when it cannot be asked.
pub async fn is_outdated() -> bool {
    let ask = || {
        let function: Function = Reflect::get(&dom::window(), &"isOutdated".into())?.dyn_into()?;
        function.call0(&JsValue::UNDEFINED)?.dyn_into::<Promise>()
    };
    match ask() {
        Ok(promise) => JsFuture::from(promise)
            .await
            .is_ok_and(|answer| answer.is_truthy()),
        Err(_) => false,
    }
}

/// Loads the page anew. What was written and not sent is kept.
pub fn reload() {
    // A browser that refuses leaves the page as it is.
    let _ = dom::window().location().reload();
}
