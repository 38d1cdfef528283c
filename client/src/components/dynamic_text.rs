//! Text that changes.

use yew::prelude::*;

/// Text that changes, or has changing siblings, in an element of its own that is replaced with the
/// text. A browser that translates the page replaces text nodes by its own elements: yew cannot
/// insert before a node that it still holds, and what it writes to such a node is not visible.
pub fn dynamic_text(text: impl Into<AttrValue>) -> Html {
    let text = text.into();
    html! { <span key={text.to_string()}>{ text }</span> }
}
