//! Messages for the tests of this folder.

use tidings_shared::timeline::Timeline;
use tidings_shared::{
    Body, ClientMsgId, Conversation, Direction, GroupId, Message, Mid, Peer, Preview, Seq, UserId,
};

pub(crate) const ME: UserId = UserId(1);
pub(crate) const THEM: Peer = Peer::User(UserId(2));
pub(crate) const GROUP: Peer = Peer::Group(GroupId(7));

/// A message to me, as a push brings it.
pub(crate) fn received(seq: i64) -> Message {
    Message {
        mid: Mid(seq * 10),
        seq: Seq(seq),
        body: Body::Text(format!("message {seq}")),
        owner_uid: UserId(2),
        peer: Peer::User(ME),
        direction: Direction::Sent,
        create_time: seq,
        owner_uid_avatar: String::new(),
        other_uid_avatar: String::new(),
        owner_name: "them".into(),
        other_name: "me".into(),
        client_msg_id: None,
    }
}

/// A message of mine, as the answer to a send brings it.
pub(crate) fn sent(seq: i64, id: &str) -> Message {
    Message {
        owner_uid: ME,
        peer: THEM,
        owner_name: "me".into(),
        other_name: "them".into(),
        client_msg_id: Some(ClientMsgId(id.into())),
        ..received(seq)
    }
}

/// A message to me, as a page brings it.
pub(crate) fn on_page(seq: i64) -> Message {
    Message {
        owner_uid: ME,
        peer: THEM,
        direction: Direction::Received,
        owner_name: "me".into(),
        other_name: "them".into(),
        ..received(seq)
    }
}

/// A message to the group, as pushes and pages bring it: its owner is who sent it.
pub(crate) fn in_group(seq: i64, (uid, name): (i64, &str)) -> Message {
    Message {
        owner_uid: UserId(uid),
        peer: GROUP,
        owner_name: name.into(),
        other_name: "hikers".into(),
        ..received(seq)
    }
}

/// A message of mine to the group.
pub(crate) fn sent_to_group(seq: i64, id: &str) -> Message {
    Message {
        client_msg_id: Some(ClientMsgId(id.into())),
        ..in_group(seq, (ME.0, "me"))
    }
}

pub(crate) fn timeline(range: std::ops::RangeInclusive<i64>) -> Timeline {
    let mut timeline = Timeline::default();
    timeline.handle_page(range.map(on_page).collect());
    timeline
}

pub(crate) fn conversation(last_seq: i64, unread: u64) -> Conversation {
    let unread_seqs = i64::try_from(unread).expect("few");
    Conversation {
        peer: THEM,
        name: "them".into(),
        avatar: String::new(),
        last_seq: Seq(last_seq),
        read_seq: Seq(last_seq - unread_seqs),
        unread,
        delivered: Seq(0),
        peer_read: Seq(0),
        last: Preview {
            mid: Mid(last_seq * 10),
            body: Body::Text(format!("message {last_seq}")),
            direction: Direction::Received,
            create_time: last_seq,
            sender_name: None,
        },
    }
}
