//! A text that changes.

use yew::prelude::*;

/// A text that changes, or has changing neighbours, in an element of its own that is a new one for a
/// new text. A browser that translates the page puts elements of its own in the place of text nodes:
/// yew cannot insert anything before one that it still holds, and what it writes to it nobody sees.
pub fn words(text: impl Into<AttrValue>) -> Html {
    let text = text.into();
    html! { <span key={text.to_string()}>{ text }</span> }
}
