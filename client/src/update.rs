//! Whether the server has a newer page than this one, and changing to it.
//!
//! trunk names every file by the hash of its content, and the page names its files, so a page is
//! outdated when the server's names others.

use crate::{dom, net};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Links and scripts with the attribute that names their file.
const FILES: [(&str, &str); 2] = [("link[href^='/']", "href"), ("script[src^='/']", "src")];

/// Whether the server has another page by now. `false` when it cannot be asked.
pub async fn is_outdated() -> bool {
    let files = own_files();
    let newest = net::page().await;
    newest.is_ok_and(|newest| files.iter().any(|file| !newest.contains(file)))
}

/// Loads the page anew. What was written and not sent is kept.
pub fn reload() {
    // A browser that refuses leaves the page as it is.
    let _ = dom::window().location().reload();
}

fn own_files() -> Vec<String> {
    let mut files = Vec::new();
    for (selector, attribute) in FILES {
        let Ok(found) = dom::document().query_selector_all(selector) else {
            continue;
        };
        let elements = (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok());
        files.extend(elements.filter_map(|element: Element| element.get_attribute(attribute)));
    }
    files
}
