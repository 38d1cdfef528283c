//! The person's account, the total unread count, the settings, and the log-out.

use super::{Avatar, Icon, dynamic_text};
use crate::i18n::{Locale, short};
use std::rc::Rc;
use tidings_client_state::Modal;
use tidings_shared::{Peer, UserId};
use yew::prelude::*;

/// The head of the sidebar.
#[derive(Debug)]
pub struct SidebarHead {
    /// Who is logged in.
    pub uid: UserId,
    /// Their name.
    pub name: Rc<str>,
    /// Their picture; empty: none.
    pub avatar: Rc<str>,
    /// Unread messages in all.
    pub total_unread: u64,
    /// They open their account, or the settings.
    pub on_modal: Callback<Option<Modal>>,
    /// They ask to log out.
    pub on_logout: Callback<()>,
}

impl SidebarHead {
    /// The head.
    pub fn html(&self, locale: &Locale) -> Html {
        let texts = locale.texts;
        let on_logout = self.on_logout.clone();
        let open = |modal| self.on_modal.reform(move |_: MouseEvent| Some(modal));
        let total = self.total_unread;
        html! {
            <header class="head">
                <button
                    type="button"
                    class="head-self"
                    data-testid="profile-open"
                    aria-haspopup="dialog"
                    title={texts.account.profile}
                    onclick={open(Modal::Profile)}
                >
                    <Avatar
                        peer={Peer::User(self.uid)}
                        name={self.name.clone()}
                        src={self.avatar.clone()}
                        size="avatar-head"
                    />
                    <bdi class="head-name" translate="no">{ self.name.clone() }</bdi>
                </button>
                <span class="badge" data-testid="total-unread" aria-hidden="true" hidden={total == 0}>
                    { dynamic_text(short(total)) }
                </span>
                if total > 0 {
                    <span class="hidden-text">{ dynamic_text((texts.total_unread)(total)) }</span>
                }
                <span class="head-gap" />
                <button
                    type="button"
                    class="button-icon"
                    data-testid="settings-open"
                    aria-haspopup="dialog"
                    aria-label={texts.settings.settings}
                    title={texts.settings.settings}
                    onclick={open(Modal::Settings)}
                >
                    { Icon::Sliders.html() }
                </button>
                <button
                    type="button"
                    class="button-icon"
                    data-testid="logout"
                    aria-label={texts.log_out}
                    title={texts.log_out}
                    onclick={move |_: MouseEvent| on_logout.emit(())}
                >
                    { Icon::Leave.html() }
                </button>
            </header>
        }
    }
}
