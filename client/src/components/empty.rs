//! An empty place, which says what to do next.

use super::{Icon, words};
use yew::prelude::*;

/// An empty place, with a picture of what would be here.
pub fn empty(icon: Icon, title: AttrValue, what_to_do: Html) -> Html {
    html! {
        <div class="empty">
            <span class="empty-icon">{ icon.html() }</span>
            <p class="empty-title">{ words(title) }</p>
            { what_to_do }
        </div>
    }
}

/// What to do about it, in words.
pub fn hint(text: AttrValue) -> Html {
    html! { <p class="empty-hint">{ words(text) }</p> }
}
