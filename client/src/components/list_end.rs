//! Loads more rows when the person comes near the end of a list.

use web_sys::Element;
use yew::prelude::*;

/// More rows are requested at this distance from the end, in CSS pixels.
const NEAR: i32 = 400;

/// Emits `near` when the person is near the end of `list`: after each render, because a list that
/// is too short to scroll has no scroll events, and on each event passed to the returned callback.
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
