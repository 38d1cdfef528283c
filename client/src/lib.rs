//! The Tidings browser client.
//!
//! - [`tidings_client_state`], a crate of its own: what the page knows and how events change it. Pure.
//! - [`net`]: the WebSocket and the HTTP API. Drives [`tidings_shared::link::Link`].
//! - [`components`] and [`pages`]: what the person sees.
//! - [`i18n`]: its texts, in each language.
//! - [`attention`]: sound, notifications, the count at the icon.
//! - [`update`]: whether the server has a newer page.
//! - [`history`]: the browser's history of routes in the page.
//! - [`search`]: names that match a search field.
//! - [`clock`], [`dom`], [`storage`]: the browser, as the rest needs it.
//!
//! Events flow one way: the page (`pages/chat.rs`) hands each event to [`tidings_client_state::Chat`], runs the
//! effects it returns, and renders its new state.

mod app;
pub mod attention;
pub mod clock;
pub mod components;
pub mod dom;
pub mod history;
pub mod i18n;
pub mod net;
pub mod pages;
mod panic;
pub mod search;
pub mod storage;
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
