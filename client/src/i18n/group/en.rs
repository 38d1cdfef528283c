//! English.

use super::GroupTexts;
use crate::i18n::isolate::isolated;
use crate::net::HttpError;
use tidings_client_state::GroupEvent;
use tidings_shared::api::ProblemCode;

pub(in crate::i18n) const TEXTS: GroupTexts = GroupTexts {
    group: "Group",
    new: "New group",
    name: "Name of the group",
    name_missing: "Give the group a name.",
    name_too_long: "The name is too long. Shorten it to 64 characters.",
    people: "People",
    search_people: "Search people",
    chosen: |count| format!("{count} chosen"),
    nobody_chosen: "Choose at least one person.",
    remove: |name| format!("Remove {}", isolated(name)),
    create: "Create",
    add_members: "Add members",
    add: "Add",
    cancel: "Cancel",
    is_member: "Member",
    failed,

    count: |count| match count {
        1 => "1 member".into(),
        count => format!("{count} members"),
    },
    members: "Members",
    show_members: "Show the members",
    close: "Close",
    owner: "Owner",
    yourself: "You",
    members_failed: "The members could not be loaded.",
    messages_in: |name| format!("Messages in {}", isolated(name)),

    event: |event, who, content| {
        let who = who.map_or_else(|| "You".into(), isolated);
        let content = isolated(content);
        match event {
            GroupEvent::Created => format!("{who} created the group “{content}”"),
            GroupEvent::Added => format!("{who} added {content}"),
        }
    },
};

fn failed(error: &HttpError) -> String {
    match error {
        HttpError::Refused(ProblemCode::LimitReached, _) => {
            "A group has at most 10,000 members. Choose fewer people.".into()
        }
        HttpError::Refused(ProblemCode::Forbidden, _) => {
            "Only the group’s owner can add members. Ask them to do it.".into()
        }
        HttpError::Refused(ProblemCode::NotFound, _) => {
            "This group does not exist any more, or you are not in it.".into()
        }
        HttpError::Refused(_, reason) => {
            format!("The server refused this: {reason}. Change it and try again.")
        }
        HttpError::TooManyAttempts(Some(seconds)) => {
            format!("That was too much at once. Try again in {seconds} seconds.")
        }
        HttpError::TooManyAttempts(None) => "That was too much at once. Try again later.".into(),
        HttpError::Network => {
            "The server did not answer. Check your connection and your chats, then try again."
                .into()
        }
        HttpError::NotLoggedIn | HttpError::BadCredentials | HttpError::Server => {
            "The server cannot do this right now. Try again in a moment.".into()
        }
    }
}
