//! The head of the open conversation.

use super::{Avatar, Icon};
use crate::i18n::use_locale;
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
    /// Back to the list, where there is one pane at a time.
    pub on_back: Callback<()>,
}

/// The head of the open conversation.
#[component]
pub fn ThreadHead(props: &ThreadHeadProps) -> Html {
    let texts = use_locale().texts;
    let on_back = props.on_back.clone();
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
            <h1 class="thread-name" data-testid="thread-name">{ props.name.clone() }</h1>
        </header>
    }
}
