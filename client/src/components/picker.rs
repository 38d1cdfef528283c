//! Choosing people: search, those chosen, and everyone to choose from.

use super::empty_list::{Why, empty_list};
use super::list_end::use_list_end;
use super::person_check::PersonCheck;
use super::sidebar::matches;
use super::sidebar_list::move_focus;
use super::{Icon, Skeleton};
use crate::dom;
use crate::i18n::use_locale;
use crate::state::{Contact, Contacts};
use std::rc::Rc;
use tidings_shared::UserId;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// The people chosen, in the order of choice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen(pub(super) Vec<Contact>);

impl Chosen {
    fn has(&self, uid: UserId) -> bool {
        self.0.iter().any(|contact| contact.uid == uid)
    }
}

impl Reducible for Chosen {
    type Action = Contact;

    /// Chooses someone, or not any more.
    fn reduce(self: Rc<Self>, who: Contact) -> Rc<Self> {
        let mut chosen = self.0.clone();
        if self.has(who.uid) {
            chosen.retain(|contact| contact.uid != who.uid);
        } else {
            chosen.push(who);
        }
        Rc::new(Self(chosen))
    }
}

/// From whom.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct PickerProps {
    /// Everyone, as far as they are loaded.
    pub(super) contacts: Contacts,
    /// Who cannot be chosen, because they are members.
    pub(super) members: Contacts,
    /// Who is chosen.
    pub(super) chosen: UseReducerHandle<Chosen>,
    /// More people are needed; `true`: after it failed.
    pub(super) on_more: Callback<bool>,
}

/// Where people are chosen.
#[component]
pub(super) fn Picker(props: &PickerProps) -> Html {
    let locale = use_locale();
    let all_texts = locale.texts;
    let texts = &all_texts.group;
    let query = use_state_eq(String::new);
    let (field, list) = (use_node_ref(), use_node_ref());
    let on_toggle = {
        let dispatch = props.chosen.dispatcher();
        use_callback((), move |who: Contact, ()| dispatch.dispatch(who))
    };
    let wanted = dom::lower_case(query.trim());
    let people: Vec<&Contact> = (props.contacts.people().iter())
        .filter(|person| matches(&person.name, &wanted))
        .collect();
    let onscroll = use_list_end(&list, props.on_more.reform(|()| false));
    let oninput = {
        let query = query.clone();
        Callback::from(move |event: InputEvent| {
            query.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let first = (people.iter().copied())
        .find(|person| props.members.get(person.uid).is_none())
        .filter(|_| !wanted.is_empty())
        .cloned();
    let onkeydown = {
        let (on_toggle, list) = (on_toggle.clone(), list.clone());
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            // Not the one that confirms what an input method composed.
            "Enter" if !event.is_composing() && event.key_code() != dom::IME_KEY_CODE => {
                event.prevent_default();
                if let Some(first) = &first {
                    on_toggle.emit(first.clone());
                    let field: HtmlInputElement = event.target_unchecked_into();
                    field.select();
                }
            }
            "ArrowDown" => {
                event.prevent_default();
                focus_first(&list);
            }
            _ => {}
        })
    };
    let why = if props.contacts.has_failed() {
        Some(Why::Failed)
    } else if !people.is_empty() || props.contacts.is_loading() {
        None
    } else if wanted.is_empty() {
        Some(Why::NoContacts)
    } else {
        Some(Why::NotFound(query.trim().to_owned()))
    };
    html! {
        <>
            { chips(texts, props, &field) }
            <div class="search">
                { Icon::Search.html() }
                <input
                    ref={field}
                    type="search"
                    data-testid="people-search"
                    aria-label={texts.search_people}
                    placeholder={texts.search_people}
                    autocomplete="off"
                    {oninput}
                    {onkeydown}
                />
            </div>
            <div class="list" ref={list} {onscroll}>
                <ul
                    class="rows"
                    aria-label={texts.people}
                    onkeydown={|event: KeyboardEvent| move_focus(&event)}
                >
                    { for people.into_iter().map(|contact| html! {
                        <PersonCheck
                            key={contact.uid.0.to_string()}
                            contact={contact.clone()}
                            chosen={props.chosen.has(contact.uid)}
                            member={props.members.get(contact.uid).is_some()}
                            on_toggle={on_toggle.clone()}
                        />
                    }) }
                </ul>
                if props.contacts.is_loading() && props.contacts.people().is_empty() {
                    { Skeleton::List.html(all_texts) }
                }
                if let Some(why) = why {
                    { empty_list(all_texts, why, props.on_more.reform(|_: MouseEvent| true)) }
                }
            </div>
        </>
    }
}

/// Those chosen; the focus goes to the field when one is taken away, for its button is gone.
fn chips(texts: &'static crate::i18n::GroupTexts, props: &PickerProps, field: &NodeRef) -> Html {
    let chip = |contact: &Contact| {
        let (dispatch, contact_) = (props.chosen.dispatcher(), contact.clone());
        let field = field.clone();
        let onclick = move |_: MouseEvent| {
            dispatch.dispatch(contact_.clone());
            if let Some(field) = field.cast::<HtmlInputElement>() {
                // A field that cannot take the focus leaves it where it is.
                let _ = field.focus();
            }
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
                <span>{ contact.name.clone() }</span>
                { Icon::Close.html() }
            </button>
        }
    };
    let count = props.chosen.0.len();
    html! {
        <>
            <p class="pick-label">
                { texts.people }
                <span role="status">{ (count > 0).then(|| (texts.chosen)(count)) }</span>
            </p>
            if count > 0 {
                <div class="picks">{ for props.chosen.0.iter().map(chip) }</div>
            }
        </>
    }
}

fn focus_first(list: &NodeRef) {
    let first = list
        .cast::<Element>()
        .and_then(|list| list.query_selector("input:enabled").ok().flatten());
    if let Some(first) = first.map(wasm_bindgen::JsCast::unchecked_into::<HtmlInputElement>) {
        // A box that cannot take the focus leaves it where it is.
        let _ = first.focus();
    }
}
