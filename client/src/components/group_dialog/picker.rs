//! The picker of people for a group: those chosen, the search, and all contacts.

mod state;

pub(super) use state::{PickerEvent, PickerState};

use super::focus;
use super::person_check::PersonCheck;
use super::state::{GroupDialogEvent, GroupDialogState};
use crate::components::empty_list::empty_list;
use crate::components::list_end::use_list_end;
use crate::components::sidebar_list::move_focus;
use crate::components::{Icon, Skeleton, dynamic_text};
use crate::dom;
use crate::i18n::{GroupTexts, use_locale};
use tidings_client_state::{Contact, Contacts};
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// The contacts, and the state of the dialog.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct PickerProps {
    /// All contacts loaded so far.
    pub(super) contacts: Contacts,
    /// Who cannot be chosen, because they are members.
    pub(super) members: Contacts,
    /// The state of the dialog.
    pub(super) state: UseReducerHandle<GroupDialogState>,
    /// The search field, to which the dialog can move the focus.
    pub(super) field: NodeRef,
    /// More contacts are needed; `true`: retry after a failure.
    pub(super) on_more: Callback<bool>,
}

/// The picker.
#[component]
pub(super) fn Picker(props: &PickerProps) -> Html {
    let locale = use_locale();
    let (texts, contacts) = (locale.texts, &props.contacts);
    let list = use_node_ref();
    let onscroll = use_list_end(&list, props.on_more.reform(|()| false));
    // The same for each render, so that the rows stay memoised.
    let on_toggle = use_callback(props.state.dispatcher(), |who, dispatcher| {
        dispatcher.dispatch(GroupDialogEvent::Picker(PickerEvent::Toggle(who)));
    });
    let picker = props.state.picker();
    let found = picker.found(contacts);
    let why_empty = picker.why_empty(contacts, found.len());
    let person = |contact: &Contact| {
        html! {
            <PersonCheck
                key={contact.uid.0.to_string()}
                contact={contact.clone()}
                chosen={picker.has_chosen(contact.uid)}
                member={props.members.get(contact.uid).is_some()}
                on_toggle={on_toggle.clone()}
            />
        }
    };
    html! {
        <>
            { chosen_people(&texts.group, props, &on_toggle) }
            { search(&texts.group, props, &list, &on_toggle) }
            <div class="list" ref={&list} {onscroll}>
                <ul
                    class="rows"
                    aria-label={texts.group.people}
                    onkeydown={|event: KeyboardEvent| move_focus(&event)}
                >
                    { for found.into_iter().map(person) }
                </ul>
                if contacts.is_loading() && contacts.people().is_empty() {
                    { Skeleton::List.html(texts) }
                }
                if let Some(why) = why_empty {
                    { empty_list(texts, why, props.on_more.reform(|_: MouseEvent| true)) }
                }
            </div>
        </>
    }
}

/// How many are chosen, and a button for each that removes them.
fn chosen_people(
    texts: &'static GroupTexts,
    props: &PickerProps,
    on_toggle: &Callback<Contact>,
) -> Html {
    let chosen = props.state.picker().chosen();
    html! {
        <>
            <p class="pick-label">
                { texts.people }
                <span role="status">
                    { (!chosen.is_empty()).then(|| dynamic_text((texts.chosen)(chosen.len()))) }
                </span>
            </p>
            if !chosen.is_empty() {
                <div class="picks">
                    { for chosen.iter().map(|who| chosen_person(texts, who, props, on_toggle)) }
                </div>
            }
        </>
    }
}

fn chosen_person(
    texts: &'static GroupTexts,
    contact: &Contact,
    props: &PickerProps,
    on_toggle: &Callback<Contact>,
) -> Html {
    let (who, on_toggle, field) = (contact.clone(), on_toggle.clone(), props.field.clone());
    let onclick = move |_: MouseEvent| {
        on_toggle.emit(who.clone());
        // The focused button is removed.
        focus(&field);
    };
    html! {
        <button
            key={contact.uid.0.to_string()}
            type="button"
            class="pick"
            data-testid="chosen"
            aria-label={(texts.remove)(&contact.name)}
            title={(texts.remove)(&contact.name)}
            {onclick}
        >
            <bdi translate="no">{ contact.name.clone() }</bdi>
            { Icon::Close.html() }
        </button>
    }
}

/// The search field. Enter toggles the first person found, the arrow goes into the list.
fn search(
    texts: &'static GroupTexts,
    props: &PickerProps,
    list: &NodeRef,
    on_toggle: &Callback<Contact>,
) -> Html {
    let dispatcher = props.state.dispatcher();
    let oninput = move |event: InputEvent| {
        let query = event.target_unchecked_into::<HtmlInputElement>().value();
        dispatcher.dispatch(GroupDialogEvent::Picker(PickerEvent::Search(query)));
    };
    let onkeydown = {
        let (props, list, on_toggle) = (props.clone(), list.clone(), on_toggle.clone());
        move |event: KeyboardEvent| match event.key().as_str() {
            // Not the one that confirms what an input method composed.
            "Enter" if !event.is_composing() && event.key_code() != dom::IME_KEY_CODE => {
                event.prevent_default();
                let picker = props.state.picker();
                let first = picker.first_found(&props.contacts, &props.members);
                if let Some(first) = first {
                    on_toggle.emit(first.clone());
                    // What is typed next replaces the search.
                    event.target_unchecked_into::<HtmlInputElement>().select();
                }
            }
            "ArrowDown" => {
                event.prevent_default();
                focus_first_person(&list);
            }
            _ => {}
        }
    };
    html! {
        <div class="search">
            { Icon::Search.html() }
            <input
                ref={&props.field}
                type="search"
                data-testid="people-search"
                aria-label={texts.search_people}
                placeholder={texts.search_people}
                autocomplete="off"
                {oninput}
                {onkeydown}
            />
        </div>
    }
}

/// Moves the focus to the first person who can be chosen.
fn focus_first_person(list: &NodeRef) {
    let first = list
        .cast::<Element>()
        .and_then(|list| list.query_selector("input:enabled").ok().flatten());
    if let Some(first) = first.map(wasm_bindgen::JsCast::unchecked_into::<HtmlInputElement>) {
        // A box that cannot take the focus leaves it where it is.
        let _ = first.focus();
    }
}
