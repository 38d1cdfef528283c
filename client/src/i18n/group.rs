//! What the page says of groups.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

use crate::net::HttpError;
use crate::state::Event;

/// What the page says of groups in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct GroupTexts {
    pub group: &'static str,
    pub new: &'static str,
    pub name: &'static str,
    pub name_missing: &'static str,
    pub name_too_long: &'static str,
    pub people: &'static str,
    pub search_people: &'static str,
    pub chosen: fn(usize) -> String,
    pub nobody_chosen: &'static str,
    pub remove: fn(&str) -> String,
    pub create: &'static str,
    pub add_members: &'static str,
    pub add: &'static str,
    pub cancel: &'static str,
    pub is_member: &'static str,
    pub failed: fn(&HttpError) -> String,

    pub count: fn(u64) -> String,
    pub members: &'static str,
    pub show_members: &'static str,
    pub close: &'static str,
    pub owner: &'static str,
    pub yourself: &'static str,
    pub members_failed: &'static str,
    pub messages_in: fn(&str) -> String,

    /// Who did it (`None`: the person who reads), and the message's content.
    pub event: fn(Event, Option<&str>, &str) -> String,
}
