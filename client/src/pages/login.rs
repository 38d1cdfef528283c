//! The login page, with registration where the server offers it. `state` decides.

mod state;

use crate::components::{Icon, dynamic_text, language_switch, logo};
use crate::i18n::{Lang, Locale, use_locale};
use crate::net;
use state::{Field, Input, LoginEvent, LoginState, Request};
use tidings_shared::api::User;
use tidings_shared::limits;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The reason for the page, and its callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct LoginProps {
    /// Whether an earlier login ended by itself.
    pub ended: bool,
    /// The login succeeded.
    pub on_login: Callback<User>,
    /// They want the other language.
    pub on_language: Callback<Lang>,
}

/// The elements of the fields.
#[derive(Clone, Default, PartialEq)]
struct Fields {
    email: NodeRef,
    name: NodeRef,
    password: NodeRef,
}

/// The login page.
#[component]
pub fn LoginPage(props: &LoginProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let state = use_reducer_eq(LoginState::default);
    let fields = use_memo((), |()| Fields::default());
    use_requests(&state, &props.on_login);
    use_focus(&state, &fields);
    let onsubmit = {
        let (dispatch, fields) = (state.dispatcher(), fields.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            dispatch.dispatch(LoginEvent::Submit(fields.input()));
        }
    };
    let switch = {
        let dispatch = state.dispatcher();
        move |_: MouseEvent| dispatch.dispatch(LoginEvent::SwitchMode)
    };
    let error = state.error_text(texts);
    let busy = state.is_busy();
    html! {
        <main class="login">
            <form class="login-card" {onsubmit} novalidate=true>
                { logo() }
                <h1 translate="no">{ "Tidings" }</h1>
                <p class="login-slogan">{ texts.slogan }</p>
                if props.ended && error.is_none() {
                    <p class="login-notice" role="status">{ texts.session_ended }</p>
                }
                { fields.html(&state, &locale) }
                <div id="login-error" class="login-errors" role="alert">
                    if let Some(error) = error {
                        <p class="login-error" data-testid="login-error">
                            { Icon::Warning.html() }<span>{ dynamic_text(error) }</span>
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
                    { dynamic_text(state.action_text(texts)) }
                </button>
                if state.offers_registration {
                    <button
                        type="button"
                        class="button login-switch"
                        data-testid="register-switch"
                        onclick={switch}
                    >
                        { dynamic_text(if state.registering {
                            texts.account.have_one
                        } else {
                            texts.account.create_one
                        }) }
                    </button>
                }
            </form>
            { language_switch(&locale, &props.on_language) }
        </main>
    }
}

/// Sends the requests that the state holds.
#[hook]
fn use_requests(state: &UseReducerHandle<LoginState>, on_login: &Callback<User>) {
    let dispatch = state.dispatcher();
    use_effect_with((), move |()| {
        spawn_local(async move {
            // Without an answer, registration is not offered.
            let offered = net::server().await.is_ok_and(|server| server.registration);
            dispatch.dispatch(LoginEvent::RegistrationOffered(offered));
        });
    });
    let (dispatch, on_login) = (state.dispatcher(), on_login.clone());
    use_effect_with(state.request.clone(), move |request| {
        let Some(request) = request.clone() else {
            return;
        };
        spawn_local(async move {
            let answer = match request {
                Request::LogIn(input) => net::login(input.email, input.password).await,
                Request::Register(input) => {
                    net::register(input.email, input.name, input.password).await
                }
            };
            match answer {
                Ok(user) => on_login.emit(user),
                Err(error) => dispatch.dispatch(LoginEvent::Refused(error)),
            }
        });
    });
}

/// Moves the focus: to the first field of a new form, and to an invalid field.
#[hook]
fn use_focus(state: &LoginState, fields: &Fields) {
    // The attribute `autofocus` works for a page that is loaded, not for one that is rendered.
    let email = fields.email.clone();
    use_effect_with(state.registering, move |_| focus(&email));
    let fields = fields.clone();
    use_effect_with(state.focus(), move |wrong| {
        if let Some((field, _)) = wrong {
            let field = fields.get(*field);
            focus(field);
            if let Some(input) = field.cast::<HtmlInputElement>() {
                input.select();
            }
        }
    });
}

fn focus(input: &NodeRef) {
    if let Some(input) = input.cast::<HtmlInputElement>() {
        // A field that cannot take the focus leaves it where it is.
        let _ = input.focus();
    }
}

impl Fields {
    const fn get(&self, field: Field) -> &NodeRef {
        match field {
            Field::Email => &self.email,
            Field::Name => &self.name,
            Field::Password => &self.password,
        }
    }

    fn input(&self) -> Input {
        let value = |field: &NodeRef| {
            let input = field.cast::<HtmlInputElement>();
            input.map_or_else(String::new, |input| input.value())
        };
        Input {
            email: value(&self.email),
            name: value(&self.name),
            password: value(&self.password),
        }
    }

    fn html(&self, state: &LoginState, locale: &Locale) -> Html {
        let texts = locale.texts;
        let invalid = |field| state.is_invalid(field).to_string();
        html! {
            <>
                <label>
                    <span>{ texts.email }</span>
                    <input
                        ref={&self.email}
                        type="email"
                        name="email"
                        data-testid="login-email"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        autofocus=true
                        required=true
                        aria-invalid={invalid(Field::Email)}
                        aria-describedby="login-error"
                    />
                </label>
                if state.registering {
                    <label>
                        <span>{ texts.account.name }</span>
                        <input
                            ref={&self.name}
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
                        ref={&self.password}
                        type="password"
                        name="password"
                        data-testid="login-password"
                        autocomplete={if state.registering { "new-password" } else { "current-password" }}
                        required=true
                        aria-invalid={invalid(Field::Password)}
                        aria-describedby="login-error password-rule"
                    />
                </label>
                if state.registering {
                    <small id="password-rule">{ texts.account.password_rule }</small>
                }
            </>
        }
    }
}
