//! Who is logged in and the way to their account, what is unread in all, the settings and the way out.

use super::{Avatar, Icon, words};
use crate::i18n::{short, use_locale};
use crate::state::Modal;
use std::rc::Rc;
use tidings_shared::{Peer, UserId};
use yew::prelude::*;

/// Who.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct SidebarHeadProps {
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

/// The head of the sidebar.
#[component]
pub fn SidebarHead(props: &SidebarHeadProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let on_logout = props.on_logout.clone();
    let open = |modal| props.on_modal.reform(move |_: MouseEvent| Some(modal));
    let total = props.total_unread;
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
                    peer={Peer::User(props.uid)}
                    name={props.name.clone()}
                    src={props.avatar.clone()}
                    size="avatar-head"
                />
                <bdi class="head-name" translate="no">{ props.name.clone() }</bdi>
            </button>
            <span class="badge" data-testid="total-unread" aria-hidden="true" hidden={total == 0}>
                { words(short(total)) }
            </span>
            if total > 0 {
                <span class="hidden-text">{ words((texts.total_unread)(total)) }</span>
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
