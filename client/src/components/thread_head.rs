//! The head of the open conversation.

use super::{Avatar, Icon, dynamic_text};
use crate::clock;
use crate::i18n::Locale;
use std::rc::Rc;
use tidings_client_state::PresenceStatus;
use tidings_shared::Peer;
use yew::prelude::*;

/// The head of the open conversation.
#[derive(Debug)]
pub struct ThreadHead {
    /// The peer.
    pub peer: Peer,
    /// Their name.
    pub name: Rc<str>,
    /// Their picture; empty: none.
    pub avatar: Rc<str>,
    /// Their presence, if known.
    pub presence: Option<PresenceStatus>,
    /// The number of members of a group, once known.
    pub members: Option<u64>,
    /// Whether the panel of the group is open.
    pub open: bool,
    /// The group panel is opened or closed.
    pub on_members: Callback<bool>,
    /// Back to the list, where there is one pane at a time.
    pub on_back: Callback<()>,
}

impl ThreadHead {
    /// The head.
    pub fn html(&self, locale: &Locale) -> Html {
        let texts = locale.texts;
        let presence = self.presence.map(|presence| match presence {
            PresenceStatus::Online => texts.online.to_owned(),
            PresenceStatus::LastSeen(at) => {
                (texts.last_seen)(&locale.dates.brief(at, clock::wall_ms()))
            }
        });
        let on_back = self.on_back.clone();
        let in_group = matches!(self.peer, Peer::Group(_));
        let open = self.open;
        let toggle = self.on_members.reform(move |_: MouseEvent| !open);
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
                    peer={self.peer}
                    name={self.name.clone()}
                    src={self.avatar.clone()}
                    size="avatar-head"
                />
                <div class="thread-title">
                    <h2 class="thread-name" data-testid="thread-name" dir="auto" translate="no">{ self.name.clone() }</h2>
                    if in_group {
                        <p class="thread-count" data-testid="member-count">
                            { dynamic_text(self.members.map_or_else(|| texts.group.group.to_owned(), texts.group.count)) }
                        </p>
                    } else if let Some(presence) = presence {
                        <p class="thread-count" data-testid="standing">{ dynamic_text(presence) }</p>
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
                        aria-expanded={self.open.to_string()}
                        aria-controls="group-panel"
                        onclick={toggle}
                    >
                        { Icon::People.html() }
                    </button>
                }
            </header>
        }
    }
}
