//! A member of the open group.

use crate::components::Avatar;
use crate::i18n::use_locale;
use tidings_client_state::{Contact, peer_key};
use tidings_shared::Peer;
use yew::prelude::*;

/// The member.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct MemberRowProps {
    /// The member.
    pub(super) member: Contact,
    /// Whether they own the group.
    pub(super) owner: bool,
    /// Whether they are the person themselves, who cannot write to themselves.
    pub(super) is_me: bool,
    /// The conversation with them is opened.
    pub(super) on_open: Callback<Peer>,
}

/// A row of the members.
#[component]
pub(super) fn MemberRow(props: &MemberRowProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.group;
    let member = &props.member;
    let peer = Peer::User(member.uid);
    let on_open = props.on_open.clone();
    let content = html! {
        <>
            <Avatar {peer} name={member.name.clone()} src={member.avatar.clone()} size="avatar-head" />
            <bdi class="row-name" translate="no">{ member.name.clone() }</bdi>
            if props.is_me {
                <span class="row-time">{ texts.yourself }</span>
            }
            if props.owner {
                <span class="member-owner">{ texts.owner }</span>
            }
        </>
    };
    let key = peer_key(peer);
    html! {
        <li>
            if props.is_me {
                <div class="row row-member" data-testid="member" data-peer={key}>{ content }</div>
            } else {
                <button
                    type="button"
                    class="row row-member"
                    data-testid="member"
                    data-peer={key}
                    onclick={move |_: MouseEvent| on_open.emit(peer)}
                >
                    { content }
                </button>
            }
        </li>
    }
}
