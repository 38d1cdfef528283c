//! The person's own account, as a dialog over everything: name and picture, password, logins.
//!
//! Each part sends its own request at once and shows the result below itself; nothing waits for the
//! dialog to be closed. `state` decides, and `request` asks the server.

mod logins;
mod request;
mod state;

use crate::components::{Avatar, dynamic_text, use_modal};
use crate::dom;
use crate::i18n::{AccountTexts, Locale, use_locale};
use crate::net;
use state::{Part, ProfileEvent, ProfileState, Request, Status};
use std::rc::Rc;
use tidings_shared::api::User;
use tidings_shared::{Peer, limits};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The account and its callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct ProfileProps {
    /// The user as the server last sent them.
    pub(super) user: User,
    /// The user changed on the server.
    pub(super) on_user: Callback<User>,
    /// The person is done.
    pub(super) on_close: Callback<()>,
}

/// The elements of the fields.
#[derive(Clone, Default, PartialEq)]
struct Fields {
    name: NodeRef,
    picture: NodeRef,
    old_password: NodeRef,
    new_password: NodeRef,
}

/// The dialog.
#[component]
pub(super) fn Profile(props: &ProfileProps) -> Html {
    let locale = use_locale();
    let dialog = use_node_ref();
    use_modal(&dialog);
    let state = use_reducer_eq(ProfileState::default);
    let fields = use_memo((), |()| Fields::default());
    use_requests(&state, &fields, &props.on_user);
    {
        // Not as an attribute, which would overwrite what is being typed at each render.
        let name = fields.name.clone();
        use_effect_with(props.user.username.clone(), move |username| {
            if let Some(name) = name.cast::<HtmlInputElement>() {
                name.set_value(username);
            }
        });
    }
    let submit = {
        let dispatch = state.dispatcher();
        Callback::from(move |request| dispatch.dispatch(ProfileEvent::Submit(request)))
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    let oncancel = props.on_close.reform(|_: web_sys::Event| ());
    let texts = &locale.texts.account;
    html! {
        <dialog
            ref={dialog}
            class="dialog settings profile"
            data-testid="profile"
            aria-labelledby="profile-title"
            {oncancel}
        >
            <h2 id="profile-title">{ texts.profile }</h2>
            { fields.identity(&props.user, &state, &submit, &locale) }
            { fields.password(&state, &submit, &locale) }
            { logins::html(&state.logins, &locale, &submit) }
            { status(&state, Part::Logins, texts.login_ended, &locale) }
            <div class="dialog-buttons">
                <button
                    type="button"
                    class="button button-primary"
                    data-testid="profile-close"
                    onclick={close}
                >
                    { locale.texts.settings.done }
                </button>
            </div>
        </dialog>
    }
}

/// Sends the requests that the state holds, and fetches the logins.
#[hook]
fn use_requests(
    state: &UseReducerHandle<ProfileState>,
    fields: &Rc<Fields>,
    on_user: &Callback<User>,
) {
    let dispatch = state.dispatcher();
    use_effect_with((), move |()| spawn_local(list_logins(dispatch)));
    let (dispatch, fields, on_user) = (state.dispatcher(), fields.clone(), on_user.clone());
    use_effect_with(state.request.clone(), move |request| {
        let Some(request) = request.clone() else {
            return;
        };
        spawn_local(async move {
            let part = request.part();
            match request::run(request, fields.picture.clone()).await {
                Ok(user) => {
                    if let Some(user) = user {
                        on_user.emit(user);
                    }
                    if part == Part::Password {
                        fields.clear_passwords();
                    }
                    if part != Part::Identity {
                        spawn_local(list_logins(dispatch.clone()));
                    }
                    dispatch.dispatch(ProfileEvent::Answered(Ok(())));
                }
                Err(error) => dispatch.dispatch(ProfileEvent::Answered(Err(error))),
            }
        });
    });
}

/// Fetches the logins; on failure those known stay.
async fn list_logins(dispatch: UseReducerDispatcher<ProfileState>) {
    if let Ok(logins) = net::logins().await {
        dispatch.dispatch(ProfileEvent::Logins(logins));
    }
}

/// The result of the last request, if it was of this part.
fn status(state: &ProfileState, part: Part, done: &'static str, locale: &Locale) -> Html {
    let (class, text) = match state.status(part, locale) {
        Status::Nothing => (None, String::new()),
        Status::Busy => (None, locale.texts.account.doing.to_owned()),
        Status::Done => (None, done.to_owned()),
        Status::Failed(why) => (Some("over"), why),
    };
    html! {
        <p class={classes!("profile-said", class)} role="status" data-testid="profile-said">
            { dynamic_text(text) }
        </p>
    }
}

impl Fields {
    fn clear_passwords(&self) {
        for field in [&self.old_password, &self.new_password] {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                field.set_value("");
            }
        }
    }

    /// Name and picture.
    fn identity(
        &self,
        user: &User,
        state: &ProfileState,
        submit: &Callback<Request>,
        locale: &Locale,
    ) -> Html {
        let texts = &locale.texts.account;
        let rename = {
            let (submit, name) = (submit.clone(), self.name.clone());
            move |event: SubmitEvent| {
                event.prevent_default();
                submit.emit(Request::Rename(value(&name)));
            }
        };
        html! {
            <form class="profile-face" onsubmit={rename} novalidate=true>
                <Avatar
                    peer={Peer::User(user.uid)}
                    name={Rc::<str>::from(user.username.as_str())}
                    src={Rc::<str>::from(user.avatar.as_str())}
                    size="avatar-large"
                />
                { self.picture(!user.avatar.is_empty(), state.is_busy(), submit, texts) }
                <label class="field">
                    <span>{ texts.name }</span>
                    <input
                        ref={&self.name}
                        data-testid="profile-name"
                        autocomplete="nickname"
                        dir="auto"
                        maxlength={limits::USERNAME_CHARS.to_string()}
                    />
                </label>
                <button type="submit" class="button" data-testid="profile-rename">
                    { texts.save_name }
                </button>
                { status(state, Part::Identity, texts.saved, locale) }
            </form>
        }
    }

    /// The buttons that set and remove the picture.
    fn picture(
        &self,
        has_one: bool,
        busy: bool,
        submit: &Callback<Request>,
        texts: &AccountTexts,
    ) -> Html {
        let choose = {
            let submit = submit.clone();
            move |event: web_sys::Event| {
                if busy {
                    // Cleared, so that the same file can be chosen once more.
                    let field: HtmlInputElement = event.target_unchecked_into();
                    field.set_value("");
                } else {
                    submit.emit(Request::SetPicture);
                }
            }
        };
        let remove = submit.reform(|_: MouseEvent| {
            // The button is about to be removed, and must not take the focus along.
            dom::focus("profile-picture");
            Request::RemovePicture
        });
        // The `cancel` of the file chooser would bubble to the dialog and close it.
        let oncancel = |event: web_sys::Event| event.stop_propagation();
        html! {
            <div class="profile-picture">
                <label class="button">
                    { texts.change_picture }
                    <input
                        ref={&self.picture}
                        type="file"
                        class="hidden-text"
                        accept="image/*"
                        id="profile-picture"
                        data-testid="profile-picture"
                        onchange={choose}
                        {oncancel}
                    />
                </label>
                if has_one {
                    <button
                        type="button"
                        class="button-quiet"
                        data-testid="profile-no-picture"
                        onclick={remove}
                    >
                        { texts.remove_picture }
                    </button>
                }
            </div>
        }
    }

    fn password(&self, state: &ProfileState, submit: &Callback<Request>, locale: &Locale) -> Html {
        let texts = &locale.texts.account;
        let onsubmit = {
            let (submit, old, new) = (
                submit.clone(),
                self.old_password.clone(),
                self.new_password.clone(),
            );
            move |event: SubmitEvent| {
                event.prevent_default();
                let (old, new) = (value(&old), value(&new));
                submit.emit(Request::ChangePassword { old, new });
            }
        };
        html! {
            <form class="profile-password" {onsubmit} novalidate=true>
                { password_field(&self.old_password, texts.old_password, "current-password") }
                { password_field(&self.new_password, texts.new_password, "new-password") }
                <small id="profile-rule">{ texts.password_rule }{ " · " }{ texts.others_end }</small>
                <button type="submit" class="button" data-testid="profile-change-password">
                    { texts.change_password }
                </button>
                { status(state, Part::Password, texts.password_changed, locale) }
            </form>
        }
    }
}

fn password_field(field: &NodeRef, label: &'static str, autocomplete: &'static str) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <input
                ref={field}
                type="password"
                data-testid={autocomplete}
                {autocomplete}
                aria-describedby="profile-rule"
            />
        </label>
    }
}

fn value(field: &NodeRef) -> String {
    let input = field.cast::<HtmlInputElement>();
    input.map_or_else(String::new, |input| input.value())
}
