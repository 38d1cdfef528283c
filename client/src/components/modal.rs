//! A modal dialog: the rest of the page waits until it is closed.

use crate::dom;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

/// Shows the dialog as modal while its component is mounted, and returns the focus afterwards.
#[hook]
pub fn use_modal(dialog: &NodeRef) {
    let dialog = dialog.clone();
    use_effect_with((), move |()| {
        let dialog = dialog.cast::<HtmlDialogElement>();
        let opener = dom::document().active_element();
        if let Some(dialog) = &dialog {
            // Fails only for a dialog that is open or not in the page.
            let _ = dialog.show_modal();
        }
        move || {
            if let Some(dialog) = dialog {
                // While it is modal nothing else can take the focus.
                dialog.close();
            }
            if let Some(opener) = opener.and_then(|opener| opener.dyn_into::<HtmlElement>().ok()) {
                // One that is gone or hidden leaves the focus where it is.
                let _ = opener.focus();
            }
        }
    });
}
