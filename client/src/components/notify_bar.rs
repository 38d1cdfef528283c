//! The offer of notifications, after a message was missed.

use super::Icon;
use crate::i18n::SettingsTexts;
use yew::prelude::*;

/// The offer. `on_answer`: whether the person wants notifications.
pub fn notify_bar(texts: &SettingsTexts, on_answer: &Callback<bool>) -> Html {
    let answer = |yes: bool| on_answer.reform(move |_: MouseEvent| yes);
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
