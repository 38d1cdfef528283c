//! The root: who is logged in, in which language.

use crate::components::{Empty, Icon};
use crate::dom;
use crate::i18n::{Lang, Locale};
use crate::net::{self, HttpError};
use crate::pages::{ChatPage, LoginPage};
use crate::storage;
use tidings_shared::api::User;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Who is logged in.
#[derive(Debug, Clone, PartialEq)]
enum Session {
    /// The server is asked.
    Asking,
    /// The server could not be asked.
    Unreachable,
    /// Nobody; `ended`: a login ended by itself.
    LoggedOut {
        ended: bool,
    },
    LoggedIn(User),
}

/// The root of the page.
#[component]
pub fn App() -> Html {
    let locale = use_state(|| Locale::new(Lang::preferred()));
    let session = use_state(|| Session::Asking);
    use_effect_with(locale.lang, |lang| dom::set_language(lang.tag()));
    {
        let session = session.clone();
        use_effect_with((), move |()| ask(session.setter()));
    }
    let switch = {
        let setter = locale.setter();
        use_callback((), move |lang: Lang, ()| {
            storage::set_language(lang);
            setter.set(Locale::new(lang));
        })
    };
    let on_login = {
        let setter = session.setter();
        use_callback((), move |user, ()| setter.set(Session::LoggedIn(user)))
    };
    let on_end = {
        let setter = session.setter();
        use_callback((), move |ended, ()| {
            setter.set(Session::LoggedOut { ended });
        })
    };
    let texts = locale.texts;
    let page = match &*session {
        Session::Asking => html! {
            <div class="splash" role="status">
                <span class="spinner" aria-hidden="true" />
                <span class="hidden-text">{ texts.loading }</span>
            </div>
        },
        Session::Unreachable => {
            let setter = session.setter();
            let onclick = move |_: MouseEvent| {
                setter.set(Session::Asking);
                ask(setter.clone());
            };
            html! {
                <main class="splash">
                    <Empty icon={Icon::Offline} title={texts.server_unreachable}>
                        <button type="button" class="button button-primary" {onclick}>
                            { texts.try_again }
                        </button>
                    </Empty>
                </main>
            }
        }
        Session::LoggedOut { ended } => html! { <LoginPage ended={*ended} {on_login} /> },
        Session::LoggedIn(user) => html! {
            <ChatPage key={user.uid.0.to_string()} user={user.clone()} {on_end} />
        },
    };
    html! {
        <ContextProvider<Locale> context={(*locale).clone()}>
            <ContextProvider<Callback<Lang>> context={switch}>{ page }</ContextProvider<Callback<Lang>>>
        </ContextProvider<Locale>>
    }
}

fn ask(session: UseStateSetter<Session>) {
    spawn_local(async move {
        session.set(match net::me().await {
            Ok(user) => Session::LoggedIn(user),
            Err(HttpError::NotLoggedIn | HttpError::BadCredentials) => {
                Session::LoggedOut { ended: false }
            }
            Err(_) => Session::Unreachable,
        });
    });
}
