//! The switch between the two languages.

use crate::i18n::{Lang, Locale};
use yew::prelude::*;

/// Switches the language. `on_language`: to which.
pub fn language_switch(locale: &Locale, on_language: &Callback<Lang>) -> Html {
    let other = locale.lang.other();
    let onclick = on_language.reform(move |_: MouseEvent| other);
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
