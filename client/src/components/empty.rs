//! The placeholder of an empty list or pane, which says what to do next.

use super::{Icon, dynamic_text};
use yew::prelude::*;

/// A placeholder with an icon, a title, and what to do.
pub fn empty(icon: Icon, title: AttrValue, what_to_do: Html) -> Html {
    html! {
        <div class="empty">
            <span class="empty-icon">{ icon.html() }</span>
            <p class="empty-title">{ dynamic_text(title) }</p>
            { what_to_do }
        </div>
    }
}

/// What to do next, as a text.
pub fn hint(text: AttrValue) -> Html {
    html! { <p class="empty-hint">{ dynamic_text(text) }</p> }
}
