//! A row of the conversation list.

use super::{Avatar, Icon, dynamic_text};
use crate::clock;
use crate::i18n::{short, use_locale};
use std::rc::Rc;
use tidings_client_state::{ListRow, PreviewKind, peer_key};
use tidings_shared::Peer;
use yew::prelude::*;

/// The conversation and its callback.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ConversationRowProps {
    /// What it shows.
    pub row: ListRow,
    /// It is opened.
    pub on_open: Callback<Peer>,
}

/// The id of the row's button.
pub fn row_id(peer: Peer) -> String {
    format!("row-{}", peer_key(peer))
}

/// A row of the list.
#[component]
pub fn ConversationRow(props: &ConversationRowProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let row = &props.row;
    let on_open = props.on_open.clone();
    let peer = row.peer;
    let lead = match row.kind {
        PreviewKind::Draft => {
            html! { <span class="row-draft">{ dynamic_text(texts.draft) }</span> }
        }
        PreviewKind::Pending => html! { <span class="row-mark">{ Icon::Clock.html() }</span> },
        PreviewKind::Failed => html! {
            <span class="row-mark row-failed">{ Icon::Warning.html() }</span>
        },
        PreviewKind::Sent => html! { <span class="row-you">{ dynamic_text(texts.you) }</span> },
        PreviewKind::Received => html! {
            if let Some(name) = &row.sender {
                <bdi class="row-sender" translate="no">{ name.clone() }</bdi>
            }
        },
        PreviewKind::Event(_) | PreviewKind::Unsupported => html! {},
    };
    let preview: Rc<str> = match row.kind {
        PreviewKind::Unsupported => texts.unsupported.into(),
        PreviewKind::Event(event) => {
            (texts.group.event)(event, row.sender.as_deref(), &row.text).into()
        }
        // The name is in `lead`; this is the rest of "name: text".
        PreviewKind::Received if row.sender.is_some() => {
            (texts.name_and_text)("", &row.text).into()
        }
        _ => row.text.clone(),
    };
    let time = (row.time > 0).then(|| locale.dates.brief(row.time, clock::wall_ms()));
    html! {
        <li>
            <button
                type="button"
                class="row"
                id={row_id(peer)}
                data-testid="conversation-row"
                data-peer={peer_key(peer)}
                aria-current={row.selected.then_some("true")}
                onclick={move |_| on_open.emit(peer)}
            >
                <Avatar {peer} name={row.name.clone()} src={row.avatar.clone()} size="avatar-row" />
                if row.online {
                    <span class="online-dot" data-testid="online" aria-hidden="true" />
                    <span class="hidden-text">{ texts.online }</span>
                }
                <span class="row-main">
                    <span class="row-line">
                        if matches!(peer, Peer::Group(_)) {
                            <span class="row-group">{ Icon::People.html() }</span>
                            <span class="hidden-text">{ texts.group.group }</span>
                        }
                        <bdi class="row-name" translate="no" data-testid="row-name">{ row.name.clone() }</bdi>
                        <span class="row-time" data-testid="row-time">{ time }</span>
                    </span>
                    <span class="row-line">
                        <span class="row-preview" data-testid="row-preview">
                            { lead }<span translate="no">{ preview }</span>
                        </span>
                        if row.unread > 0 {
                            <span class="badge" data-testid="row-badge" aria-hidden="true">
                                { dynamic_text(short(row.unread)) }
                            </span>
                            <span class="hidden-text">{ dynamic_text((texts.unread)(row.unread)) }</span>
                        }
                    </span>
                </span>
            </button>
        </li>
    }
}
