//! A user's list of conversations.

use super::{PeerProfile, Profile};
use tidings_shared::{Body, Direction, Mid, Peer, Preview, Seq, UserId};

/// The end of a page of the list: the id of the last conversation's last message. Ids are in order
/// of arrival, unaffected by clock errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursor(pub Mid);

impl ListCursor {
    /// Parses what [`Self::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(Mid(text.parse().ok()?)))
    }

    /// The opaque form that clients pass back.
    pub fn to_text(self) -> String {
        self.0.to_string()
    }
}

/// A conversation in a list, with a preview of its last message.
#[derive(Debug, Clone)]
pub struct ListRow {
    /// The cursor after this row.
    pub cursor: ListCursor,
    /// The other participant or the group.
    pub other: PeerProfile,
    /// Its last sequence number.
    pub last_seq: Seq,
    /// The list owner's read cursor.
    pub read_seq: Seq,
    /// Unread messages from others.
    pub unread: u64,
    /// The other participant's delivered and read cursors; `None` for a group.
    pub receipt: Option<(Seq, Seq)>,
    /// Who wrote the last message.
    pub last_sender: Profile,
    /// What it says, at least as much of it as a preview shows.
    pub last_body: Body,
    /// When it was stored, in ms since 1970.
    pub last_at: i64,
}

impl ListRow {
    /// The wire form for `me`, whose list it is.
    pub fn conversation(self, me: UserId) -> tidings_shared::Conversation {
        let mine = self.last_sender.uid == me;
        let in_group = matches!(self.other.peer, Peer::Group(_));
        let (delivered, peer_read) = self.receipt.unwrap_or_default();
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
                body: self.last_body.preview(),
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
