//! The Tidings browser client.
//!
//! - [`state`]: what the page knows and how events change it. Pure.
//! - [`net`]: the WebSocket and the HTTP API. Drives [`tidings_shared::link::Link`].
//! - [`components`] and [`pages`]: what the person sees.
//! - [`i18n`]: every word of it, in each language.
//! - [`attention`]: sound, notifications, the count at the icon.
//! - [`edition`]: whether the server has a newer page.
//! - [`component`], [`element`]: what yew is given, in less room than it would take.
//! - [`clock`], [`dom`], [`storage`], [`task`]: the browser, as the rest needs it.
//!
//! Events flow one way: the page (`pages/chat.rs`) hands what happened to [`state::Chat`], carries
//! out the effects it returns, and renders what it then knows.

// What `html!` writes is the same in here and in the tests.
extern crate self as tidings_client;

mod app;
pub mod attention;
pub mod clock;
pub mod component;
pub mod components;
pub mod dom;
pub mod edition;
pub mod element;
pub mod i18n;
pub mod net;
pub mod pages;
pub mod state;
pub mod storage;
pub mod task;

pub use app::App;

/// Mounts the app in place of the loading state that `index.html` shows.
pub fn mount() {
    // What is built for size has nothing to say; `shell/start.js` shows that it ended.
    #[cfg(all(target_arch = "wasm32", debug_assertions))]
    console_error_panic_hook::set_once();
    let document = dom::document();
    if let Some(root) = document.get_element_by_id("app") {
        root.set_inner_html("");
        component::mount::<App>(root);
    } else if let Some(body) = document.body() {
        component::mount::<App>(body.into());
    }
}
