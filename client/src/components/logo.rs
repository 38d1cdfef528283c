//! The project's logo: a message with the tide in it. `assets/favicon.svg` is the same drawing.

use yew::prelude::*;

/// The logo. Decoration: the name always appears beside it.
pub fn logo() -> Html {
    html! {
        <svg class="logo" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
            <rect class="logo-ground" width="64" height="64" rx="16" />
            <path
                class="logo-bubble"
                d="M18 13h28a8 8 0 0 1 8 8v18a8 8 0 0 1-8 8H31L19 56v-9h-1a8 8 0 0 1-8-8V21a8 8 0 0 1 8-8z"
            />
            <path
                class="logo-tide"
                d="M18 27c4.7-5 9.3-5 14 0s9.3 5 14 0M18 36c4.7-5 9.3-5 14 0s9.3 5 14 0"
            />
        </svg>
    }
}
