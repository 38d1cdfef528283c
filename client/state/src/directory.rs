//! The known conversations: pages of the list, kept up to date by pushes.
//!
//! A page of the list and a push may overtake each other, so the larger `lastSeq` always wins.

use super::content::Content;
use super::names::name_of;
use super::preview::brief;
use std::rc::Rc;
use tidings_shared::frame::{ConversationList, ListConversations, Receipt};
use tidings_shared::visible::is_blank;
use tidings_shared::{Conversation, Direction, Message, Mid, Peer, Seq, UserId};

/// The last message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// Its id, which orders conversations by arrival.
    pub mid: Mid,
    /// Its text, maybe cut short.
    pub text: Rc<str>,
    /// The kind of content.
    pub content: Content,
    /// Whether the person sent it.
    pub direction: Direction,
    /// The name of who sent it, in a group.
    pub sender: Option<Rc<str>>,
    /// In ms since 1970.
    pub time: i64,
}

/// Up to where the peer of a conversation has received and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiptState {
    /// Their devices acknowledged everything up to here.
    pub delivered: Seq,
    /// They have read everything up to here.
    pub read: Seq,
}

impl ReceiptState {
    /// The maximum of both, per field: receipts never go back.
    #[must_use]
    fn advanced_to(self, delivered: Seq, read: Seq) -> Self {
        Self {
            delivered: self.delivered.max(delivered),
            read: self.read.max(read),
        }
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The peer.
    pub peer: Peer,
    /// The displayed name.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub avatar: Rc<str>,
    /// The sequence number of its last message.
    pub last_seq: Seq,
    /// The sequence number up to which the person has read.
    pub read_seq: Seq,
    /// Messages from others after that.
    pub unread: u64,
    /// The peer's receipts; unused in a group.
    pub receipt_state: ReceiptState,
    /// The last message.
    pub last: LastMessage,
}

/// Which page was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// The page after the loaded ones.
    Next,
    /// A page from the top on, where conversations with new messages are.
    Unlisted,
}

/// The known conversations.
#[derive(Debug, Default)]
pub struct Directory {
    /// By peer.
    entries: Vec<Entry>,
    next: Option<String>,
    asked: Option<Asked>,
    /// Conversations to look up in the list: their read position is not known, because no page has
    /// named them, or they begin anew.
    unlisted: Vec<Peer>,
    /// Whether the first page has arrived.
    loaded: bool,
    /// Entries known before the reconnect that no page has updated yet.
    stale: usize,
    /// Conversations that begin anew and of which the messages are still known.
    begun_anew: Vec<Peer>,
}

impl Directory {
    /// A conversation.
    pub fn get(&self, peer: Peer) -> Option<&Entry> {
        self.position(peer).ok().map(|at| &self.entries[at])
    }

    /// All, by peer.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many.
    pub const fn count(&self) -> usize {
        self.entries.len()
    }

    /// Whether the first page has arrived.
    pub const fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether there are more pages to ask for.
    pub const fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// A new connection brought the first page. Returns the request for the next one if more was
    /// known before and has to be updated.
    pub fn handle_first_page(&mut self, list: ConversationList) -> Option<ListConversations> {
        self.loaded = true;
        self.asked = None;
        for listed in &list.conversations {
            let known = self.get(listed.peer);
            if known.is_some_and(|known| listed.last_seq < known.last_seq) {
                self.forget(listed.peer);
            }
        }
        self.handle_page(list)
    }

    /// The store has another epoch: drops all. `open`: the open conversation, which begins anew.
    pub fn begin_anew(&mut self, open: Option<Peer>) {
        *self = Self::default();
        self.begun_anew.extend(open);
    }

    /// What is known of this conversation is of another history: drops it.
    pub fn forget(&mut self, peer: Peer) {
        self.entries.retain(|entry| entry.peer != peer);
        self.begun_anew.push(peer);
    }

    /// The conversations that begin anew, because the store was restored from a backup: it has
    /// another epoch, or a message or the list contradicted what was known.
    pub fn take_begun_anew(&mut self) -> Vec<Peer> {
        std::mem::take(&mut self.begun_anew)
    }

    /// A page arrived. Returns the request for the next one, if it is needed at once. One that was
    /// not requested is the first page anew, sent because something was missed.
    pub fn handle_page(&mut self, list: ConversationList) -> Option<ListConversations> {
        let asked = self.asked.take();
        if asked.is_none() {
            self.stale = self.entries.len();
        }
        for listed in &list.conversations {
            self.unlisted.retain(|peer| *peer != listed.peer);
            let known = self.get(listed.peer);
            if known.is_some_and(|known| known.contradicts(listed.last_seq, listed.last.mid)) {
                self.forget(listed.peer);
            }
        }
        let of_unlisted = asked == Some(Asked::Unlisted);
        if list.next.is_none() && asked != Some(Asked::Next) {
            // The whole list was searched.
            self.unlisted.clear();
        }
        if !of_unlisted {
            self.stale = self.stale.saturating_sub(list.conversations.len());
            self.next.clone_from(&list.next);
        }
        for conversation in list.conversations {
            self.merge(conversation);
        }
        let stale = self.stale > 0;
        let more = stale.then(|| self.ask()).flatten();
        more.or_else(|| self.request_unlisted(list.next.filter(|_| of_unlisted)))
    }

    /// The request for the next page, unless there is none or it is on its way.
    pub fn ask(&mut self) -> Option<ListConversations> {
        if self.asked.is_some() || self.next.is_none() {
            return None;
        }
        self.asked = Some(Asked::Next);
        Some(ListConversations {
            after: self.next.clone(),
        })
    }

    /// An unknown conversation got a message. Returns the request for the list page that names it,
    /// unless the whole list is loaded, so that it is new indeed.
    pub fn add_unlisted(&mut self, peer: Peer) -> Option<ListConversations> {
        self.next.as_ref()?;
        self.look_up(peer)
    }

    /// Looks up the read position of this conversation. Returns the request for the list page that
    /// names it, unless another page is on its way.
    pub fn look_up(&mut self, peer: Peer) -> Option<ListConversations> {
        if !self.is_unlisted(peer) {
            self.unlisted.push(peer);
        }
        self.request_unlisted(None)
    }

    /// Whether the read position of this conversation is being looked up.
    pub fn is_unlisted(&self, peer: Peer) -> bool {
        self.unlisted.contains(&peer)
    }

    /// `after`: the page to continue with; `None`: the first one.
    fn request_unlisted(&mut self, after: Option<String>) -> Option<ListConversations> {
        if self.asked.is_some() || self.unlisted.is_empty() {
            return None;
        }
        self.asked = Some(Asked::Unlisted);
        Some(ListConversations { after })
    }

    /// The requested page will not come; it may be requested again.
    pub const fn page_failed(&mut self) {
        self.asked = None;
    }

    /// The index of a conversation, or where to insert it.
    fn position(&self, peer: Peer) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&peer, |entry| entry.peer)
    }

    fn merge(&mut self, listed: Conversation) {
        let position = self.position(listed.peer);
        let mut entry = Entry::from(listed);
        if let Ok(at) = position {
            let known = &self.entries[at];
            // A read mark of this page may not have reached the server yet.
            if known.read_seq > entry.read_seq || known.last_seq > entry.last_seq {
                entry.unread = known.unread;
            }
            entry.read_seq = entry.read_seq.max(known.read_seq);
            entry.receipt_state = known
                .receipt_state
                .advanced_to(entry.receipt_state.delivered, entry.receipt_state.read);
            if known.last_seq > entry.last_seq {
                entry.last_seq = known.last_seq;
                entry.last = known.last.clone();
            }
            self.entries[at] = entry;
        } else if let Err(at) = position {
            self.entries.insert(at, entry);
        }
    }

    /// Adds a message that arrived. Returns whether it is new to the list, so that it counts as
    /// unread if it came from someone else.
    pub fn add_message(&mut self, me: UserId, message: &Message) -> bool {
        let (peer, direction) = message.seen_by(me);
        let at = self.position(peer).unwrap_or_else(|at| {
            let from_them = message.owner_uid != me && matches!(peer, Peer::User(_));
            let (name, avatar) = if from_them {
                (&message.owner_name, &message.owner_uid_avatar)
            } else {
                (&message.other_name, &message.other_uid_avatar)
            };
            let mut entry = Entry::without_messages(peer, name, avatar);
            if self.loaded && self.next.is_none() && !self.is_unlisted(peer) {
                // The whole list is loaded, so this conversation is new to the person: what came
                // before they joined is not unread.
                entry.read_seq = message.seq.prev();
            }
            self.entries.insert(at, entry);
            at
        });
        let entry = &mut self.entries[at];
        if message.seq <= entry.last_seq {
            return false;
        }
        entry.last_seq = message.seq;
        entry.last = LastMessage {
            mid: message.mid,
            text: brief(message.body.content()),
            content: (&message.body).into(),
            direction,
            sender: matches!(peer, Peer::Group(_))
                .then(|| name_of(Peer::User(message.owner_uid), &message.owner_name)),
            time: message.create_time,
        };
        true
    }

    /// Counts one more unread message.
    pub fn add_unread(&mut self, peer: Peer) {
        if let Ok(at) = self.position(peer) {
            self.entries[at].unread += 1;
        }
    }

    /// The peer received or read more. For an unknown conversation the list will have it.
    pub fn handle_receipt(&mut self, receipt: Receipt) {
        if let Ok(at) = self.position(Peer::User(receipt.other_uid)) {
            let entry = &mut self.entries[at];
            entry.receipt_state = entry
                .receipt_state
                .advanced_to(receipt.delivered, receipt.read);
        }
    }

    /// Everything up to `seq` was read, and so many are left. Returns how many were unread before.
    pub fn mark_read(&mut self, peer: Peer, seq: Seq, unread: u64) -> u64 {
        let Ok(at) = self.position(peer) else {
            return 0;
        };
        let entry = &mut self.entries[at];
        entry.read_seq = entry.read_seq.max(seq);
        std::mem::replace(&mut entry.unread, unread)
    }
}

impl Entry {
    /// Whether another message than the last one has its `seq`, so that it is of another history.
    pub fn contradicts(&self, seq: Seq, mid: Mid) -> bool {
        let has_mids = self.last.mid > Mid(0) && mid > Mid(0);
        seq == self.last_seq && mid != self.last.mid && has_mids
    }

    fn without_messages(peer: Peer, name: &str, avatar: &str) -> Self {
        Self {
            peer,
            name: name_of(peer, name),
            avatar: avatar.into(),
            last_seq: Seq(0),
            read_seq: Seq(0),
            unread: 0,
            receipt_state: ReceiptState::default(),
            last: LastMessage {
                mid: Mid(0),
                text: "".into(),
                content: Content::Text,
                direction: Direction::Received,
                sender: None,
                time: 0,
            },
        }
    }
}

impl From<Conversation> for Entry {
    fn from(listed: Conversation) -> Self {
        Self {
            peer: listed.peer,
            name: name_of(listed.peer, &listed.name),
            avatar: listed.avatar.into(),
            last_seq: listed.last_seq,
            read_seq: listed.read_seq,
            unread: listed.unread,
            receipt_state: ReceiptState {
                delivered: listed.delivered,
                read: listed.peer_read,
            },
            last: LastMessage {
                mid: listed.last.mid,
                content: (&listed.last.body).into(),
                text: listed.last.body.into_content().into(),
                direction: listed.last.direction,
                sender: listed
                    .last
                    .sender_name
                    .filter(|name| !is_blank(name))
                    .map(Into::into),
                time: listed.last.create_time,
            },
        }
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
