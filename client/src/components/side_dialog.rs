//! A dialog beside the conversation where there is space for it, so that one can write and watch; a
//! modal dialog where there is not.

use super::Icon;
use crate::dom;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Its title, and its content.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct SideDialogProps {
    /// The id of its element, and the prefix of its parts' ids.
    pub(super) id: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// The label of the close button.
    pub(super) close_label: &'static str,
    /// The id of the button that opened it, to which the focus returns.
    pub(super) opener: &'static str,
    /// The person closes it.
    pub(super) on_close: Callback<()>,
    /// The content below the head.
    pub(super) children: Html,
}

/// The dialog. It is open while its component is mounted.
#[component]
pub(super) fn SideDialog(props: &SideDialogProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(props.opener, move |opener| {
            let (dialog, opener) = (dialog.cast::<HtmlDialogElement>(), *opener);
            if let Some(dialog) = &dialog {
                show(dialog);
            }
            move || {
                if let Some(dialog) = dialog {
                    // While it is modal nothing else can take the focus.
                    dialog.close();
                }
                dom::focus(opener);
            }
        });
    }
    let onkeydown = {
        let on_close = props.on_close.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                on_close.emit(());
            }
        }
    };
    // The browser also closes a modal dialog for other reasons, for example a gesture.
    let oncancel = props
        .on_close
        .reform(|event: Event| event.prevent_default());
    let title_id = format!("{}-title", props.id);
    html! {
        <dialog
            ref={dialog}
            id={props.id}
            class="panel"
            data-testid={props.id}
            aria-labelledby={title_id.clone()}
            tabindex="-1"
            {onkeydown}
            {oncancel}
        >
            <header class="head">
                <h2 id={title_id} class="head-name">{ props.title }</h2>
                <span class="head-gap" />
                <button
                    type="button"
                    class="button-icon"
                    data-testid={format!("{}-close", props.id)}
                    aria-label={props.close_label}
                    title={props.close_label}
                    onclick={props.on_close.reform(|_: MouseEvent| ())}
                >
                    { Icon::Close.html() }
                </button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}

/// Shows it beside the conversation, or as modal on a narrow page. Either way the browser puts the
/// focus on the first button.
fn show(dialog: &HtmlDialogElement) {
    if dom::is_narrow() {
        // Fails only for a dialog that is open or not in the page.
        let _ = dialog.show_modal();
    } else {
        dialog.show();
    }
}
