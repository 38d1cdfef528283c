//! English.

use super::isolate::isolated;
use super::{Texts, short};
use crate::net::HttpError;
use tidings_shared::ErrorCode;

pub(super) const TEXTS: Texts = Texts {
    other_language: "中文",
    switch_language: "切换到中文",

    slogan: "Messages that arrive.",
    email: "Email",
    password: "Password",
    log_in: "Log in",
    logging_in: "Logging in…",
    fill_in_both: "Enter your email and your password.",
    login_failed,
    session_ended: "Your session has ended. Log in again; what you wrote is kept.",
    server_unreachable: "The server cannot be reached. Check your connection and try again.",
    try_again: "Try again",
    loading: "Loading…",

    log_out: "Log out",
    unsent_title: "Some messages were not sent",
    unsent_question: |count| {
        if count == 1 {
            "1 message has not been sent yet. If you log out now, it is lost.".into()
        } else {
            format!("{count} messages have not been sent yet. If you log out now, they are lost.")
        }
    },
    log_out_anyway: "Log out anyway",
    cancel: "Stay",

    chats: "Chats",
    contacts: "Contacts",
    search: "Search",
    total_unread: |count| format!("{} unread in all", short(count)),
    unread: |count| format!("{} unread", short(count)),
    draft: "Draft: ",
    you: "You: ",
    online: "online",
    last_seen: |time| format!("last seen: {time}"),
    unsupported: "This kind of message cannot be shown here.",
    no_chats_title: "No conversations yet",
    no_chats_hint: "Choose someone under Contacts and write to them, or create a group.",
    no_contacts_title: "Nobody else is here yet",
    no_contacts_hint: "Whoever is added to this server appears here.",
    nothing_found: |query| format!("Nobody is called “{}”.", isolated(query)),
    nothing_found_hint: "Check the spelling, or try a part of the name.",
    contacts_failed: "The contacts could not be loaded.",

    pick_title: "Choose a conversation",
    pick_hint: "Your conversations are on the left; under Contacts you find everyone else.",
    empty_thread_title: "No messages yet",
    empty_thread_hint: |name| format!("Write the first message to {} below.", isolated(name)),
    messages_with: |name| format!("Messages with {}", isolated(name)),
    back: "Back to the list",
    today: "Today",
    yesterday: "Yesterday",
    unread_divider: |above| match above {
        0 => "Unread messages".into(),
        count => format!("Unread messages · {count} more above"),
    },
    jump_to_latest: "Jump to the latest message",
    jump_to_new: |count| format!("Jump to {} new", short(count)),
    loading_older: "Loading older messages…",
    fetch_failed: "Some messages could not be loaded.",
    state_pending: "on its way",
    state_sent: "sent",
    not_sent: "Not sent: ",
    retry: "Retry",
    delete: "Delete",
    name_and_text: |name, text| format!("{}: {text}", isolated(name)),

    write_message: "Write a message",
    send: "Send",
    bytes_left: |left| {
        let unit = if left.abs() == 1 { "byte" } else { "bytes" };
        if left < 0 {
            format!("{} {unit} too many", -left)
        } else {
            format!("{left} {unit} left")
        }
    },

    connected: "Connected",
    connecting: "Connecting…",
    offline: "Offline,",
    retry_in: |seconds| format!("retry in {seconds} s"),
    retry_now: "Retry now",
    connect_again: "Connect again",
    stopped_replaced: "Another window took over this connection.",
    stopped_kicked_out: "This login was ended from elsewhere.",
    stopped_protocol: "This page is out of date. Reload it.",
    stopped: "The server ended the connection.",

    dismiss: "Dismiss",
    new_version: "There is a new version of Tidings.",
    reload: "Reload",
    outbox_full: "Too many messages are waiting to be sent. Wait for the connection to come back.",
    outbox_unreadable: "Messages that were waiting to be sent could not be read. They are kept in this browser and were not sent; copy them to pass them on.",
    copy: "Copy",
    logout_failed: "The server could not be reached, so you are still logged in. Try again.",
    server_refused: |reason| format!("That did not work: {reason}"),
    refused,

    account: super::account::EN,
    group: super::group::EN,
    panel: super::panel::EN,
    settings: super::settings::EN,
    write: super::write::EN,
    receipt: super::receipt::EN,
};

fn login_failed(error: &HttpError) -> String {
    match error {
        HttpError::BadCredentials => "The email or the password is wrong.".into(),
        HttpError::TooManyAttempts(None) => "Too many attempts. Try again later.".into(),
        HttpError::TooManyAttempts(Some(seconds)) if *seconds <= 90 => {
            format!("Too many attempts. Try again in {seconds} seconds.")
        }
        HttpError::TooManyAttempts(Some(seconds)) => {
            format!(
                "Too many attempts. Try again in {} minutes.",
                seconds.div_ceil(60)
            )
        }
        HttpError::Network => {
            "The server cannot be reached. Check your connection and try again.".into()
        }
        HttpError::NotLoggedIn | HttpError::Refused(..) | HttpError::Server => {
            "The server cannot answer right now. Try again in a moment.".into()
        }
    }
}

const fn refused(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::TooLong | ErrorCode::TooLarge => "it is too long.",
        ErrorCode::Empty => "it is empty.",
        ErrorCode::UnknownRecipient => "this person or group does not exist any more.",
        ErrorCode::InvalidRecipient => "you cannot write to yourself.",
        ErrorCode::InvalidContent => "it holds a character that cannot be sent.",
        ErrorCode::TooManyRequests => "too much at once; it goes on in a moment.",
        ErrorCode::Busy | ErrorCode::TooManyConnections => "the server is busy.",
        ErrorCode::Unavailable => "the server cannot store messages right now.",
        ErrorCode::NotLoggedIn | ErrorCode::UidMismatch => "this login is not valid any more.",
        ErrorCode::Malformed
        | ErrorCode::TooDeep
        | ErrorCode::UnknownType
        | ErrorCode::NotBound
        | ErrorCode::AlreadyBound
        | ErrorCode::BindTimeout
        | ErrorCode::InvalidMsgType
        | ErrorCode::InvalidClientMsgId
        | ErrorCode::Unknown => "the server did not understand this page; reload it.",
    }
}
