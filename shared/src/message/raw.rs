//! The deserialized forms of a message and a conversation, with the peer and the body
//! as two fields each.
//!
//! Serialization uses `#[serde(flatten)]`; deserialization with it would buffer every field.

use super::{Body, Conversation, Direction, Message, MsgType, Preview};
use crate::{ClientMsgId, GroupId, Mid, Peer, Seq, UserId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawMessage {
    mid: Mid,
    seq: Seq,
    content: String,
    msg_type: MsgType,
    owner_uid: UserId,
    other_uid: Option<UserId>,
    group_id: Option<GroupId>,
    #[serde(rename = "type")]
    direction: Direction,
    create_time: i64,
    owner_uid_avatar: String,
    other_uid_avatar: String,
    owner_name: String,
    other_name: String,
    client_msg_id: Option<ClientMsgId>,
}

impl TryFrom<RawMessage> for Message {
    type Error = String;

    fn try_from(raw: RawMessage) -> Result<Self, String> {
        Ok(Self {
            mid: raw.mid,
            seq: raw.seq,
            body: Body::new(raw.msg_type, raw.content),
            owner_uid: raw.owner_uid,
            peer: Peer::of_fields(raw.other_uid, raw.group_id, "otherUid")?,
            direction: raw.direction,
            create_time: raw.create_time,
            owner_uid_avatar: raw.owner_uid_avatar,
            other_uid_avatar: raw.other_uid_avatar,
            owner_name: raw.owner_name,
            other_name: raw.other_name,
            client_msg_id: raw.client_msg_id,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawConversation {
    other_uid: Option<UserId>,
    group_id: Option<GroupId>,
    name: String,
    avatar: String,
    last_seq: Seq,
    read_seq: Seq,
    unread: u64,
    #[serde(default)]
    delivered: Seq,
    #[serde(default)]
    peer_read: Seq,
    last: Preview,
}

impl TryFrom<RawConversation> for Conversation {
    type Error = String;

    fn try_from(raw: RawConversation) -> Result<Self, String> {
        Ok(Self {
            peer: Peer::of_fields(raw.other_uid, raw.group_id, "otherUid")?,
            name: raw.name,
            avatar: raw.avatar,
            last_seq: raw.last_seq,
            read_seq: raw.read_seq,
            unread: raw.unread,
            delivered: raw.delivered,
            peer_read: raw.peer_read,
            last: raw.last,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawPreview {
    #[serde(default)]
    mid: Mid,
    content: String,
    msg_type: MsgType,
    #[serde(rename = "type")]
    direction: Direction,
    create_time: i64,
    sender_name: Option<String>,
}

impl From<RawPreview> for Preview {
    fn from(raw: RawPreview) -> Self {
        Self {
            mid: raw.mid,
            body: Body::new(raw.msg_type, raw.content),
            direction: raw.direction,
            create_time: raw.create_time,
            sender_name: raw.sender_name,
        }
    }
}
