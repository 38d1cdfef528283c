//! The rows of the conversation list: the last message, a pending one, or the draft.

use super::chat::Chat;
use super::content::{Content, GroupEvent};
use super::presence::PresenceStatus;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::rc::Rc;
use tidings_shared::{Direction, Peer, limits};

/// The kind of a row's second line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewKind {
    /// A draft.
    Draft,
    /// A pending message.
    Pending,
    /// A refused message.
    Failed,
    /// The last message, which the person sent.
    Sent,
    /// The last message, which the person received.
    Received,
    /// The last event of a group.
    Event(GroupEvent),
    /// The last message, of a kind that this page cannot show.
    Unsupported,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The peer.
    pub peer: Peer,
    /// The displayed name.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub avatar: Rc<str>,
    /// The kind of the second line.
    pub kind: PreviewKind,
    /// The second line.
    pub text: Rc<str>,
    /// The name of who sent the last message, in a group, unless it was the person.
    pub sender: Option<Rc<str>>,
    /// Of the last message, in ms since 1970.
    pub time: i64,
    /// Unread messages.
    pub unread: u64,
    /// Whether it is the open one.
    pub selected: bool,
    /// Whether the other person is known to be online.
    pub online: bool,
}

impl Chat {
    /// The rows of the list: those with pending messages first, then by the arrival of the last
    /// message, whatever its time.
    pub fn list_rows(&self) -> Vec<ListRow> {
        let open = self.open_peer();
        let mut rows: Vec<ListRow> = self
            .directory()
            .iter()
            .map(|entry| {
                let last = &entry.last;
                let kind = match (last.content, last.direction) {
                    (Content::Event(event), _) => PreviewKind::Event(event),
                    (Content::Unsupported, _) => PreviewKind::Unsupported,
                    (Content::Text, Direction::Sent) => PreviewKind::Sent,
                    (Content::Text, Direction::Received) => PreviewKind::Received,
                };
                let received = last.direction == Direction::Received;
                ListRow {
                    peer: entry.peer,
                    name: entry.name.clone(),
                    avatar: entry.avatar.clone(),
                    kind,
                    text: last.text.clone(),
                    sender: last.sender.clone().filter(|_| received),
                    time: last.time,
                    unread: entry.unread,
                    selected: open == Some(entry.peer),
                    online: self.presence(entry.peer) == Some(PresenceStatus::Online),
                }
            })
            .collect();
        let mut outgoing = BTreeSet::new();
        for pending in self.outbox().iter() {
            outgoing.insert(pending.peer);
            let at = position(&rows, pending.peer).unwrap_or_else(|at| {
                rows.insert(at, self.empty_row(pending.peer));
                at
            });
            let row = &mut rows[at];
            row.kind = match pending.failed {
                Some(_) => PreviewKind::Failed,
                None => PreviewKind::Pending,
            };
            row.text = brief(&pending.content);
            row.time = row.time.max(pending.written_at);
        }
        for (peer, draft) in self.drafts() {
            if let Ok(at) = position(&rows, *peer)
                && !rows[at].selected
            {
                rows[at].kind = PreviewKind::Draft;
                rows[at].text = brief(draft);
            }
        }
        rows.sort_by_cached_key(|row| {
            let last = self.directory().get(row.peer).map(|entry| entry.last.mid);
            let order = (outgoing.contains(&row.peer), last, row.time);
            (Reverse(order), row.peer)
        });
        rows
    }

    fn empty_row(&self, peer: Peer) -> ListRow {
        let (name, avatar) = self.name_and_avatar(peer);
        ListRow {
            peer,
            name,
            avatar,
            kind: PreviewKind::Received,
            text: "".into(),
            sender: None,
            time: 0,
            unread: 0,
            selected: self.open_peer() == Some(peer),
            online: self.presence(peer) == Some(PresenceStatus::Online),
        }
    }
}

/// The part of a text that a row may show.
pub(super) fn brief(text: &str) -> Rc<str> {
    let end = text.char_indices().nth(limits::PREVIEW_CHARS);
    text[..end.map_or(text.len(), |(at, _)| at)].into()
}

/// The index of a peer's row, or where to insert it, among rows by peer.
fn position(rows: &[ListRow], peer: Peer) -> Result<usize, usize> {
    rows.binary_search_by_key(&peer, |row| row.peer)
}
