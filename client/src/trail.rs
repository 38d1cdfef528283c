//! The browser's history of the places in the page. Each entry has its place in its address, and
//! keeps as its state the fragment of the one it was reached from.

use crate::dom;
use crate::state::Place;
use wasm_bindgen::JsValue;
use web_sys::History;

/// Follows the person through the page.
#[derive(Debug)]
pub struct Trail {
    /// Where the browser's history is.
    at: Place,
    /// A step back that this asked for is on its way.
    returning: bool,
}

impl Trail {
    /// Begins where the address says. Who comes from elsewhere finds the list behind them.
    pub fn begin() -> Self {
        let at = address();
        if at != Place::default() && from().is_none() {
            write(Place::default(), None, false);
            write(at, Some(Place::default()), true);
        }
        let returning = false;
        Self { at, returning }
    }

    /// Where the browser's history is.
    pub const fn at(&self) -> Place {
        self.at
    }

    /// The person is at this place. What they closed is a step back, where that leads there, so that
    /// "forward" opens it again.
    pub fn follow(&mut self, place: Place) {
        if self.returning || place == self.at {
            return;
        }
        if !place.is_left_of(self.at) {
            write(place, Some(self.at), true);
        } else if from() == Some(place) {
            // Fails only for a page that is no longer shown.
            self.returning = history().is_some_and(|history| history.back().is_ok());
            return;
        } else {
            write(place, from(), false);
        }
        self.at = place;
    }

    /// The browser went to another entry. Returns the place, if it was the person who went there.
    pub fn went(&mut self) -> Option<Place> {
        self.at = address();
        (!std::mem::take(&mut self.returning)).then_some(self.at)
    }

    /// The login ends: the next person at this browser does not begin at this one's place.
    pub fn end(&self) {
        write(Place::default(), None, false);
    }
}

fn history() -> Option<History> {
    dom::window().history().ok()
}

fn address() -> Place {
    let hash = dom::window().location().hash().unwrap_or_default();
    Place::of_fragment(hash.trim_start_matches('#'))
}

/// Where the present entry was reached from.
fn from() -> Option<Place> {
    let from = history()?.state().ok()?.as_string()?;
    Some(Place::of_fragment(&from))
}

/// Writes a new entry, or else the present one.
fn write(place: Place, from: Option<Place>, new: bool) {
    let Some(history) = history() else { return };
    let state = from.map_or(JsValue::NULL, |from| from.fragment().into());
    let url = match place.fragment() {
        list if list.is_empty() => "/".to_owned(),
        fragment => format!("/#{fragment}"),
    };
    // Browsers refuse it when it is done too often; the address is then behind for a while.
    let _ = if new {
        history.push_state_with_url(&state, "", Some(&url))
    } else {
        history.replace_state_with_url(&state, "", Some(&url))
    };
}
