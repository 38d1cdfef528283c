//! The dialog for a new group, or for new members, as the browser's modal dialog.
//!
//! `state` decides and `picker` chooses people. What was typed and chosen stays until the dialog is
//! closed, whatever the server answers meanwhile.

mod person_check;
mod picker;
mod state;

use super::dynamic_text;
use super::modal::use_modal;
use crate::i18n::{GroupTexts, use_locale};
use crate::net::HttpError;
use picker::Picker;
use state::{Field, GroupDialogEvent, GroupDialogState, Submission};
use tidings_client_state::Contacts;
use tidings_shared::UserId;
use tidings_shared::limits::GROUP_NAME_CHARS;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// What the person does in the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupDialogAction {
    /// They submit: the name (empty where members are added), and the chosen users.
    Submit(String, Vec<UserId>),
    /// They close it.
    Cancel,
    /// More contacts are needed; `true`: retry after a failure.
    MoreContacts(bool),
}

/// The purpose of the dialog, and its data.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct GroupDialogProps {
    /// Whether members are added, or else a group is created. Stays the same while it is open.
    pub adds: bool,
    /// All contacts loaded so far.
    pub contacts: Contacts,
    /// The group's members loaded so far.
    pub members: Contacts,
    /// A request is pending.
    pub busy: bool,
    /// Why the last request failed.
    pub error: Option<HttpError>,
    /// What the person does.
    pub on_action: Callback<GroupDialogAction>,
}

/// The dialog.
#[component]
pub fn GroupDialog(props: &GroupDialogProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.group;
    let (dialog, name_field, search_field) = (use_node_ref(), use_node_ref(), use_node_ref());
    let adds = props.adds;
    let state = use_reducer_eq(|| GroupDialogState::new(adds));
    use_modal(&dialog);
    let onsubmit = {
        let (state, on_action, busy) = (state.clone(), props.on_action.clone(), props.busy);
        let (name_field, search_field) = (name_field.clone(), search_field.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            state.dispatch(GroupDialogEvent::Submitted);
            match state.submission(busy) {
                Submission::Send(name, uids) => {
                    on_action.emit(GroupDialogAction::Submit(name, uids));
                }
                Submission::Wait => {}
                Submission::Correct(Field::Name) => focus(&name_field),
                Submission::Correct(Field::Search) => focus(&search_field),
            }
        }
    };
    let oncancel = props.on_action.reform(|event: Event| {
        event.prevent_default();
        GroupDialogAction::Cancel
    });
    html! {
        <dialog
            ref={dialog}
            class="dialog group-dialog"
            data-testid="group-dialog"
            aria-labelledby="group-dialog-title"
            {oncancel}
        >
            <form class="group-form" {onsubmit} novalidate=true>
                <h2 id="group-dialog-title">
                    { if adds { texts.add_members } else { texts.new } }
                </h2>
                if !adds {
                    { name_label(texts, &state, &name_field) }
                }
                <Picker
                    contacts={props.contacts.clone()}
                    members={props.members.clone()}
                    state={state.clone()}
                    field={search_field}
                    on_more={props.on_action.reform(GroupDialogAction::MoreContacts)}
                />
                <div id="group-error" class="group-error" role="alert">
                    if let Some(error) = state.error_text(texts, props.error.as_ref(), props.busy) {
                        <p data-testid="group-error">{ dynamic_text(error) }</p>
                    }
                </div>
                { buttons(texts, props) }
            </form>
        </dialog>
    }
}

/// The name of a new group, with its length beside it.
fn name_label(
    texts: &GroupTexts,
    state: &UseReducerHandle<GroupDialogState>,
    field: &NodeRef,
) -> Html {
    let dispatcher = state.dispatcher();
    let oninput = move |event: InputEvent| {
        let name = event.target_unchecked_into::<HtmlInputElement>().value();
        dispatcher.dispatch(GroupDialogEvent::NameChanged(name));
    };
    let over = state.is_name_too_long().then_some("over");
    html! {
        <label class="group-name">
            <span>{ texts.name }</span>
            <input
                ref={field}
                type="text"
                name="group"
                data-testid="group-name"
                autocomplete="off"
                dir="auto"
                translate="no"
                aria-invalid={state.is_name_invalid().to_string()}
                aria-describedby="group-name-count group-error"
                {oninput}
            />
            <span
                id="group-name-count"
                class={classes!("group-name-count", over)}
                data-testid="group-name-count"
            >
                { dynamic_text(format!("{}/{GROUP_NAME_CHARS}", state.name_chars())) }
            </span>
        </label>
    }
}

fn buttons(texts: &GroupTexts, props: &GroupDialogProps) -> Html {
    let on_cancel = props
        .on_action
        .reform(|_: MouseEvent| GroupDialogAction::Cancel);
    html! {
        <div class="dialog-buttons">
            <button type="button" class="button" data-testid="group-cancel" onclick={on_cancel}>
                { texts.cancel }
            </button>
            <button
                type="submit"
                class="button button-primary"
                data-testid="group-submit"
                aria-disabled={props.busy.to_string()}
            >
                if props.busy {
                    <span class="spinner" aria-hidden="true" />
                }
                { dynamic_text(if props.adds { texts.add } else { texts.create }) }
            </button>
        </div>
    }
}

fn focus(field: &NodeRef) {
    if let Some(field) = field.cast::<HtmlElement>() {
        // A field that cannot take the focus leaves it where it is.
        let _ = field.focus();
    }
}
