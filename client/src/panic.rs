//! Reports panics. The program is dead after one, so its message is written to the console and left
//! where the script of `index.html` finds it, which says that the page has ended and offers the
//! message to be copied.

use crate::dom;
use js_sys::{Error, Reflect};
use wasm_bindgen::JsValue;

/// The property of the window that holds the message, where it happened, and the stack.
const REPORT: &str = "tidingsPanic";

/// Installs the panic hook, in place of yew's own.
pub(crate) fn report() {
    yew::set_custom_panic_hook(Box::new(|panic| {
        let message = panic.to_string();
        let stack = Reflect::get(&Error::new(""), &"stack".into()).ok();
        let stack = stack.and_then(|stack| stack.as_string());
        let text = format!("{message}\n\n{}", stack.unwrap_or_default());
        // Fails only for a window that accepts no properties.
        let _ = Reflect::set(&dom::window(), &REPORT.into(), &JsValue::from_str(&text));
        console_error_panic_hook::hook(panic);
    }));
}
