//! The Tidings browser client.
//!
//! - [`state`]: what the page knows and how events change it. Pure.
//! - [`net`]: the WebSocket and the HTTP API. Drives [`tidings_shared::link::Link`].
//! - [`components`] and [`pages`]: what the person sees.
//! - [`i18n`]: every word of it, in each language.
//! - [`attention`]: sound, notifications, the count at the icon.
//! - [`update`]: whether the server has a newer page.
//! - [`trail`]: the browser's history of the places in the page.
//! - [`clock`], [`dom`], [`storage`]: the browser, as the rest needs it.
//!
//! Events flow one way: the page (`pages/chat.rs`) hands what happened to [`state::Chat`], carries
//! out the effects it returns, and renders what it then knows.

mod app;
pub mod attention;
pub mod clock;
pub mod components;
pub mod dom;
pub mod i18n;
pub mod net;
pub mod pages;
mod panic;
pub mod state;
pub mod storage;
pub mod trail;
pub mod update;

pub use app::App;

/// Mounts the app in place of the loading state that `index.html` shows.
pub fn mount() {
    panic::report();
    let document = dom::document();
    if let Some(root) = document.get_element_by_id("app") {
        root.set_inner_html("");
        yew::Renderer::<App>::with_root(root).render();
    } else if let Some(body) = document.body() {
        yew::Renderer::<App>::with_root(body.into()).render();
    }
}
