//! A confirmation before something that cannot be undone, as the browser's modal dialog, which
//! traps the focus and returns it.

use super::modal::use_modal;
use crate::i18n::use_locale;
use yew::prelude::*;

/// The question.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ConfirmProps {
    /// Its title.
    pub title: &'static str,
    /// The question.
    pub question: String,
    /// The text on the button that confirms.
    pub action: &'static str,
    /// The answer.
    pub on_answer: Callback<bool>,
}

/// The dialog.
#[component]
pub fn Confirm(props: &ConfirmProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let dialog = use_node_ref();
    use_modal(&dialog);
    let answer = |yes: bool| {
        let on_answer = props.on_answer.clone();
        Callback::from(move |_: MouseEvent| on_answer.emit(yes))
    };
    let oncancel = {
        let on_answer = props.on_answer.clone();
        Callback::from(move |_: Event| on_answer.emit(false))
    };
    html! {
        <dialog
            ref={dialog}
            class="dialog"
            role="alertdialog"
            aria-labelledby="dialog-title"
            aria-describedby="dialog-question"
            {oncancel}
        >
            <h2 id="dialog-title">{ props.title }</h2>
            <p id="dialog-question">{ &props.question }</p>
            <div class="dialog-buttons">
                <button
                    type="button"
                    class="button"
                    data-testid="confirm-no"
                    onclick={answer(false)}
                >
                    { texts.cancel }
                </button>
                <button
                    type="button"
                    class="button button-danger"
                    data-testid="confirm-yes"
                    onclick={answer(true)}
                >
                    { props.action }
                </button>
            </div>
        </dialog>
    }
}
