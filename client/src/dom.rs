//! The window and the document, as the rest of the page needs them. Nothing here knows what the
//! page is for.

use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, Element, HtmlDocument, HtmlElement, HtmlTextAreaElement, VisibilityState, Window,
};

/// Below this width the page shows one pane at a time. The style sheets use the same number.
const NARROW: &str = "(max-width: 639.98px)";

/// Browsers report this key code for keys that an input method handles; Safari also for the Enter
/// that confirms a composition, after the composition has ended.
pub const IME_KEY_CODE: u32 = 229;

/// The window.
///
/// # Panics
/// In a worker, where none of this code runs.
pub fn window() -> Window {
    web_sys::window().expect("this code runs in a page, never in a worker")
}

/// The document.
///
/// # Panics
/// In a worker, where none of this code runs.
pub fn document() -> Document {
    window().document().expect("a window of a page has one")
}

/// Whether the person can see the page.
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Whether the window has the keyboard focus.
pub fn has_focus() -> bool {
    document().has_focus().unwrap_or(true)
}

/// Whether the page shows one pane at a time.
pub fn is_narrow() -> bool {
    window()
        .match_media(NARROW)
        .ok()
        .flatten()
        .is_some_and(|query| query.matches())
}

/// The height of the window, in CSS pixels.
pub fn height() -> usize {
    let root = document().document_element();
    root.map_or(0, |root| usize::try_from(root.client_height()).unwrap_or(0))
}

/// Moves the keyboard's focus to the element with this id.
pub fn focus(id: &str) {
    let found = document().get_element_by_id(id);
    if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// A little more than one frame: see [`focus_next`].
const FRAME_MS: u32 = 20;

/// Moves the focus once the browser has painted what is rendered; before that it would cost one
/// more layout.
pub fn focus_next(id: &'static str) {
    Timeout::new(FRAME_MS, move || focus(id)).forget();
}

/// The browser's user agent.
pub fn user_agent() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// Copies a text; returns whether the browser did. `near`: an element that may take the focus, for
/// browsers that copy only what is selected (a page by plain HTTP has no clipboard).
pub async fn copy(text: &str, near: Option<Element>) -> bool {
    let navigator = window().navigator();
    let has_clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into())
        .is_ok_and(|clipboard| clipboard.is_object());
    if has_clipboard {
        let written = navigator.clipboard().write_text(text);
        if JsFuture::from(written).await.is_ok() {
            return true;
        }
    }
    near.is_some_and(|near| copy_selected(text, &near).unwrap_or(false))
}

fn copy_selected(text: &str, near: &Element) -> Result<bool, JsValue> {
    let had_focus = document().active_element();
    let field = document().create_element("textarea")?;
    let field: HtmlTextAreaElement = field.unchecked_into();
    field.set_class_name("hidden-text");
    field.set_value(text);
    near.append_child(&field)?;
    field.select();
    let document: HtmlDocument = document().unchecked_into();
    let copied = document.exec_command("copy");
    field.remove();
    if let Some(element) = had_focus.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
    copied
}

/// Sets the language of the page, for screen readers and for the choice of CJK glyphs.
pub fn set_language(tag: &str) {
    if let Some(root) = document().document_element() {
        set_attribute(&root, "lang", tag);
    }
}

/// Whether the browser translated the page: translators wrap texts in `<font>`, which the page
/// itself never uses.
pub fn is_translated() -> bool {
    document().get_elements_by_tag_name("font").length() > 0
}

/// Sets an attribute whose name is known to be valid.
pub fn set_attribute(element: &Element, name: &str, value: &str) {
    // Fails only for a name that is no XML name.
    let _ = element.set_attribute(name, value);
}
