//! The encoding of an event in Redis: a version byte, then sender node, time and event in postcard
//! format, with JSON texts unchanged. Unreadable payloads are ignored.

use crate::domain::ConnectionId;
use crate::domain::{BusEvent, MessageEvent, SessionHash};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tidings_shared::frame::{ReadMark, Receipt};
use tidings_shared::{ConversationId, Mid, Peer, Seq, UserId, api};

/// Nodes of different versions may share a Redis during a rolling update: a payload of another
/// version is counted and skipped; the store is read at the next resync.
const VERSION: u8 = 1;

/// A node's process, identified by 64 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u64);

/// A decoded payload.
#[derive(Debug)]
pub struct Received {
    /// Who published it.
    pub node: NodeId,
    /// When, by that node's clock, in ms since 1970.
    pub published_at: i64,
    /// The event.
    pub event: BusEvent,
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
    Resync,
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
    // Unreadable to a node of an older version, which has no client for it.
    Receipt {
        other: UserId,
        delivered: Seq,
        read: Seq,
    },
    // Like a receipt.
    Profile {
        uid: UserId,
        username: &'a str,
        avatar: &'a str,
    },
}

/// Encodes an event.
#[expect(
    clippy::missing_panics_doc,
    reason = "a vector takes any number of bytes"
)]
pub fn encode(node: NodeId, published_at: i64, event: &BusEvent) -> Vec<u8> {
    let envelope = Envelope {
        node,
        published_at,
        event: WireEvent::from(event),
    };
    postcard::to_extend(&envelope, vec![VERSION])
        .expect("a vector takes any number of bytes, and no field is of unknown length")
}

/// Decodes what [`encode`] wrote.
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

impl<'a> From<&'a BusEvent> for WireEvent<'a> {
    fn from(event: &'a BusEvent) -> Self {
        match event {
            BusEvent::Resync => Self::Resync,
            BusEvent::Message(message) => Self::Message {
                conversation: message.conversation,
                seq: message.seq,
                mid: message.mid,
                sender: message.sender,
                origin: message.origin.0,
                for_others: &message.for_others,
                for_sender: (message.for_sender != message.for_others)
                    .then_some(&*message.for_sender),
            },
            BusEvent::Read {
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
            BusEvent::LoggedOut(hash) => Self::LoggedOut(hash.0),
            BusEvent::Receipt(receipt) => Self::Receipt {
                other: receipt.other_uid,
                delivered: receipt.delivered,
                read: receipt.read,
            },
            BusEvent::Profile(user) => Self::Profile {
                uid: user.uid,
                username: &user.username,
                avatar: &user.avatar,
            },
        }
    }
}

impl From<WireEvent<'_>> for BusEvent {
    fn from(event: WireEvent<'_>) -> Self {
        match event {
            WireEvent::Resync => Self::Resync,
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
                    received_at: None,
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

    fn event() -> impl Strategy<Value = BusEvent> {
        let message = (
            any::<[i64; 4]>(),
            any::<u64>(),
            ".*",
            any::<Option<String>>(),
        );
        prop_oneof![
            any::<()>().prop_map(|()| BusEvent::Resync),
            any::<[u8; 32]>().prop_map(|hash| BusEvent::LoggedOut(SessionHash(hash))),
            any::<[i64; 3]>().prop_map(|[uid, delivered, read]| {
                BusEvent::Receipt(Receipt {
                    other_uid: UserId(uid),
                    delivered: Seq(delivered),
                    read: Seq(read),
                })
            }),
            (any::<i64>(), ".*", ".*").prop_map(|(uid, username, avatar)| {
                BusEvent::Profile(api::User {
                    uid: UserId(uid),
                    username,
                    avatar,
                })
            }),
            message.prop_map(
                |([conversation, seq, mid, sender], origin, text, with_key)| {
                    let for_others: Arc<str> = text.into();
                    BusEvent::Message(Arc::new(MessageEvent {
                        conversation: ConversationId(conversation),
                        seq: Seq(seq),
                        mid: Mid(mid),
                        sender: UserId(sender),
                        origin: ConnectionId(origin),
                        received_at: None,
                        for_sender: with_key.map_or_else(|| Arc::clone(&for_others), Arc::from),
                        for_others,
                    }))
                }
            ),
            (any::<[i64; 3]>(), any::<[u64; 2]>(), any::<bool>()).prop_map(
                |([conversation, uid, seq], [unread, total], delivered)| BusEvent::Read {
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
        fn encoded_event_is_decoded(event in event(), node: u64, at: i64) {
            let received = decode(&encode(NodeId(node), at, &event)).expect("readable");
            prop_assert_eq!((received.node, received.published_at), (NodeId(node), at));
            prop_assert_eq!(format!("{:?}", received.event), format!("{event:?}"));
        }

        #[test]
        fn garbled_payload_is_refused_without_a_panic(bytes: Vec<u8>, cut: u8) {
            let _ = decode(&bytes);
            let mut text = encode(NodeId(1), 1, &BusEvent::LoggedOut(SessionHash([7; 32])));
            text.truncate(usize::from(cut) % text.len());
            prop_assert!(decode(&text).is_err());
        }
    }

    #[test]
    fn payload_of_another_version_is_refused() {
        let mut bytes = encode(NodeId(1), 1, &BusEvent::Resync);
        bytes[0] = VERSION + 1;
        assert_eq!(decode(&bytes).map(|_| ()), Err(PayloadError::Version));
    }
}
