//! The end of a list that grows as the person comes near it.

use web_sys::Element;
use yew::prelude::*;

/// More rows are asked for when the person is so near to the end, in CSS pixels.
const NEAR: i32 = 400;

/// Emits `near` when the person is near the end of `list`: after each render, since a list that
/// does not fill its room has no scrolling to ask by, and on each event that is given to what this
/// returns.
#[hook]
pub(super) fn use_list_end(list: &NodeRef, near: Callback<()>) -> Callback<Event> {
    let list = list.clone();
    let look = Callback::from(move |()| {
        let is_near = list.cast::<Element>().is_some_and(|list| {
            list.scroll_height() - list.client_height() - list.scroll_top() < NEAR
        });
        if is_near {
            near.emit(());
        }
    });
    {
        let look = look.clone();
        use_effect(move || look.emit(()));
    }
    look.reform(|_: Event| ())
}
