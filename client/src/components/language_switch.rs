//! The switch between the two languages.

use crate::element::html;
use crate::i18n::{Lang, use_locale};
use yew::prelude::*;

/// Switches the language, through the callback that the app provides.
#[component]
pub fn LanguageSwitch() -> Html {
    let locale = use_locale();
    let switch = use_context::<Callback<Lang>>().unwrap_or_default();
    let other = locale.lang.other();
    let onclick = Callback::from(move |_: MouseEvent| switch.emit(other));
    html! {
        <button
            type="button"
            class="button-quiet"
            data-testid="language-switch"
            lang={other.tag()}
            aria-label={locale.texts.switch_language}
            title={locale.texts.switch_language}
            {onclick}
        >
            { locale.texts.other_language }
        </button>
    }
}
