//! The texts a language must have.

use super::{AccountTexts, GroupTexts, PanelTexts, ReceiptTexts, SettingsTexts, WriteTexts};
use crate::net::HttpError;
use tidings_shared::ErrorCode;

/// The texts of the page in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct Texts {
    /// The name of the other language, in that language.
    pub other_language: &'static str,
    pub switch_language: &'static str,

    pub slogan: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub log_in: &'static str,
    pub logging_in: &'static str,
    pub fill_in_both: &'static str,
    pub login_failed: fn(&HttpError) -> String,
    pub session_ended: &'static str,
    pub server_unreachable: &'static str,
    pub try_again: &'static str,
    pub loading: &'static str,

    pub log_out: &'static str,
    pub unsent_title: &'static str,
    pub unsent_question: fn(usize) -> String,
    pub log_out_anyway: &'static str,
    pub cancel: &'static str,

    pub chats: &'static str,
    pub contacts: &'static str,
    pub search: &'static str,
    pub total_unread: fn(u64) -> String,
    pub unread: fn(u64) -> String,
    pub draft: &'static str,
    pub you: &'static str,
    pub online: &'static str,
    pub last_seen: fn(&str) -> String,
    pub unsupported: &'static str,
    pub no_chats_title: &'static str,
    pub no_chats_hint: &'static str,
    pub no_contacts_title: &'static str,
    pub no_contacts_hint: &'static str,
    pub nothing_found: fn(&str) -> String,
    pub nothing_found_hint: &'static str,
    pub contacts_failed: &'static str,

    pub pick_title: &'static str,
    pub pick_hint: &'static str,
    pub empty_thread_title: &'static str,
    pub empty_thread_hint: fn(&str) -> String,
    pub messages_with: fn(&str) -> String,
    pub back: &'static str,
    pub today: &'static str,
    pub yesterday: &'static str,
    pub unread_divider: fn(i64) -> String,
    pub jump_to_latest: &'static str,
    pub jump_to_new: fn(u64) -> String,
    pub loading_older: &'static str,
    pub fetch_failed: &'static str,
    pub state_pending: &'static str,
    pub state_sent: &'static str,
    pub not_sent: &'static str,
    pub retry: &'static str,
    pub delete: &'static str,
    pub name_and_text: fn(&str, &str) -> String,

    pub write_message: &'static str,
    pub send: &'static str,
    pub bytes_left: fn(i64) -> String,

    pub connected: &'static str,
    pub connecting: &'static str,
    pub offline: &'static str,
    pub retry_in: fn(u64) -> String,
    pub retry_now: &'static str,
    pub connect_again: &'static str,
    pub stopped_replaced: &'static str,
    pub stopped_kicked_out: &'static str,
    pub stopped_protocol: &'static str,
    pub stopped: &'static str,

    pub dismiss: &'static str,
    pub new_version: &'static str,
    pub reload: &'static str,
    pub outbox_full: &'static str,
    pub outbox_unreadable: &'static str,
    pub copy: &'static str,
    pub logout_failed: &'static str,
    pub server_refused: fn(&str) -> String,
    pub refused: fn(ErrorCode) -> &'static str,

    pub account: AccountTexts,
    pub group: GroupTexts,
    pub panel: PanelTexts,
    pub settings: SettingsTexts,
    pub write: WriteTexts,
    pub receipt: ReceiptTexts,
}
