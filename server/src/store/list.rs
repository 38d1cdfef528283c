//! A user's list of conversations.

use super::{Party, Profile};
use tidings_shared::{Direction, Mid, MsgType, Peer, Preview, Seq, UserId, limits};

/// Where a page of the list ended: at the conversation with this last message. Ids are given in the order
/// of arrival, which no clock that was wrong for a while has disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursor(pub Mid);

impl ListCursor {
    /// Reads what [`Self::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(Mid(text.parse().ok()?)))
    }

    /// The form clients hand back unread.
    pub fn to_text(self) -> String {
        self.0.to_string()
    }
}

/// A conversation in a list, with its last message cut short.
#[derive(Debug, Clone)]
pub struct ListRow {
    /// Where the list goes on after it.
    pub cursor: ListCursor,
    /// The other side.
    pub other: Party,
    /// Its last place.
    pub last_seq: Seq,
    /// Up to where the list's owner has read.
    pub read_seq: Seq,
    /// Messages from others after that.
    pub unread: u64,
    /// Up to where the other side acknowledged and has read, unless it is a group.
    pub receipt: Option<(Seq, Seq)>,
    /// Who wrote the last message.
    pub last_sender: Profile,
    /// The beginning of its text.
    pub last_content: String,
    /// Its kind.
    pub last_msg_type: MsgType,
    /// When it was stored, in ms since 1970.
    pub last_at: i64,
}

impl ListRow {
    /// As it crosses the wire to `me`, whose list it is. Control characters become spaces, so that a
    /// page of previews stays within a frame however JSON escapes them.
    pub fn conversation(self, me: UserId) -> tidings_shared::Conversation {
        let mine = self.last_sender.uid == me;
        let in_group = matches!(self.other.peer, Peer::Group(_));
        let (delivered, peer_read) = self.receipt.unwrap_or_default();
        let content = self.last_content.chars().take(limits::PREVIEW_CHARS);
        tidings_shared::Conversation {
            peer: self.other.peer,
            name: self.other.name,
            avatar: self.other.avatar,
            last_seq: self.last_seq,
            read_seq: self.read_seq,
            unread: self.unread,
            delivered,
            peer_read,
            last: Preview {
                mid: self.cursor.0,
                content: content
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect(),
                msg_type: self.last_msg_type,
                direction: if mine {
                    Direction::Sent
                } else {
                    Direction::Received
                },
                create_time: self.last_at,
                sender_name: in_group.then_some(self.last_sender.name),
            },
        }
    }
}
