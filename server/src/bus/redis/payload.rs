//! An event as it crosses Redis: a version, who published it and when, and the event in postcard's
//! compact form, with the JSON texts as they are. A payload that cannot be read is no event.

use crate::bus::{Event, MessageEvent};
use crate::gateway::ConnectionId;
use crate::store::SessionHash;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tidings_shared::frame::{ReadMark, Receipt};
use tidings_shared::{ConversationId, Mid, Peer, Seq, UserId, api};

/// Nodes of different versions may share a Redis while they are replaced one by one: a payload of
/// another version is counted and left, and the store is read at the next occasion.
const VERSION: u8 = 1;

/// A node's process, told apart from all others by 64 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u64);

/// What came over Redis.
#[derive(Debug)]
pub struct Received {
    /// Who published it.
    pub node: NodeId,
    /// When, by that node's clock, in ms since 1970.
    pub published_at: i64,
    /// What.
    pub event: Event,
}

/// Not a payload of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Empty, or written by another version.
    #[error("not of version {VERSION}")]
    Version,
    /// Cut off or garbled.
    #[error("{0}")]
    Garbled(#[from] postcard::Error),
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    node: NodeId,
    published_at: i64,
    #[serde(borrow)]
    event: WireEvent<'a>,
}

#[derive(Serialize, Deserialize)]
enum WireEvent<'a> {
    Gap,
    Message {
        conversation: ConversationId,
        seq: Seq,
        mid: Mid,
        sender: UserId,
        origin: u64,
        for_others: &'a str,
        /// `None`: the same text.
        for_sender: Option<&'a str>,
    },
    Read {
        conversation: ConversationId,
        peer: Peer,
        seq: Seq,
        unread: u64,
        total: u64,
        delivered: bool,
    },
    LoggedOut([u8; 32]),
    // Unreadable to a node of an older version, which has nobody to tell of it.
    Receipt {
        other: UserId,
        delivered: Seq,
        read: Seq,
    },
    // As a receipt.
    Profile {
        uid: UserId,
        username: &'a str,
        avatar: &'a str,
    },
}

/// The bytes of an event.
#[expect(
    clippy::missing_panics_doc,
    reason = "a vector takes any number of bytes"
)]
pub fn encode(node: NodeId, published_at: i64, event: &Event) -> Vec<u8> {
    let envelope = Envelope {
        node,
        published_at,
        event: WireEvent::from(event),
    };
    postcard::to_extend(&envelope, vec![VERSION])
        .expect("a vector takes any number of bytes, and no field is of unknown length")
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`PayloadError`] for anything else; never a panic.
pub fn decode(bytes: &[u8]) -> Result<Received, PayloadError> {
    let Some((&VERSION, rest)) = bytes.split_first() else {
        return Err(PayloadError::Version);
    };
    let envelope: Envelope<'_> = postcard::from_bytes(rest)?;
    Ok(Received {
        node: envelope.node,
        published_at: envelope.published_at,
        event: envelope.event.into(),
    })
}

impl<'a> From<&'a Event> for WireEvent<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Gap => Self::Gap,
            Event::Message(message) => Self::Message {
                conversation: message.conversation,
                seq: message.seq,
                mid: message.mid,
                sender: message.sender,
                origin: message.origin.0,
                for_others: &message.for_others,
                for_sender: (message.for_sender != message.for_others)
                    .then_some(&*message.for_sender),
            },
            Event::Read {
                conversation,
                mark,
                delivered,
            } => Self::Read {
                conversation: *conversation,
                peer: mark.peer,
                seq: mark.seq,
                unread: mark.unread,
                total: mark.total,
                delivered: *delivered,
            },
            Event::LoggedOut(hash) => Self::LoggedOut(hash.0),
            Event::Receipt(receipt) => Self::Receipt {
                other: receipt.other_uid,
                delivered: receipt.delivered,
                read: receipt.read,
            },
            Event::Profile(user) => Self::Profile {
                uid: user.uid,
                username: &user.username,
                avatar: &user.avatar,
            },
        }
    }
}

impl From<WireEvent<'_>> for Event {
    fn from(event: WireEvent<'_>) -> Self {
        match event {
            WireEvent::Gap => Self::Gap,
            WireEvent::Message {
                conversation,
                seq,
                mid,
                sender,
                origin,
                for_others,
                for_sender,
            } => {
                let for_others: Arc<str> = for_others.into();
                Self::Message(Arc::new(MessageEvent {
                    conversation,
                    seq,
                    mid,
                    sender,
                    origin: ConnectionId(origin),
                    taken_at: None,
                    for_sender: for_sender.map_or_else(|| Arc::clone(&for_others), Arc::from),
                    for_others,
                }))
            }
            WireEvent::Read {
                conversation,
                peer,
                seq,
                unread,
                total,
                delivered,
            } => Self::Read {
                conversation,
                mark: ReadMark {
                    peer,
                    seq,
                    unread,
                    total,
                },
                delivered,
            },
            WireEvent::LoggedOut(hash) => Self::LoggedOut(SessionHash(hash)),
            WireEvent::Receipt {
                other,
                delivered,
                read,
            } => Self::Receipt(Receipt {
                other_uid: other,
                delivered,
                read,
            }),
            WireEvent::Profile {
                uid,
                username,
                avatar,
            } => Self::Profile(api::User {
                uid,
                username: username.to_owned(),
                avatar: avatar.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event() -> impl Strategy<Value = Event> {
        let message = (
            any::<[i64; 4]>(),
            any::<u64>(),
            ".*",
            any::<Option<String>>(),
        );
        prop_oneof![
            any::<()>().prop_map(|()| Event::Gap),
            any::<[u8; 32]>().prop_map(|hash| Event::LoggedOut(SessionHash(hash))),
            any::<[i64; 3]>().prop_map(|[uid, delivered, read]| {
                Event::Receipt(Receipt {
                    other_uid: UserId(uid),
                    delivered: Seq(delivered),
                    read: Seq(read),
                })
            }),
            (any::<i64>(), ".*", ".*").prop_map(|(uid, username, avatar)| {
                Event::Profile(api::User {
                    uid: UserId(uid),
                    username,
                    avatar,
                })
            }),
            message.prop_map(|([conversation, seq, mid, sender], origin, text, own)| {
                let for_others: Arc<str> = text.into();
                Event::Message(Arc::new(MessageEvent {
                    conversation: ConversationId(conversation),
                    seq: Seq(seq),
                    mid: Mid(mid),
                    sender: UserId(sender),
                    origin: ConnectionId(origin),
                    taken_at: None,
                    for_sender: own.map_or_else(|| Arc::clone(&for_others), Arc::from),
                    for_others,
                }))
            }),
            (any::<[i64; 3]>(), any::<[u64; 2]>(), any::<bool>()).prop_map(
                |([conversation, uid, seq], [unread, total], delivered)| Event::Read {
                    conversation: ConversationId(conversation),
                    mark: ReadMark {
                        peer: Peer::User(UserId(uid)),
                        seq: Seq(seq),
                        unread,
                        total,
                    },
                    delivered,
                }
            ),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(event in event(), node: u64, at: i64) {
            let received = decode(&encode(NodeId(node), at, &event)).expect("readable");
            prop_assert_eq!((received.node, received.published_at), (NodeId(node), at));
            prop_assert_eq!(format!("{:?}", received.event), format!("{event:?}"));
        }

        #[test]
        fn what_nobody_wrote_is_refused_without_a_panic(bytes: Vec<u8>, cut: u8) {
            let _ = decode(&bytes);
            let mut text = encode(NodeId(1), 1, &Event::LoggedOut(SessionHash([7; 32])));
            text.truncate(usize::from(cut) % text.len());
            prop_assert!(decode(&text).is_err());
        }
    }

    #[test]
    fn another_version_is_told_apart() {
        let mut bytes = encode(NodeId(1), 1, &Event::Gap);
        bytes[0] = VERSION + 1;
        assert_eq!(decode(&bytes).map(|_| ()), Err(PayloadError::Version));
    }
}
