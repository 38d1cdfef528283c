//! The open group: what it is, and its members. It stands where the connection panel stands.

use super::empty_list::{Why, empty_list};
use super::list_end::use_list_end;
use super::member_row::MemberRow;
use super::sidebar_list::move_focus;
use super::{Avatar, Icon, Skeleton, panel};
use crate::dom;
use crate::i18n::use_locale;
use crate::state::Contacts;
use std::rc::Rc;
use tidings_shared::api::Group;
use tidings_shared::{Peer, UserId};
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// What the person does in the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPanelAction {
    /// They close it.
    Close,
    /// They come near the end of the members.
    MoreMembers,
    /// They ask once more for what could not be had.
    Again,
    /// They want to add members.
    Add,
    /// They open the conversation with a member.
    Open(Peer),
}

/// Which group.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct GroupPanelProps {
    /// Which.
    pub peer: Peer,
    /// Its name.
    pub name: Rc<str>,
    /// Its picture; empty: none.
    pub avatar: Rc<str>,
    /// Who looks.
    pub me: UserId,
    /// What it is, as far as that is known.
    pub group: Option<Rc<Group>>,
    /// Whether that could not be had.
    pub failed: bool,
    /// Its members, as far as they are loaded.
    pub members: Contacts,
    /// What the person does.
    pub on_action: Callback<GroupPanelAction>,
}

/// The panel of the open group.
#[component]
pub fn GroupPanel(props: &GroupPanelProps) -> Html {
    let locale = use_locale();
    let all_texts = locale.texts;
    let texts = &all_texts.group;
    let (dialog, list) = (use_node_ref(), use_node_ref());
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let dialog = dialog.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                panel::show(dialog);
            }
            move || {
                if let Some(dialog) = dialog {
                    // While it is modal nothing else can take the focus.
                    dialog.close();
                }
                dom::focus("group-open");
            }
        });
    }
    let more = props.on_action.reform(|()| GroupPanelAction::MoreMembers);
    let onscroll = use_list_end(&list, more);
    let act = |action: GroupPanelAction| props.on_action.reform(move |_: MouseEvent| action);
    let onkeydown = {
        let on_action = props.on_action.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                on_action.emit(GroupPanelAction::Close);
            }
        })
    };
    // The browser's own wish to close a modal dialog, from wherever: a gesture, too.
    let oncancel = {
        let on_action = props.on_action.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            on_action.emit(GroupPanelAction::Close);
        })
    };
    let owner = props.group.as_ref().map(|group| group.owner);
    let on_open = props.on_action.reform(GroupPanelAction::Open);
    let failed = props.failed || props.members.has_failed();
    html! {
        <dialog
            ref={dialog}
            id="group-panel"
            class="panel"
            data-testid="group-panel"
            aria-labelledby="group-panel-title"
            tabindex="-1"
            {onkeydown}
            {oncancel}
        >
            <header class="head">
                <h2 id="group-panel-title" class="head-name">{ texts.members }</h2>
                <span class="head-gap" />
                <button
                    type="button"
                    class="button-icon"
                    data-testid="group-panel-close"
                    aria-label={texts.close}
                    title={texts.close}
                    onclick={act(GroupPanelAction::Close)}
                >
                    { Icon::Close.html() }
                </button>
            </header>
            <div class="group-face">
                <Avatar
                    peer={props.peer}
                    name={props.name.clone()}
                    src={props.avatar.clone()}
                    size="avatar-large"
                />
                <p class="group-face-name">{ props.name.clone() }</p>
                if let Some(group) = &props.group {
                    <p class="group-face-count" data-testid="group-count">
                        { (texts.count)(group.members) }
                    </p>
                }
                if owner == Some(props.me) {
                    <button
                        type="button"
                        class="button"
                        data-testid="group-add"
                        onclick={act(GroupPanelAction::Add)}
                    >
                        { Icon::NewGroup.html() }{ texts.add_members }
                    </button>
                }
            </div>
            <div class="list" ref={list} {onscroll}>
                <ul
                    class="rows"
                    data-testid="members"
                    aria-label={texts.members}
                    onkeydown={|event: KeyboardEvent| move_focus(&event)}
                >
                    { for props.members.people().iter().map(|member| html! {
                        <MemberRow
                            key={member.uid.0.to_string()}
                            member={member.clone()}
                            owner={owner == Some(member.uid)}
                            is_me={member.uid == props.me}
                            on_open={on_open.clone()}
                        />
                    }) }
                </ul>
                if failed {
                    { empty_list(all_texts, Why::NoMembers, act(GroupPanelAction::Again)) }
                } else if props.members.people().is_empty() {
                    { Skeleton::List.html(all_texts) }
                }
            </div>
        </dialog>
    }
}
