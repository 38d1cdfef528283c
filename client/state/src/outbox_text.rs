//! The stored form of the outbox, in a browser storage that several tabs of one login share.
//!
//! A tab knows the ids of its messages; it replaces those and leaves the others alone. A tab that
//! starts loads all stored messages, and a running one those that others store later: should two
//! tabs then send one message, its `clientMsgId` makes the second a duplicate.

use serde::{Deserialize, Serialize};
use tidings_shared::ClientMsgId;
use tidings_shared::outbox::{Outbox, Pending};

/// The version of the stored form. Version 0 was the bare list of messages.
const VERSION: u32 = 1;

/// The stored JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    messages: Outbox,
}

/// The stored text is no outbox of a version this page knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Reads what [`OutboxText::merged_with`] wrote, or a page of an earlier version.
///
/// # Errors
/// [`Unreadable`]: the text must not be overwritten, since it may hold messages.
pub fn read_outbox(text: &str) -> Result<Outbox, Unreadable> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|_| Unreadable);
    }
    match serde_json::from_str(text) {
        Ok(Stored {
            version: VERSION,
            messages,
        }) => Ok(messages),
        _ => Err(Unreadable),
    }
}

/// One tab's outbox, and the ids of the messages it stored before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxText {
    /// Its messages now.
    pub pending: Vec<Pending>,
    /// The messages that it stored before.
    pub replaces: Vec<ClientMsgId>,
}

impl OutboxText {
    /// The JSON to store in place of `stored`; `None`: nothing is left to store.
    pub fn merged_with(&self, stored: Outbox) -> Option<String> {
        let theirs = stored
            .into_iter()
            .filter(|pending| !self.replaces.contains(&pending.client_msg_id));
        let messages: Outbox = theirs.chain(self.pending.iter().cloned()).collect();
        if messages.is_empty() {
            return None;
        }
        let version = VERSION;
        // Plain structs with string keys always serialize.
        serde_json::to_string(&Stored { version, messages }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::{Peer, UserId};

    fn outbox(ids: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for (at, id) in ids.iter().enumerate() {
            let at = i64::try_from(at).expect("few");
            outbox
                .write(
                    ClientMsgId((*id).into()),
                    Peer::User(UserId(2)),
                    "x".into(),
                    at,
                )
                .expect("not full");
        }
        outbox
    }

    fn text(pending: &[&str], replaces: &[&str]) -> OutboxText {
        OutboxText {
            pending: outbox(pending).iter().cloned().collect(),
            replaces: replaces
                .iter()
                .map(|id| ClientMsgId((*id).into()))
                .collect(),
        }
    }

    fn stored_ids(json: Option<String>) -> Vec<String> {
        let outbox = read_outbox(&json.expect("something")).expect("own form");
        outbox.iter().map(|p| p.client_msg_id.0.clone()).collect()
    }

    #[test]
    fn messages_of_another_tab_stay() {
        let json = text(&["mine"], &["mine"]).merged_with(outbox(&["theirs"]));
        assert_eq!(stored_ids(json), ["theirs", "mine"]);
    }

    #[test]
    fn answered_messages_are_removed() {
        let json = text(&["b"], &["a", "b"]).merged_with(outbox(&["a", "b"]));
        assert_eq!(stored_ids(json), ["b"]);
        assert_eq!(
            text(&[], &["a", "b"]).merged_with(outbox(&["a", "b"])),
            None
        );
    }

    #[test]
    fn version_0_list_is_read() {
        let list = serde_json::to_string(&outbox(&["a", "b"])).expect("plain");
        assert_eq!(stored_ids(Some(list)), ["a", "b"]);
    }

    #[test]
    fn unknown_format_is_unreadable() {
        let newer = r#"{"version":2,"messages":[]}"#;
        for text in ["", "{", "null", "[1]", newer, r#"{"messages":[]}"#] {
            assert_eq!(read_outbox(text), Err(Unreadable), "{text}");
        }
    }
}
