//! The offer of notifications, after something was missed.

use super::Icon;
use crate::i18n::use_locale;
use yew::prelude::*;

/// To whom the answer goes.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct NotifyBarProps {
    /// Whether the person wants notifications.
    pub on_answer: Callback<bool>,
}

/// The offer.
#[component]
pub fn NotifyBar(props: &NotifyBarProps) -> Html {
    let texts = &use_locale().texts.settings;
    let answer = |yes: bool| props.on_answer.reform(move |_: MouseEvent| yes);
    html! {
        <div class="notify-bar" role="status" data-testid="notify-bar">
            { Icon::Chat.html() }
            <span>{ texts.notify_offer }</span>
            <button
                type="button"
                class="button-quiet"
                data-testid="notify-yes"
                onclick={answer(true)}
            >
                { texts.notify_yes }
            </button>
            <button
                type="button"
                class="button-quiet"
                data-testid="notify-no"
                onclick={answer(false)}
            >
                { texts.notify_no }
            </button>
        </div>
    }
}
