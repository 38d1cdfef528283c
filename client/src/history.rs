//! The browser's history of routes in the page. Each entry has its route in its address, and keeps
//! as its state the fragment of the entry it was reached from.

use crate::dom;
use tidings_client_state::Route;
use wasm_bindgen::JsValue;
use web_sys::History;

/// Mirrors the person's navigation in the browser's history.
#[derive(Debug)]
pub struct PageHistory {
    /// The current entry's route.
    at: Route,
    /// A `history.back()` called here has not completed.
    going_back: bool,
}

impl PageHistory {
    /// Starts at the route of the address. For a person who came from elsewhere the list is put
    /// behind it.
    pub fn start() -> Self {
        let at = address();
        if at != Route::default() && from().is_none() {
            write(Route::default(), None, false);
            write(at, Some(Route::default()), true);
        }
        let going_back = false;
        Self { at, going_back }
    }

    /// The current entry's route.
    pub const fn current(&self) -> Route {
        self.at
    }

    /// Records that the person is at this route. Closing something goes back where the previous
    /// entry is this route, so that "forward" opens it again.
    pub fn record(&mut self, route: Route) {
        if self.going_back || route == self.at {
            return;
        }
        if !route.is_back_from(self.at) {
            write(route, Some(self.at), true);
        } else if from() == Some(route) {
            // Fails only for a page that is no longer shown.
            self.going_back = history().is_some_and(|history| history.back().is_ok());
            return;
        } else {
            write(route, from(), false);
        }
        self.at = route;
    }

    /// Handles `popstate`. Returns the new route, unless [`Self::record`] caused it.
    pub fn handle_popstate(&mut self) -> Option<Route> {
        self.at = address();
        (!std::mem::take(&mut self.going_back)).then_some(self.at)
    }

    /// Clears the route when the login ends, so that the next person does not start at it.
    pub fn clear(&self) {
        write(Route::default(), None, false);
    }
}

fn history() -> Option<History> {
    dom::window().history().ok()
}

fn address() -> Route {
    let hash = dom::window().location().hash().unwrap_or_default();
    Route::from_fragment(hash.trim_start_matches('#'))
}

/// The route the current entry was reached from.
fn from() -> Option<Route> {
    let from = history()?.state().ok()?.as_string()?;
    Some(Route::from_fragment(&from))
}

/// Pushes a new entry, or else replaces the current one.
fn write(route: Route, from: Option<Route>, new: bool) {
    let Some(history) = history() else { return };
    let state = from.map_or(JsValue::NULL, |from| from.fragment().into());
    let url = match route.fragment() {
        list if list.is_empty() => "/".to_owned(),
        fragment => format!("/#{fragment}"),
    };
    // Browsers limit how often this may be called; the address is then behind for a while.
    let _ = if new {
        history.push_state_with_url(&state, "", Some(&url))
    } else {
        history.replace_state_with_url(&state, "", Some(&url))
    };
}
