//! The placeholder of a list without rows.

use super::Icon;
use super::empty::{empty, hint};
use crate::i18n::Texts;
use yew::prelude::*;

/// Why a list has no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EmptyReason {
    /// The person has not talked to anyone.
    NoChats,
    /// The server has no other users.
    NoContacts,
    /// No name matches this search.
    NotFound(String),
    /// The contacts could not be fetched.
    Failed,
    /// The members could not be fetched.
    NoMembers,
}

/// The placeholder. `on_retry`: the person retries what failed.
pub(super) fn empty_list(texts: &Texts, why: EmptyReason, on_retry: Callback<MouseEvent>) -> Html {
    match why {
        EmptyReason::NoChats => empty(
            Icon::Chat,
            texts.no_chats_title.into(),
            hint(texts.no_chats_hint.into()),
        ),
        EmptyReason::NoContacts => empty(
            Icon::People,
            texts.no_contacts_title.into(),
            hint(texts.no_contacts_hint.into()),
        ),
        EmptyReason::NotFound(query) => empty(
            Icon::Search,
            (texts.nothing_found)(&query).into(),
            hint(texts.nothing_found_hint.into()),
        ),
        EmptyReason::Failed => again(texts, texts.contacts_failed, on_retry),
        EmptyReason::NoMembers => again(texts, texts.group.members_failed, on_retry),
    }
}

fn again(texts: &Texts, title: &'static str, onclick: Callback<MouseEvent>) -> Html {
    let button = html! {
        <button type="button" class="button" {onclick}>{ texts.try_again }</button>
    };
    empty(Icon::Warning, title.into(), button)
}
