//! The root: who is logged in, in which language.

use crate::clock;
use crate::components::{Icon, empty};
use crate::dom;
use crate::i18n::{Lang, Locale};
use crate::net::{self, HttpError};
use crate::pages::{ChatPage, LoginPage};
use crate::storage::{self, Setting};
use crate::update;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::UserId;
use tidings_shared::api::User;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A timer may fire a little early.
const PAST_MIDNIGHT: Duration = Duration::from_millis(50);

/// Who is logged in.
#[derive(Debug, Clone, PartialEq)]
enum Session {
    /// The server is asked who is logged in.
    Loading,
    /// The server could not be reached.
    Unreachable,
    /// Nobody; `ended`: the last login ended by itself.
    LoggedOut {
        ended: bool,
    },
    LoggedIn(User),
}

/// The root of the page.
#[component]
pub fn App() -> Html {
    let locale = use_state_eq(|| Rc::new(Locale::new(Lang::preferred())));
    let session = use_state_eq(|| match storage::session() {
        // Nobody has ever logged in with this browser, so the server's answer is not awaited.
        None => Session::LoggedOut { ended: false },
        Some(_) => Session::Loading,
    });
    let lang = locale.lang;
    use_language(lang);
    {
        let session = session.clone();
        use_effect_with((), move |()| load_session(session.setter()));
    }
    {
        let (locale, session) = (locale.setter(), session.setter());
        use_effect_with((), move |()| {
            let listener = sync_tabs(locale, session);
            move || drop(listener)
        });
    }
    use_midnight(&locale);
    let switch = {
        let setter = locale.setter();
        Callback::from(move |lang: Lang| {
            storage::choose(Setting::Language, lang.tag());
            // Where nothing can be stored, the choice holds until the page is left.
            setter.set(Rc::new(Locale::new(lang)));
        })
    };
    let on_login = {
        let setter = session.setter();
        Callback::from(move |user| {
            storage::notify_session(clock::wall_ms());
            setter.set(Session::LoggedIn(user));
        })
    };
    let on_end = {
        let setter = session.setter();
        Callback::from(move |ended| {
            storage::notify_session(clock::wall_ms());
            setter.set(Session::LoggedOut { ended });
        })
    };
    // The current user, so that a late answer about a user who has logged out is dropped.
    let current_uid = use_mut_ref(|| None::<UserId>);
    *current_uid.borrow_mut() = match &*session {
        Session::LoggedIn(user) => Some(user.uid),
        _ => None,
    };
    let on_user = {
        let setter = session.setter();
        Callback::from(move |user: User| {
            if *current_uid.borrow() == Some(user.uid) {
                setter.set(Session::LoggedIn(user));
            }
        })
    };
    let texts = locale.texts;
    let page = match &*session {
        Session::Loading => html! {
            <div class="splash" role="status">
                <span class="spinner" aria-hidden="true" />
                <span class="hidden-text">{ texts.loading }</span>
            </div>
        },
        Session::Unreachable => {
            let setter = session.setter();
            let onclick = move |_: MouseEvent| {
                setter.set(Session::Loading);
                load_session(setter.clone());
            };
            html! {
                <main class="splash">
                    { empty(Icon::Offline, texts.server_unreachable.into(), html! {
                        <button type="button" class="button button-primary" {onclick}>
                            { texts.try_again }
                        </button>
                    }) }
                </main>
            }
        }
        Session::LoggedOut { ended } => html! {
            <LoginPage ended={*ended} {on_login} on_language={switch} />
        },
        Session::LoggedIn(user) => html! {
            <ChatPage key={user.uid.0.to_string()} locale={(*locale).clone()} user={user.clone()} {on_user} {on_end} />
        },
    };
    html! {
        <ContextProvider<Rc<Locale>> context={(*locale).clone()}>{ page }</ContextProvider<Rc<Locale>>>
    }
}

/// Sets the language of the page. A translated page is reloaded when the language changes: yew
/// cannot update the nodes that a translator has replaced.
#[hook]
fn use_language(lang: Lang) {
    let shown = use_mut_ref(|| lang);
    use_effect_with(lang, move |lang| {
        dom::set_language(lang.tag());
        let changed = shown.replace(*lang) != *lang;
        // Where the choice could not be stored, a reload would bring the old language back.
        if changed && dom::is_translated() && Lang::preferred() == *lang {
            update::reload();
        }
    });
}

/// Follows the other tabs: their language, and who is logged in.
fn sync_tabs(
    locale: UseStateSetter<Rc<Locale>>,
    session: UseStateSetter<Session>,
) -> EventListener {
    let lang = Cell::new(Lang::preferred());
    let known = RefCell::new(storage::session());
    EventListener::new(&dom::window(), "storage", move |_| {
        let preferred = Lang::preferred();
        if lang.replace(preferred) != preferred {
            locale.set(Rc::new(Locale::new(preferred)));
        }
        let now = storage::session();
        if known.replace(now.clone()) != now {
            let session = session.clone();
            spawn_local(async move {
                match net::me().await {
                    Ok(user) => session.set(Session::LoggedIn(user)),
                    Err(HttpError::NotLoggedIn) => session.set(Session::LoggedOut { ended: false }),
                    // Without an answer the session stays as it is.
                    Err(_) => {}
                }
            });
        }
    })
}

/// Makes the locale anew when a day begins or the time zone changes, so that names of days are
/// rendered again. A timer is late on a machine that slept, so becoming visible checks, too.
#[hook]
fn use_midnight(locale: &UseStateHandle<Rc<Locale>>) {
    let (setter, lang) = (locale.setter(), locale.lang);
    use_effect_with((**locale).clone(), move |locale| {
        let locale = locale.clone();
        let refresh = move || {
            if locale.is_past() {
                setter.set(Rc::new(Locale::new(lang)));
            }
        };
        let left = clock::until_midnight(clock::wall_ms()) + PAST_MIDNIGHT;
        let timer = Timeout::new(
            u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
            refresh.clone(),
        );
        let seen = EventListener::new(&dom::document(), "visibilitychange", move |_| refresh());
        move || drop((timer, seen))
    });
}

fn load_session(session: UseStateSetter<Session>) {
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
