//! What is in the sidebar below its head: search, the two tabs and their lists.

use super::empty_list::{Why, empty_list};
use super::list_end::use_list_end;
use super::{ContactList, ConversationList, Icon, Skeleton};
use crate::dom;
use crate::i18n::use_locale;
use crate::state::{Contact, Contacts, ListRow};
use tidings_shared::Peer;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What the person does in the sidebar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SidebarAction {
    /// They open a conversation.
    Open(Peer),
    /// They come near the end of the conversations.
    MoreConversations,
    /// They come near the end of the contacts.
    MoreContacts,
    /// They ask once more for the contacts.
    ContactsAgain,
    /// They want to create a group.
    NewGroup,
}

/// What it shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct SidebarProps {
    /// The conversations, in their order.
    pub rows: Vec<ListRow>,
    /// Whether the first of them are here.
    pub loaded: bool,
    /// The people.
    pub contacts: Contacts,
    /// Which conversation is open.
    pub open: Option<Peer>,
    /// What the person does.
    pub on_action: Callback<SidebarAction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Chats,
    Contacts,
}

/// Search, tabs and lists.
#[component]
pub fn Sidebar(props: &SidebarProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let tab = use_state_eq(|| Tab::Chats);
    let query = use_state_eq(String::new);
    let list = use_node_ref();
    let wanted = dom::lower_case(query.trim());
    let searching = !wanted.is_empty();
    let rows: Vec<ListRow> = (props.rows.iter())
        .filter(|row| matches(&row.name, &wanted))
        .cloned()
        .collect();
    let people: Vec<Contact> = (props.contacts.people().iter())
        .filter(|person| matches(&person.name, &wanted))
        .filter(|person| {
            *tab == Tab::Contacts || rows.iter().all(|row| row.peer != Peer::User(person.uid))
        })
        .cloned()
        .collect();
    let shows_contacts = *tab == Tab::Contacts || searching;
    let more = {
        let (on_action, tab) = (props.on_action.clone(), *tab);
        Callback::from(move |()| {
            if tab == Tab::Chats {
                on_action.emit(SidebarAction::MoreConversations);
            }
            if shows_contacts {
                on_action.emit(SidebarAction::MoreContacts);
            }
        })
    };
    let onscroll = use_list_end(&list, more);
    let oninput = {
        let query = query.clone();
        Callback::from(move |event: InputEvent| {
            query.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let tab_button = |own: Tab, icon: Icon, label: &'static str, testid: &'static str| {
        let set = tab.clone();
        html! {
            <button
                type="button"
                class="tab"
                data-testid={testid}
                aria-pressed={(*tab == own).to_string()}
                onclick={move |_: MouseEvent| set.set(own)}
            >
                { icon.html() }{ label }
            </button>
        }
    };
    let why = why_empty(
        props,
        *tab,
        query.trim(),
        rows.is_empty(),
        people.is_empty(),
    );
    let on_open = props.on_action.reform(SidebarAction::Open);
    let new_group = props
        .on_action
        .reform(|_: MouseEvent| SidebarAction::NewGroup);
    html! {
        <>
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
            <div class="tabs">
                { tab_button(Tab::Chats, Icon::Chat, texts.chats, "chats-tab") }
                { tab_button(Tab::Contacts, Icon::People, texts.contacts, "contacts-tab") }
                <button
                    type="button"
                    class="button-icon"
                    data-testid="new-group"
                    aria-label={texts.group.new}
                    title={texts.group.new}
                    onclick={new_group.clone()}
                >
                    { Icon::NewGroup.html() }
                </button>
            </div>
            <div class="list" ref={list} {onscroll}>
                if *tab == Tab::Chats {
                    <ConversationList rows={rows.clone()} label={texts.chats} on_open={on_open.clone()} />
                    if !props.loaded && rows.is_empty() {
                        { Skeleton::List.html(texts) }
                    }
                }
                if *tab == Tab::Contacts && !searching {
                    <button
                        type="button"
                        class="row row-contact row-new-group"
                        data-testid="new-group-row"
                        onclick={new_group}
                    >
                        <span class="avatar avatar-row">{ Icon::NewGroup.html() }</span>
                        <span class="row-name">{ texts.group.new }</span>
                    </button>
                }
                if shows_contacts {
                    if searching && *tab == Tab::Chats && !people.is_empty() {
                        <h2 class="list-title">{ texts.contacts }</h2>
                    }
                    <ContactList
                        people={people.clone()}
                        open={props.open}
                        label={texts.contacts}
                        {on_open}
                    />
                    if props.contacts.is_loading() && people.is_empty() {
                        { Skeleton::List.html(texts) }
                    }
                }
                if let Some(why) = why {
                    { empty_list(
                        texts,
                        why,
                        props.on_action.reform(|_: MouseEvent| SidebarAction::ContactsAgain),
                    ) }
                }
            </div>
        </>
    }
}

/// Why the list has no rows, unless it has some or they are on their way.
fn why_empty(
    props: &SidebarProps,
    tab: Tab,
    query: &str,
    no_rows: bool,
    no_people: bool,
) -> Option<Why> {
    let needs_contacts = tab == Tab::Contacts || !query.is_empty();
    if needs_contacts && props.contacts.has_failed() {
        return Some(Why::Failed);
    }
    if needs_contacts && props.contacts.is_loading() {
        return None;
    }
    match tab {
        _ if !query.is_empty() => {
            let nobody = no_people && (no_rows || tab == Tab::Contacts);
            nobody.then(|| Why::NotFound(query.to_owned()))
        }
        Tab::Contacts => no_people.then_some(Why::NoContacts),
        Tab::Chats => (no_rows && props.loaded).then_some(Why::NoChats),
    }
}

pub(super) fn matches(name: &str, wanted: &str) -> bool {
    wanted.is_empty() || dom::lower_case(name).contains(wanted)
}
