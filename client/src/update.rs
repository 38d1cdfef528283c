//! Whether the server has a newer page than this one, and changing to it.
//!
//! trunk names every file by the hash of its content, and the page names its files and has its styles,
//! so a page is outdated when the server's has others.

use crate::{dom, net};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// What a page says of itself.
const PARTS: &str = "head > link[href^='/'], head > style";

/// Whether the server has another page by now. `false` when it cannot be asked.
pub async fn is_outdated() -> bool {
    let parts = own_parts();
    let newest = net::page().await;
    newest.is_ok_and(|newest| parts.iter().any(|part| !newest.contains(part)))
}

/// Loads the page anew. What was written and not sent is kept.
pub fn reload() {
    // A browser that refuses leaves the page as it is.
    let _ = dom::window().location().reload();
}

/// The names of this page's files, and its styles.
fn own_parts() -> Vec<String> {
    let Ok(found) = dom::document().query_selector_all(PARTS) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.get(at)?.dyn_into::<Element>().ok())
        .filter_map(|part| part.get_attribute("href").or_else(|| part.text_content()))
        .collect()
}
