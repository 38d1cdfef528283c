//! The head of the open conversation.

use super::{Avatar, Icon, words};
use crate::clock;
use crate::i18n::use_locale;
use crate::state::Standing;
use std::rc::Rc;
use tidings_shared::Peer;
use yew::prelude::*;

/// Whose conversation.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ThreadHeadProps {
    /// With whom.
    pub peer: Peer,
    /// Their name.
    pub name: Rc<str>,
    /// Their picture; empty: none.
    pub avatar: Rc<str>,
    /// How they stand, if that is known.
    pub standing: Option<Standing>,
    /// Of a group: how many members it has, once that is known.
    pub members: Option<u64>,
    /// Whether the panel of the group is open.
    pub open: bool,
    /// The panel of the group is opened, or closed.
    pub on_members: Callback<bool>,
    /// Back to the list, where there is one pane at a time.
    pub on_back: Callback<()>,
}

/// The head of the open conversation.
#[component]
pub fn ThreadHead(props: &ThreadHeadProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let standing = props.standing.map(|standing| match standing {
        Standing::Online => texts.online.to_owned(),
        Standing::LastSeen(at) => (texts.last_seen)(&locale.dates.brief(at, clock::wall_ms())),
    });
    let on_back = props.on_back.clone();
    let in_group = matches!(props.peer, Peer::Group(_));
    let open = props.open;
    let toggle = props.on_members.reform(move |_: MouseEvent| !open);
    html! {
        <header class="head thread-head">
            <button
                type="button"
                class="button-icon only-narrow"
                data-testid="back"
                aria-label={texts.back}
                onclick={move |_: MouseEvent| on_back.emit(())}
            >
                { Icon::Back.html() }
            </button>
            <Avatar
                peer={props.peer}
                name={props.name.clone()}
                src={props.avatar.clone()}
                size="avatar-head"
            />
            <div class="thread-title">
                <h2 class="thread-name" data-testid="thread-name" dir="auto" translate="no">{ props.name.clone() }</h2>
                if in_group {
                    <p class="thread-count" data-testid="member-count">
                        { words(props.members.map_or_else(|| texts.group.group.to_owned(), texts.group.count)) }
                    </p>
                } else if let Some(standing) = standing {
                    <p class="thread-count" data-testid="standing">{ words(standing) }</p>
                }
            </div>
            if in_group {
                <span class="head-gap" />
                <button
                    type="button"
                    class="button-icon"
                    id="group-open"
                    data-testid="group-open"
                    aria-label={texts.group.show_members}
                    title={texts.group.show_members}
                    aria-expanded={props.open.to_string()}
                    aria-controls="group-panel"
                    onclick={toggle}
                >
                    { Icon::People.html() }
                </button>
            }
        </header>
    }
}
