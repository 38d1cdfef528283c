//! What a list of the sidebar says when it has no rows.

use super::Icon;
use super::empty::{empty, hint};
use crate::i18n::Texts;
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

/// What stands in a list without rows. `on_again`: the person asks once more for what failed.
pub(super) fn empty_list(texts: &Texts, why: Why, on_again: Callback<MouseEvent>) -> Html {
    match why {
        Why::NoChats => empty(
            Icon::Chat,
            texts.no_chats_title.into(),
            hint(texts.no_chats_hint.into()),
        ),
        Why::NoContacts => empty(
            Icon::People,
            texts.no_contacts_title.into(),
            hint(texts.no_contacts_hint.into()),
        ),
        Why::NotFound(query) => empty(
            Icon::Search,
            (texts.nothing_found)(&query).into(),
            hint(texts.nothing_found_hint.into()),
        ),
        Why::Failed => again(texts, texts.contacts_failed, on_again),
        Why::NoMembers => again(texts, texts.group.members_failed, on_again),
    }
}

fn again(texts: &Texts, title: &'static str, onclick: Callback<MouseEvent>) -> Html {
    let button = html! {
        <button type="button" class="button" {onclick}>{ texts.try_again }</button>
    };
    empty(Icon::Warning, title.into(), button)
}
