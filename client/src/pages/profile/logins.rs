//! The list of logins.

use super::state::Request;
use crate::clock;
use crate::components::dynamic_text;
use crate::dom;
use crate::i18n::Locale;
use tidings_client_state::agent_name;
use tidings_shared::api::Device;
use yew::prelude::*;

/// The list; nothing until it is loaded.
pub(super) fn html(logins: &[Device], locale: &Locale, act: &Callback<Request>) -> Html {
    let texts = &locale.texts.account;
    if logins.is_empty() {
        return Html::default();
    }
    let end_others = act.reform(|_: MouseEvent| end(None));
    html! {
        <section class="profile-logins" aria-labelledby="profile-logins">
            <h3 id="profile-logins" tabindex="-1">{ texts.logins }</h3>
            <ul data-testid="profile-logins">
                { for logins.iter().map(|login| row(login, locale, act)) }
            </ul>
            if logins.len() > 1 {
                <button
                    type="button"
                    class="button"
                    data-testid="profile-end-others"
                    onclick={end_others}
                >
                    { texts.end_others }
                </button>
            }
        </section>
    }
}

fn end(id: Option<String>) -> Request {
    // The button is about to be removed, and must not take the focus along.
    dom::focus("profile-logins");
    Request::EndLogin(id)
}

fn row(login: &Device, locale: &Locale, act: &Callback<Request>) -> Html {
    let texts = &locale.texts.account;
    let name = match agent_name(&login.agent) {
        name if name.is_empty() => texts.unknown_agent.into(),
        name => name,
    };
    let when = match login.used_at {
        _ if login.current => texts.this_login.into(),
        Some(at) => (texts.used)(&locale.dates.brief(at, clock::wall_ms())),
        None => texts.unused.into(),
    };
    let id = login.id.clone();
    let onclick = act.reform(move |_: MouseEvent| end(Some(id.clone())));
    html! {
        <li key={login.id.clone()}>
            <span>{ &name }<small>{ dynamic_text(when) }</small></span>
            if !login.current {
                <button
                    type="button"
                    class="button-quiet"
                    data-testid="profile-end"
                    aria-label={(texts.end_login)(&name)}
                    {onclick}
                >
                    { locale.texts.log_out }
                </button>
            }
        </li>
    }
}
