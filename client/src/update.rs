//! Detects that the server has a newer build of the page, and loads it.
//!
//! trunk puts a content hash into every file name, and the page holds these names and its styles,
//! so a page is outdated when the server's differs in them.

use crate::{dom, net};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// The elements that identify a build.
const PARTS: &str = "head > link[href^='/'], head > style";

/// Whether the server has another build by now. `false` when it cannot be reached.
pub async fn is_outdated() -> bool {
    let parts = page_parts();
    let newest = net::page().await;
    newest.is_ok_and(|newest| parts.iter().any(|part| !newest.contains(part)))
}

/// Reloads the page. Drafts and unsent messages are stored.
pub fn reload() {
    // A browser that refuses leaves the page as it is.
    let _ = dom::window().location().reload();
}

/// The file names and styles of this page.
fn page_parts() -> Vec<String> {
    let Ok(found) = dom::document().query_selector_all(PARTS) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.get(at)?.dyn_into::<Element>().ok())
        .filter_map(|part| part.get_attribute("href").or_else(|| part.text_content()))
        .collect()
}
