//! The rows of the conversation list: what a person has said last, is about to say, or was told.

use super::chat::Chat;
use super::content::{Content, Event};
use super::presence::Standing;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::rc::Rc;
use tidings_shared::{Direction, Peer, limits};

/// What a row's second line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewKind {
    /// Written and not sent.
    Draft,
    /// On its way.
    Pending,
    /// Refused.
    Failed,
    /// The last message, which the person sent.
    Sent,
    /// The last message, which the person received.
    Received,
    /// What happened to a group last.
    Event(Event),
    /// The last message, of a kind that this page cannot show.
    Unsupported,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// With whom.
    pub peer: Peer,
    /// The name shown.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub avatar: Rc<str>,
    /// What the second line is.
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
    /// The rows of the list: what is on its way first, then by what arrived last, whatever the clocks said.
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
                    online: self.standing(entry.peer) == Some(Standing::Online),
                }
            })
            .collect();
        let mut outgoing = BTreeSet::new();
        for pending in self.outbox().iter() {
            outgoing.insert(pending.peer);
            let at = place(&rows, pending.peer).unwrap_or_else(|at| {
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
            if let Ok(at) = place(&rows, *peer)
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
        let (name, avatar) = self.face(peer);
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
            online: self.standing(peer) == Some(Standing::Online),
        }
    }
}

/// As much of a text as a row may show.
pub(super) fn brief(text: &str) -> Rc<str> {
    let end = text.char_indices().nth(limits::PREVIEW_CHARS);
    text[..end.map_or(text.len(), |(at, _)| at)].into()
}

/// Where a peer's row is, or would be, among rows by peer.
fn place(rows: &[ListRow], peer: Peer) -> Result<usize, usize> {
    rows.binary_search_by_key(&peer, |row| row.peer)
}
