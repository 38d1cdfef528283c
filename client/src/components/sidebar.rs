//! The sidebar below its head: search, the two tabs and their lists. `state` decides what is
//! listed.

mod state;

use super::empty_list::empty_list;
use super::list_end::use_list_end;
use super::{ContactList, ConversationList, Icon, Skeleton};
use crate::i18n::{Texts, use_locale};
use state::{Listed, SidebarEvent, SidebarState, Tab};
use tidings_client_state::{Contact, Contacts, ListRow};
use tidings_shared::Peer;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What the person does in the sidebar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SidebarAction {
    /// They open a conversation.
    Open(Peer),
    /// They scroll near the end of the conversations.
    MoreConversations,
    /// They scroll near the end of the contacts.
    MoreContacts,
    /// They retry to load the contacts.
    RetryContacts,
    /// They want to create a group.
    NewGroup,
}

/// The lists and the callback.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct SidebarProps {
    /// The conversations, in their order.
    pub rows: Vec<ListRow>,
    /// Whether the first page of them is loaded.
    pub loaded: bool,
    /// The people.
    pub contacts: Contacts,
    /// The open conversation.
    pub open: Option<Peer>,
    /// What the person does.
    pub on_action: Callback<SidebarAction>,
}

/// Search, tabs and lists.
#[component]
pub fn Sidebar(props: &SidebarProps) -> Html {
    let texts = use_locale().texts;
    let state = use_reducer_eq(SidebarState::default);
    let list = use_node_ref();
    let near_end = {
        let (on_action, state) = (props.on_action.clone(), (*state).clone());
        Callback::from(move |()| {
            if state.tab == Tab::Chats {
                on_action.emit(SidebarAction::MoreConversations);
            }
            if state.shows_people() {
                on_action.emit(SidebarAction::MoreContacts);
            }
        })
    };
    let onscroll = use_list_end(&list, near_end);
    let new_group = props
        .on_action
        .reform(|_: MouseEvent| SidebarAction::NewGroup);
    let again = (props.on_action).reform(|_: MouseEvent| SidebarAction::RetryContacts);
    let Listed {
        conversations,
        people,
        empty,
    } = state.listed(props);
    html! {
        <>
            { search(&state, texts) }
            { tabs(&state, &new_group, texts) }
            <div class="list" ref={list} {onscroll}>
                if let Some(rows) = conversations {
                    { conversation_list(rows, props, texts) }
                }
                if state.tab == Tab::Contacts && !state.is_searching() {
                    { new_group_row(new_group, texts) }
                }
                if let Some(people) = people {
                    if state.tab == Tab::Chats && !people.is_empty() {
                        <h2 class="list-title">{ texts.contacts }</h2>
                    }
                    { contact_list(people, props, texts) }
                }
                if let Some(why) = empty {
                    { empty_list(texts, why, again) }
                }
            </div>
        </>
    }
}

fn search(state: &UseReducerHandle<SidebarState>, texts: &Texts) -> Html {
    let dispatch = state.dispatcher();
    let oninput = move |event: InputEvent| {
        let field: HtmlInputElement = event.target_unchecked_into();
        dispatch.dispatch(SidebarEvent::Search(field.value()));
    };
    html! {
        <div class="search">
            { Icon::Search.html() }
            <input
                type="search"
                data-testid="search"
                aria-label={texts.search}
                placeholder={texts.search}
                autocomplete="off"
                {oninput}
            />
        </div>
    }
}

fn tabs(
    state: &UseReducerHandle<SidebarState>,
    new_group: &Callback<MouseEvent>,
    texts: &Texts,
) -> Html {
    let tab = |tab: Tab, icon: Icon, label: &'static str, testid: &'static str| {
        let dispatch = state.dispatcher();
        html! {
            <button
                type="button"
                class="tab"
                data-testid={testid}
                aria-pressed={(state.tab == tab).to_string()}
                onclick={move |_: MouseEvent| dispatch.dispatch(SidebarEvent::ShowTab(tab))}
            >
                { icon.html() }{ label }
            </button>
        }
    };
    html! {
        <div class="tabs">
            { tab(Tab::Chats, Icon::Chat, texts.chats, "chats-tab") }
            { tab(Tab::Contacts, Icon::People, texts.contacts, "contacts-tab") }
            <button
                type="button"
                class="button-icon"
                data-testid="new-group"
                aria-label={texts.group.new}
                title={texts.group.new}
                onclick={new_group}
            >
                { Icon::NewGroup.html() }
            </button>
        </div>
    }
}

fn conversation_list(rows: Vec<ListRow>, props: &SidebarProps, texts: &Texts) -> Html {
    let blank = !props.loaded && rows.is_empty();
    let on_open = props.on_action.reform(SidebarAction::Open);
    html! {
        <>
            <ConversationList {rows} label={texts.chats} {on_open} />
            if blank {
                { Skeleton::List.html(texts) }
            }
        </>
    }
}

fn contact_list(people: Vec<Contact>, props: &SidebarProps, texts: &Texts) -> Html {
    let blank = props.contacts.is_loading() && people.is_empty();
    let on_open = props.on_action.reform(SidebarAction::Open);
    html! {
        <>
            <ContactList {people} open={props.open} label={texts.contacts} {on_open} />
            if blank {
                { Skeleton::List.html(texts) }
            }
        </>
    }
}

fn new_group_row(onclick: Callback<MouseEvent>, texts: &Texts) -> Html {
    html! {
        <button
            type="button"
            class="row row-contact row-new-group"
            data-testid="new-group-row"
            {onclick}
        >
            <span class="avatar avatar-row">{ Icon::NewGroup.html() }</span>
            <span class="row-name">{ texts.group.new }</span>
        </button>
    }
}
