//! What a list of the sidebar says when it has no rows.

use super::{Empty, Icon};
use crate::i18n::use_locale;
use yew::prelude::*;

/// Why there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The person has not talked to anyone.
    NoChats,
    /// There is nobody else.
    NoContacts,
    /// Nobody is called so.
    NotFound(String),
    /// The contacts could not be had.
    Failed,
    /// The members could not be had.
    NoMembers,
}

/// Why there are none, and what to do about it.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct EmptyListProps {
    /// Why there are none.
    pub(super) why: Why,
    /// The person asks once more for the contacts.
    pub(super) on_again: Callback<()>,
}

/// What stands in a list without rows.
#[component]
pub(super) fn EmptyList(props: &EmptyListProps) -> Html {
    let texts = use_locale().texts;
    let on_again = props.on_again.clone();
    match &props.why {
        Why::NoChats => html! {
            <Empty icon={Icon::Chat} title={texts.no_chats_title} hint={texts.no_chats_hint} />
        },
        Why::NoContacts => html! {
            <Empty
                icon={Icon::People}
                title={texts.no_contacts_title}
                hint={texts.no_contacts_hint}
            />
        },
        Why::NotFound(query) => html! {
            <Empty
                icon={Icon::Search}
                title={(texts.nothing_found)(query)}
                hint={texts.nothing_found_hint}
            />
        },
        Why::Failed | Why::NoMembers => {
            let title = match props.why {
                Why::NoMembers => texts.group.members_failed,
                _ => texts.contacts_failed,
            };
            html! {
                <Empty icon={Icon::Warning} {title}>
                    <button
                        type="button"
                        class="button"
                        onclick={move |_: MouseEvent| on_again.emit(())}
                    >
                        { texts.try_again }
                    </button>
                </Empty>
            }
        }
    }
}
