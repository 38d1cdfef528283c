//! One's own account, as a dialog over everything: name and picture, password, logins.
//!
//! Each part does one thing at once and says below itself what became of it; nothing waits for the
//! dialog to be closed. What is done is in `deed`.

mod deed;
mod logins;

use crate::components::{Avatar, use_modal};
use crate::dom;
use crate::i18n::{Locale, use_locale};
use deed::{Deed, Fault, Outcome, Part};
use std::rc::Rc;
use tidings_shared::api::{Device, User};
use tidings_shared::{Peer, limits};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Whose.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct ProfileProps {
    /// As the server last said.
    pub(super) user: User,
    /// The server says something else now.
    pub(super) on_user: Callback<User>,
    /// The person is done.
    pub(super) on_close: Callback<()>,
}

/// How the last deed stands; one at a time is under way.
#[derive(Debug, Clone, PartialEq)]
enum Progress {
    None,
    Busy(Part),
    Done(Part),
    Failed(Part, Fault),
}

/// The dialog.
#[component]
pub(super) fn Profile(props: &ProfileProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.account;
    let dialog = use_node_ref();
    use_modal(&dialog);
    let (name, old, new) = (use_node_ref(), use_node_ref(), use_node_ref());
    let logins = use_state_eq(Vec::<Device>::new);
    let progress = use_state_eq(|| Progress::None);
    {
        // Not as an attribute, which would undo what is being typed whenever something is rendered.
        let name = name.clone();
        use_effect_with(props.user.username.clone(), move |username| {
            if let Some(name) = name.cast::<HtmlInputElement>() {
                name.set_value(username);
            }
        });
    }
    {
        let logins = logins.setter();
        use_effect_with((), move |()| list(logins));
    }
    let act = {
        let busy = matches!(*progress, Progress::Busy(_));
        let (progress, logins) = (progress.setter(), logins.setter());
        let on_user = props.on_user.clone();
        let passwords = [old.clone(), new.clone()];
        Callback::from(move |deed: Deed| {
            if busy {
                deed.abandon();
                return;
            }
            let part = deed.part();
            progress.set(Progress::Busy(part));
            let (progress, logins) = (progress.clone(), logins.clone());
            let (on_user, passwords) = (on_user.clone(), passwords.clone());
            spawn_local(async move {
                match deed.carry_out().await {
                    Ok(outcome) => {
                        if let Outcome::User(user) = outcome {
                            on_user.emit(user);
                        }
                        if part == Part::Password {
                            let fields = passwords.iter().filter_map(field);
                            fields.for_each(|field| field.set_value(""));
                        }
                        if part != Part::Face {
                            list(logins);
                        }
                        progress.set(Progress::Done(part));
                    }
                    Err(fault) => progress.set(Progress::Failed(part, fault)),
                }
            });
        })
    };
    let said = |part, done| said(&progress, part, done, &locale);
    let rename = {
        let (act, name) = (act.clone(), name.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            act.emit(Deed::Rename(value(&name)));
        }
    };
    let set_picture = act.reform(|event: Event| Deed::SetPicture(event.target_unchecked_into()));
    let remove_picture = act.reform(|_: MouseEvent| {
        // Its button is about to go, and shall not take the focus along.
        dom::focus("profile-picture");
        Deed::RemovePicture
    });
    let change_password = {
        let (act, old, new) = (act.clone(), old.clone(), new.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            act.emit(Deed::ChangePassword {
                old: value(&old),
                new: value(&new),
            });
        }
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    let oncancel = props.on_close.reform(|_: Event| ());
    // Of the choice of a file, and not of the dialog, which would hear it as its own.
    let stays = |event: Event| event.stop_propagation();
    let user = &props.user;
    html! {
        <dialog
            ref={dialog}
            class="dialog settings profile"
            data-testid="profile"
            aria-labelledby="profile-title"
            {oncancel}
        >
            <h2 id="profile-title">{ texts.profile }</h2>
            <form class="profile-face" onsubmit={rename} novalidate=true>
                <Avatar
                    peer={Peer::User(user.uid)}
                    name={Rc::<str>::from(user.username.as_str())}
                    src={Rc::<str>::from(user.avatar.as_str())}
                    size="avatar-large"
                />
                <div class="profile-picture">
                    <label class="button">
                        { texts.change_picture }
                        <input
                            type="file"
                            class="hidden-text"
                            accept="image/*"
                            id="profile-picture"
                            data-testid="profile-picture"
                            onchange={set_picture}
                            oncancel={stays}
                        />
                    </label>
                    if !user.avatar.is_empty() {
                        <button
                            type="button"
                            class="button-quiet"
                            data-testid="profile-no-picture"
                            onclick={remove_picture}
                        >
                            { texts.remove_picture }
                        </button>
                    }
                </div>
                <label class="field">
                    <span>{ texts.name }</span>
                    <input
                        ref={name}
                        data-testid="profile-name"
                        autocomplete="nickname"
                        dir="auto"
                        maxlength={limits::USERNAME_CHARS.to_string()}
                    />
                </label>
                <button type="submit" class="button" data-testid="profile-rename">
                    { texts.save_name }
                </button>
                { said(Part::Face, texts.saved) }
            </form>
            <form class="profile-password" onsubmit={change_password} novalidate=true>
                { password(&old, texts.old_password, "current-password") }
                { password(&new, texts.new_password, "new-password") }
                <small id="profile-rule">{ texts.password_rule }{ " · " }{ texts.others_end }</small>
                <button type="submit" class="button" data-testid="profile-change-password">
                    { texts.change_password }
                </button>
                { said(Part::Password, texts.password_changed) }
            </form>
            { logins::html(&logins, &locale, &act) }
            { said(Part::Logins, texts.login_ended) }
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

/// Asks for the logins; where they cannot be had, none are shown.
fn list(logins: UseStateSetter<Vec<Device>>) {
    spawn_local(async move {
        if let Ok(now) = crate::net::logins().await {
            logins.set(now);
        }
    });
}

/// What became of the last deed, if it was of this part.
fn said(progress: &Progress, part: Part, done: &'static str, locale: &Locale) -> Html {
    let (class, words) = match progress {
        Progress::Busy(of) if *of == part => ("", locale.texts.account.doing.to_owned()),
        Progress::Done(of) if *of == part => ("", done.to_owned()),
        Progress::Failed(of, fault) if *of == part => ("over", fault.text(locale)),
        _ => ("", String::new()),
    };
    html! {
        <p class={classes!("profile-said", class)} role="status" data-testid="profile-said">
            { words }
        </p>
    }
}

fn password(input: &NodeRef, words: &'static str, autocomplete: &'static str) -> Html {
    html! {
        <label class="field">
            <span>{ words }</span>
            <input
                ref={input}
                type="password"
                data-testid={autocomplete}
                {autocomplete}
                aria-describedby="profile-rule"
            />
        </label>
    }
}

fn field(input: &NodeRef) -> Option<HtmlInputElement> {
    input.cast()
}

fn value(input: &NodeRef) -> String {
    field(input).map_or_else(String::new, |input| input.value())
}
