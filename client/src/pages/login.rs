//! Logging in, and registering where the server offers it.

use crate::components::{Icon, language_switch, logo};
use crate::i18n::{Lang, use_locale};
use crate::net::{self, HttpError};
use tidings_shared::api::{ProblemCode, User};
use tidings_shared::limits;
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
    /// They want the other language.
    pub on_language: Callback<Lang>,
}

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Attempt {
    None,
    Incomplete,
    NoAddress,
    ShortPassword,
    Busy,
    Failed(HttpError),
}

/// The page that asks who one is.
#[component]
pub fn LoginPage(props: &LoginProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let (email, name, password) = (use_node_ref(), use_node_ref(), use_node_ref());
    let attempt = use_state_eq(|| Attempt::None);
    let (offered, registering) = (use_state_eq(|| false), use_state_eq(|| false));
    {
        let offered = offered.setter();
        use_effect_with((), move |()| {
            spawn_local(async move {
                // A server that does not say offers nothing.
                offered.set(net::server().await.is_ok_and(|server| server.registration));
            });
        });
    }
    {
        // The attribute alone works only for a page that is loaded, not for one that is rendered.
        let email = email.clone();
        use_effect_with(*registering, move |_| focus(&email));
    }
    {
        let (email, name, password) = (email.clone(), name.clone(), password.clone());
        use_effect_with((*attempt).clone(), move |attempt| match attempt {
            Attempt::Failed(HttpError::BadCredentials) | Attempt::ShortPassword => {
                select(&password);
            }
            Attempt::NoAddress
            | Attempt::Failed(HttpError::Refused(ProblemCode::EmailTaken, _)) => {
                select(&email);
            }
            Attempt::Incomplete => {
                let empty = |input: &&NodeRef| is_empty(input);
                if let Some(input) = [&email, &name, &password].into_iter().find(empty) {
                    focus(input);
                }
            }
            _ => {}
        });
    }
    let busy = *attempt == Attempt::Busy;
    let onsubmit = {
        let (email, name, password) = (email.clone(), name.clone(), password.clone());
        let (attempt, on_login) = (attempt.clone(), props.on_login.clone());
        let registering = *registering;
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if busy {
                return;
            }
            let (email, password) = (value(&email).trim().to_owned(), value(&password));
            let name = value(&name).trim().to_owned();
            if email.is_empty() || password.is_empty() || registering && name.is_empty() {
                attempt.set(Attempt::Incomplete);
            } else if registering && !email.contains('@') {
                attempt.set(Attempt::NoAddress);
            } else if registering && password.chars().count() < limits::PASSWORD_CHARS {
                attempt.set(Attempt::ShortPassword);
            } else {
                attempt.set(Attempt::Busy);
                let (attempt, on_login) = (attempt.clone(), on_login.clone());
                spawn_local(async move {
                    let answer = if registering {
                        net::register(email, name, password).await
                    } else {
                        net::login(email, password).await
                    };
                    match answer {
                        Ok(user) => on_login.emit(user),
                        Err(error) => attempt.set(Attempt::Failed(error)),
                    }
                });
            }
        })
    };
    let switch = {
        let (attempt, registering) = (attempt.clone(), registering.clone());
        Callback::from(move |_: MouseEvent| {
            attempt.set(Attempt::None);
            registering.set(!*registering);
        })
    };
    let account = &texts.account;
    let error = match &*attempt {
        Attempt::Incomplete if *registering => Some(account.fill_in_all.to_owned()),
        Attempt::Incomplete => Some(texts.fill_in_both.to_owned()),
        Attempt::NoAddress => Some(account.no_address.to_owned()),
        Attempt::ShortPassword => Some(account.short_password.to_owned()),
        Attempt::Failed(HttpError::Refused(ProblemCode::EmailTaken, _)) => {
            Some(account.email_taken.to_owned())
        }
        Attempt::Failed(HttpError::Refused(_, words)) => Some((texts.server_refused)(words)),
        Attempt::Failed(error) => Some((texts.login_failed)(error)),
        Attempt::None | Attempt::Busy => None,
    };
    let wrong_email = matches!(
        *attempt,
        Attempt::NoAddress
            | Attempt::Failed(
                HttpError::BadCredentials | HttpError::Refused(ProblemCode::EmailTaken, _)
            )
    );
    let wrong_password = matches!(
        *attempt,
        Attempt::ShortPassword | Attempt::Failed(HttpError::BadCredentials)
    );
    let action = match (*registering, busy) {
        (false, false) => texts.log_in,
        (false, true) => texts.logging_in,
        (true, false) => account.create,
        (true, true) => account.creating,
    };
    html! {
        <main class="login">
            <form class="login-card" {onsubmit} novalidate=true>
                { logo() }
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
                        aria-invalid={wrong_email.to_string()}
                        aria-describedby="login-error"
                    />
                </label>
                if *registering {
                    <label>
                        <span>{ account.name }</span>
                        <input
                            ref={name}
                            name="name"
                            data-testid="register-name"
                            autocomplete="name"
                            maxlength={limits::USERNAME_CHARS.to_string()}
                            required=true
                        />
                    </label>
                }
                <label>
                    <span>{ texts.password }</span>
                    <input
                        ref={password}
                        type="password"
                        name="password"
                        data-testid="login-password"
                        autocomplete={if *registering { "new-password" } else { "current-password" }}
                        required=true
                        aria-invalid={wrong_password.to_string()}
                        aria-describedby="login-error password-rule"
                    />
                </label>
                if *registering {
                    <small id="password-rule">{ account.password_rule }</small>
                }
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
                    { action }
                </button>
                if *offered {
                    <button
                        type="button"
                        class="button login-switch"
                        data-testid="register-switch"
                        onclick={switch}
                    >
                        { if *registering { account.have_one } else { account.create_one } }
                    </button>
                }
            </form>
            { language_switch(&locale, &props.on_language) }
        </main>
    }
}

fn value(input: &NodeRef) -> String {
    input
        .cast::<HtmlInputElement>()
        .map_or_else(String::new, |input| input.value())
}

fn is_empty(input: &NodeRef) -> bool {
    input
        .cast::<HtmlInputElement>()
        .is_some_and(|input| input.value().trim().is_empty())
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
