//! Logging in.

use crate::components::{Icon, LanguageSwitch, Logo};
use crate::i18n::use_locale;
use crate::net::{self, HttpError};
use tidings_shared::api::User;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Why the person is here.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct LoginProps {
    /// Whether an earlier login ended by itself.
    pub ended: bool,
    /// They are logged in.
    pub on_login: Callback<User>,
}

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Attempt {
    None,
    Incomplete,
    Busy,
    Failed(HttpError),
}

/// The page that asks who one is.
#[component]
pub fn LoginPage(props: &LoginProps) -> Html {
    let texts = use_locale().texts;
    let email = use_node_ref();
    let password = use_node_ref();
    let attempt = use_state_eq(|| Attempt::None);
    {
        // The attribute alone works only for a page that is loaded, not for one that is rendered.
        let email = email.clone();
        use_effect_with((), move |()| focus(&email));
    }
    {
        let (email, password) = (email.clone(), password.clone());
        use_effect_with((*attempt).clone(), move |attempt| match attempt {
            Attempt::Failed(HttpError::BadCredentials) => select(&password),
            Attempt::Incomplete => focus(if value(&email).is_empty() {
                &email
            } else {
                &password
            }),
            _ => {}
        });
    }
    let busy = *attempt == Attempt::Busy;
    let onsubmit = {
        let (email, password) = (email.clone(), password.clone());
        let (attempt, on_login) = (attempt.clone(), props.on_login.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (email, password) = (value(&email).trim().to_owned(), value(&password));
            if email.is_empty() || password.is_empty() {
                attempt.set(Attempt::Incomplete);
            } else if !busy {
                attempt.set(Attempt::Busy);
                let (attempt, on_login) = (attempt.clone(), on_login.clone());
                spawn_local(async move {
                    match net::login(email, password).await {
                        Ok(user) => on_login.emit(user),
                        Err(error) => attempt.set(Attempt::Failed(error)),
                    }
                });
            }
        })
    };
    let error = match &*attempt {
        Attempt::Incomplete => Some(texts.fill_in_both.to_owned()),
        Attempt::Failed(error) => Some((texts.login_failed)(error)),
        Attempt::None | Attempt::Busy => None,
    };
    let invalid = matches!(*attempt, Attempt::Failed(HttpError::BadCredentials));
    html! {
        <main class="login">
            <form class="login-card" {onsubmit} novalidate=true>
                <Logo />
                <h1>{ "Tidings" }</h1>
                <p class="login-slogan">{ texts.slogan }</p>
                if props.ended && error.is_none() {
                    <p class="login-notice" role="status">{ texts.session_ended }</p>
                }
                <label>
                    <span>{ texts.email }</span>
                    <input
                        ref={email}
                        type="email"
                        name="email"
                        data-testid="login-email"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        autofocus=true
                        required=true
                        aria-invalid={invalid.to_string()}
                        aria-describedby="login-error"
                    />
                </label>
                <label>
                    <span>{ texts.password }</span>
                    <input
                        ref={password}
                        type="password"
                        name="password"
                        data-testid="login-password"
                        autocomplete="current-password"
                        required=true
                        aria-invalid={invalid.to_string()}
                        aria-describedby="login-error"
                    />
                </label>
                <div id="login-error" class="login-errors" role="alert">
                    if let Some(error) = error {
                        <p class="login-error" data-testid="login-error">
                            { Icon::Warning.html() }<span>{ error }</span>
                        </p>
                    }
                </div>
                <button
                    type="submit"
                    class="button button-primary"
                    data-testid="login-submit"
                    aria-disabled={busy.to_string()}
                    aria-busy={busy.to_string()}
                >
                    if busy {
                        <span class="spinner" aria-hidden="true" />
                    }
                    { if busy { texts.logging_in } else { texts.log_in } }
                </button>
            </form>
            <LanguageSwitch />
        </main>
    }
}

fn value(input: &NodeRef) -> String {
    input
        .cast::<HtmlInputElement>()
        .map_or_else(String::new, |input| input.value())
}

fn focus(input: &NodeRef) {
    if let Some(input) = input.cast::<HtmlInputElement>() {
        // A field that cannot take the focus leaves it where it is.
        let _ = input.focus();
    }
}

fn select(input: &NodeRef) {
    focus(input);
    if let Some(input) = input.cast::<HtmlInputElement>() {
        input.select();
    }
}
