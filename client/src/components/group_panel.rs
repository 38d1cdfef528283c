//! The panel of the open group: its details and members, in the place of the connection panel.

mod member_row;
mod state;

use super::empty_list::{EmptyReason, empty_list};
use super::list_end::use_list_end;
use super::side_dialog::SideDialog;
use super::sidebar_list::move_focus;
use super::{Avatar, Icon, Skeleton, dynamic_text};
use crate::i18n::{GroupTexts, Texts, use_locale};
use member_row::MemberRow;
use state::ListFooter;
use std::rc::Rc;
use tidings_client_state::{Contact, Contacts};
use tidings_shared::api::Group;
use tidings_shared::{Peer, UserId};
use yew::prelude::*;

/// What the person does in the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPanelAction {
    /// They close it.
    Close,
    /// They scroll near the end of the members.
    MoreMembers,
    /// They retry what could not be fetched.
    Retry,
    /// They want to add members.
    Add,
    /// They open the conversation with a member.
    Open(Peer),
}

/// The group and its callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct GroupPanelProps {
    /// The group, as a peer.
    pub peer: Peer,
    /// Its name.
    pub name: Rc<str>,
    /// Its picture; empty: none.
    pub avatar: Rc<str>,
    /// The person.
    pub me: UserId,
    /// Its details, once loaded.
    pub group: Option<Rc<Group>>,
    /// Whether they could not be fetched.
    pub failed: bool,
    /// Its members loaded so far.
    pub members: Contacts,
    /// What the person does.
    pub on_action: Callback<GroupPanelAction>,
}

/// The panel of the open group.
#[component]
pub fn GroupPanel(props: &GroupPanelProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.group;
    let list = use_node_ref();
    // Here and not in a component of its own: effects of a child run before those of its parent,
    // and a list has no height until `SideDialog` is shown.
    let on_near_end = props.on_action.reform(|()| GroupPanelAction::MoreMembers);
    let onscroll = use_list_end(&list, on_near_end);
    // The same for each render, so that the rows stay memoised.
    let on_open = use_callback(props.on_action.clone(), |peer, on_action| {
        on_action.emit(GroupPanelAction::Open(peer));
    });
    html! {
        <SideDialog
            id="group-panel"
            title={texts.members}
            close_label={texts.close}
            opener="group-open"
            on_close={props.on_action.reform(|()| GroupPanelAction::Close)}
        >
            { group_summary(texts, props) }
            <div class="list" ref={list} {onscroll}>
                { members(texts, props, &on_open) }
                { below_members(locale.texts, props) }
            </div>
        </SideDialog>
    }
}

/// The picture, the name, the number of members, and for the owner a button to add some.
fn group_summary(texts: &GroupTexts, props: &GroupPanelProps) -> Html {
    let on_add = props
        .on_action
        .reform(|_: MouseEvent| GroupPanelAction::Add);
    html! {
        <div class="group-face">
            <Avatar
                peer={props.peer}
                name={props.name.clone()}
                src={props.avatar.clone()}
                size="avatar-large"
            />
            <p class="group-face-name" dir="auto" translate="no">{ props.name.clone() }</p>
            if let Some(group) = &props.group {
                <p class="group-face-count" data-testid="group-count">
                    { dynamic_text((texts.count)(group.members)) }
                </p>
            }
            if state::may_add(props.group.as_deref(), props.me) {
                <button type="button" class="button" data-testid="group-add" onclick={on_add}>
                    { Icon::NewGroup.html() }{ texts.add_members }
                </button>
            }
        </div>
    }
}

/// The members loaded so far.
fn members(texts: &GroupTexts, props: &GroupPanelProps, on_open: &Callback<Peer>) -> Html {
    let owner = props.group.as_ref().map(|group| group.owner);
    let row = |member: &Contact| {
        html! {
            <MemberRow
                key={member.uid.0.to_string()}
                member={member.clone()}
                owner={owner == Some(member.uid)}
                is_me={member.uid == props.me}
                on_open={on_open.clone()}
            />
        }
    };
    html! {
        <ul
            class="rows"
            data-testid="members"
            aria-label={texts.members}
            onkeydown={|event: KeyboardEvent| move_focus(&event)}
        >
            { for props.members.people().iter().map(row) }
        </ul>
    }
}

fn below_members(texts: &'static Texts, props: &GroupPanelProps) -> Html {
    match ListFooter::of(props.failed, &props.members) {
        ListFooter::Failure => {
            let on_retry = props
                .on_action
                .reform(|_: MouseEvent| GroupPanelAction::Retry);
            empty_list(texts, EmptyReason::NoMembers, on_retry)
        }
        ListFooter::Skeleton => Skeleton::List.html(texts),
        ListFooter::Nothing => html! {},
    }
}
