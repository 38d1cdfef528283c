//! The conversations a person has, as far as they are known: pages of the list, kept fresh by
//! what arrives.
//!
//! A page of the list and a push may overtake each other, so the larger `lastSeq` wins, always.

use super::content::Content;
use super::names::name_of;
use super::preview::brief;
use std::rc::Rc;
use tidings_shared::frame::{ConversationList, ListConversations, Receipt};
use tidings_shared::visible::is_blank;
use tidings_shared::{Conversation, Direction, Message, Mid, Peer, Seq, UserId};

/// The last message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Its id, by which conversations are ordered: in the order of arrival.
    pub mid: Mid,
    /// Its text, maybe cut short.
    pub text: Rc<str>,
    /// What the text is.
    pub content: Content,
    /// Whether the person sent it.
    pub direction: Direction,
    /// The name of who sent it, in a group.
    pub sender: Option<Rc<str>>,
    /// In ms since 1970.
    pub time: i64,
}

/// How far the other side of a conversation has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// A device of theirs acknowledged everything up to here.
    pub delivered: Seq,
    /// They have read everything up to here.
    pub read: Seq,
}

impl Reach {
    /// What is known and what is told, whichever is further.
    #[must_use]
    fn or_further(self, delivered: Seq, read: Seq) -> Self {
        Self {
            delivered: self.delivered.max(delivered),
            read: self.read.max(read),
        }
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// With whom.
    pub peer: Peer,
    /// The name shown.
    pub name: Rc<str>,
    /// URL of a picture; empty: none.
    pub avatar: Rc<str>,
    /// The place of its last message.
    pub last_seq: Seq,
    /// Up to where the person has read.
    pub read_seq: Seq,
    /// Messages from others after that.
    pub unread: u64,
    /// Up to where the other side has got, unless it is a group.
    pub reach: Reach,
    /// The last message.
    pub last: Last,
}

/// Which page is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// The one after those that are here.
    Next,
    /// One from the top on, where conversations with news are.
    News,
}

/// The conversations known.
#[derive(Debug, Default)]
pub struct Directory {
    /// By peer.
    entries: Vec<Entry>,
    next: Option<String>,
    asked: Option<Asked>,
    /// Conversations that no page has named and that got news: how far they were read is not known.
    unlisted: Vec<Peer>,
    /// Whether the first page is here.
    loaded: bool,
    /// Rows that were known when the connection came back and are not told anew yet.
    stale: usize,
}

impl Directory {
    /// A conversation.
    pub fn get(&self, peer: Peer) -> Option<&Entry> {
        self.place(peer).ok().map(|at| &self.entries[at])
    }

    /// All, by peer.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many.
    pub const fn count(&self) -> usize {
        self.entries.len()
    }

    /// Whether the first page is here.
    pub const fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether there are more pages to ask for.
    pub const fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// A new connection brought the first page; returns how to ask for the next one, if what was
    /// known before reaches beyond this one and has to be told anew.
    pub fn first_page(&mut self, list: ConversationList) -> Option<ListConversations> {
        self.loaded = true;
        self.asked = None;
        self.unlisted.clear();
        self.page(list)
    }

    /// A page arrived; returns how to ask for the next one, if it is needed at once. Nobody asked for it:
    /// it is the first one anew, because something was missed.
    pub fn page(&mut self, list: ConversationList) -> Option<ListConversations> {
        let asked = self.asked.take();
        if asked.is_none() {
            self.stale = self.entries.len();
        }
        for conversation in &list.conversations {
            self.unlisted.retain(|peer| *peer != conversation.peer);
        }
        let of_news = asked == Some(Asked::News);
        if list.next.is_none() {
            // All of it was looked through.
            self.unlisted.clear();
        }
        if !of_news {
            self.stale = self.stale.saturating_sub(list.conversations.len());
            self.next.clone_from(&list.next);
        }
        for conversation in list.conversations {
            self.merge(conversation);
        }
        if self.stale > 0 {
            self.ask()
        } else {
            self.ask_news(list.next.filter(|_| of_news))
        }
    }

    /// How to ask for the next page, unless there is none or it is on its way.
    pub fn ask(&mut self) -> Option<ListConversations> {
        if self.asked.is_some() || self.next.is_none() {
            return None;
        }
        self.asked = Some(Asked::Next);
        Some(ListConversations {
            after: self.next.clone(),
        })
    }

    /// A conversation that was not known got news; returns how to ask for what else there is to know
    /// of it, unless all of the list is here and it is new indeed.
    pub fn got_news(&mut self, peer: Peer) -> Option<ListConversations> {
        self.next.as_ref()?;
        self.unlisted.push(peer);
        self.ask_news(None)
    }

    /// Whether it is asked how far this conversation was read.
    pub fn is_unlisted(&self, peer: Peer) -> bool {
        self.unlisted.contains(&peer)
    }

    /// `after`: the page to go on with; `None`: the first one.
    fn ask_news(&mut self, after: Option<String>) -> Option<ListConversations> {
        if self.asked.is_some() || self.unlisted.is_empty() {
            return None;
        }
        self.asked = Some(Asked::News);
        Some(ListConversations { after })
    }

    /// The page asked for will not come; it may be asked for again.
    pub const fn page_failed(&mut self) {
        self.asked = None;
    }

    /// Where a conversation is, or would be.
    fn place(&self, peer: Peer) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&peer, |entry| entry.peer)
    }

    fn merge(&mut self, told: Conversation) {
        let place = self.place(told.peer);
        let mut entry = Entry::from(told);
        if let Ok(at) = place {
            let known = &self.entries[at];
            // What the person has read here may not have reached the server yet.
            if known.read_seq > entry.read_seq || known.last_seq > entry.last_seq {
                entry.unread = known.unread;
            }
            entry.read_seq = entry.read_seq.max(known.read_seq);
            entry.reach = known
                .reach
                .or_further(entry.reach.delivered, entry.reach.read);
            if known.last_seq > entry.last_seq {
                entry.last_seq = known.last_seq;
                entry.last = known.last.clone();
            }
            self.entries[at] = entry;
        } else if let Err(at) = place {
            self.entries.insert(at, entry);
        }
    }

    /// A message arrived. Returns whether the list did not know of it, so that it counts as
    /// unread if it came from someone else.
    pub fn arrived(&mut self, me: UserId, message: &Message) -> bool {
        let (peer, direction) = message.seen_by(me);
        let at = self.place(peer).unwrap_or_else(|at| {
            let from_them = message.owner_uid != me && matches!(peer, Peer::User(_));
            let (name, avatar) = if from_them {
                (&message.owner_name, &message.owner_uid_avatar)
            } else {
                (&message.other_name, &message.other_uid_avatar)
            };
            let mut entry = Entry::without_messages(peer, name, avatar);
            if self.loaded && self.next.is_none() {
                // Every conversation is known, so that this one is new to the person: what came
                // before they were there is not unread.
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
        entry.last = Last {
            mid: message.mid,
            text: brief(&message.content),
            content: message.msg_type.into(),
            direction,
            sender: matches!(peer, Peer::Group(_))
                .then(|| name_of(Peer::User(message.owner_uid), &message.owner_name)),
            time: message.create_time,
        };
        true
    }

    /// Counts one more unread message.
    pub fn add_unread(&mut self, peer: Peer) {
        if let Ok(at) = self.place(peer) {
            self.entries[at].unread += 1;
        }
    }

    /// The other side has got further. Of a conversation that is not known the list will tell.
    pub fn receipt(&mut self, receipt: Receipt) {
        if let Ok(at) = self.place(Peer::User(receipt.other_uid)) {
            let entry = &mut self.entries[at];
            entry.reach = entry.reach.or_further(receipt.delivered, receipt.read);
        }
    }

    /// Everything up to `seq` was read, and so many are left. Returns how many were unread before.
    pub fn read(&mut self, peer: Peer, seq: Seq, unread: u64) -> u64 {
        let Ok(at) = self.place(peer) else {
            return 0;
        };
        let entry = &mut self.entries[at];
        entry.read_seq = entry.read_seq.max(seq);
        std::mem::replace(&mut entry.unread, unread)
    }
}

impl Entry {
    fn without_messages(peer: Peer, name: &str, avatar: &str) -> Self {
        Self {
            peer,
            name: name_of(peer, name),
            avatar: avatar.into(),
            last_seq: Seq(0),
            read_seq: Seq(0),
            unread: 0,
            reach: Reach::default(),
            last: Last {
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
    fn from(told: Conversation) -> Self {
        Self {
            peer: told.peer,
            name: name_of(told.peer, &told.name),
            avatar: told.avatar.into(),
            last_seq: told.last_seq,
            read_seq: told.read_seq,
            unread: told.unread,
            reach: Reach {
                delivered: told.delivered,
                read: told.peer_read,
            },
            last: Last {
                mid: told.last.mid,
                text: told.last.content.into(),
                content: told.last.msg_type.into(),
                direction: told.last.direction,
                sender: told
                    .last
                    .sender_name
                    .filter(|name| !is_blank(name))
                    .map(Into::into),
                time: told.last.create_time,
            },
        }
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
