//! One login: everything the page knows, and the rules by which events change it.
//!
//! Events come in as calls ([`Chat::handle_bound`], [`Chat::handle_frame`], [`Chat::send_due`], and
//! the person's actions in `chat/actions.rs`); each appends to a list of [`Effect`]s to run. Frames
//! for which there is no connection are not lost: the outbox, the read marks and the gaps are
//! state, and are sent or queried after the next bind. Never here: acknowledging pushes, which is
//! done where they arrive (`net/driver.rs`).

mod actions;
mod arrivals;
#[cfg(test)]
mod group_tests;
mod groups;
mod listing;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
mod view;

pub use view::{Fetching, ThreadView};

use super::bubble::BubbleState;
use super::contacts::Contacts;
use super::content::Content;
use super::directory::Directory;
use super::drafts::Drafts;
use super::group::OpenGroup;
use super::notices::{Notice, Notices};
use super::outbox_text::OutboxText;
use super::presence::{PresenceStatus, Presences};
use super::reads::Reads;
use super::thread::Thread;
use super::window::Window;
use std::collections::VecDeque;
use std::rc::Rc;
use tidings_shared::frame::ClientFrame;
use tidings_shared::outbox::Outbox;
use tidings_shared::timeline::Timeline;
use tidings_shared::{ClientMsgId, GroupId, Moment, Peer, Seq, UserId};

/// So many recently open conversations stay in memory.
const CACHED_THREADS: usize = 16;
/// So many messages of each of these stay in memory.
const CACHED_MESSAGES: usize = 200;
/// The open one is trimmed to half of this while the person is at its end.
const OPEN_MESSAGES: usize = 2000;
/// So many of the latest messages are kept for screen readers: several may come before the page is
/// rendered once.
const ANNOUNCED: usize = 16;

/// What the page has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this on the connection.
    Send(ClientFrame),
    /// Store the outbox.
    SaveOutbox(OutboxText),
    /// Store the draft to this peer; empty: remove it.
    SaveDraft(Peer, Rc<str>),
    /// Delete all that is stored for this login.
    Forget,
    /// Close the notifications of these conversations: nothing of them is unread.
    Withdraw(Vec<Peer>),
    /// Fetch the details of this group.
    FetchGroup(GroupId),
    /// A message from somebody else arrived: alert a person who is not looking.
    Alert(Alert),
}

/// A new message, for a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The conversation.
    pub peer: Peer,
    /// Its sequence number.
    pub seq: Seq,
    /// The name of its sender.
    pub name: Rc<str>,
    /// The kind of content.
    pub content: Content,
    /// The text.
    pub text: Rc<str>,
}

/// A message that arrived live, for screen readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Unique in this login.
    pub serial: u64,
    /// The name of its sender.
    pub name: Rc<str>,
    /// The kind of content.
    pub content: Content,
    /// The text.
    pub text: Rc<str>,
}

/// What stays in memory of a conversation that was open before.
#[derive(Debug)]
struct CachedThread {
    peer: Peer,
    timeline: Timeline,
    /// The first message whose row stays in the page, hidden, if the conversation is one of the
    /// last open ones.
    hidden_from: Option<Seq>,
}

/// What the browser has failed to store of the person's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persistence {
    Full,
    /// Not every draft. Reported once, and not at every key.
    DraftsNotSaved,
    /// The outbox was not stored.
    OutboxNotSaved,
}

impl Persistence {
    const fn pending(self) -> BubbleState {
        match self {
            Self::Full | Self::DraftsNotSaved => BubbleState::Pending,
            Self::OutboxNotSaved => BubbleState::Unsaved,
        }
    }
}

/// One login, a [state machine](tidings_shared#state-machines).
#[derive(Debug)]
pub struct Chat {
    me: UserId,
    /// The store's epoch, from the first bind on.
    epoch: Option<String>,
    /// Whether a connection is bound.
    connected: bool,
    visible: bool,
    looking: bool,
    directory: Directory,
    contacts: Contacts,
    thread: Option<Thread>,
    /// The open group, if the open conversation is one.
    group: Option<OpenGroup>,
    last_round: u64,
    opening: u64,
    /// The height of a conversation's view, in CSS pixels.
    viewport_px: usize,
    /// Conversations that were open, the latest first.
    cached: VecDeque<CachedThread>,
    outbox: Outbox,
    /// The ids of this tab's messages in the stored outbox.
    stored_ids: Vec<ClientMsgId>,
    persistence: Persistence,
    drafts: Drafts,
    reads: Reads,
    presences: Presences,
    notices: Notices,
    total_unread: u64,
    last_ref: u64,
    /// Never starts over, so that a screen reader gets each announcement once.
    last_serial: u64,
    /// Of the open conversation, the oldest first.
    announcements: VecDeque<Announcement>,
    effects: VecDeque<Effect>,
}

impl Chat {
    /// The state at the start: who is logged in, and what was stored in the browser.
    pub fn new(
        me: UserId,
        outbox: Outbox,
        drafts: impl IntoIterator<Item = (Peer, Rc<str>)>,
    ) -> Self {
        Self {
            me,
            epoch: None,
            connected: false,
            visible: true,
            looking: true,
            directory: Directory::default(),
            contacts: Contacts::default(),
            thread: None,
            group: None,
            last_round: 0,
            opening: 0,
            viewport_px: Window::DEFAULT_VIEWPORT_PX,
            cached: VecDeque::new(),
            stored_ids: outbox.iter().map(|p| p.client_msg_id.clone()).collect(),
            outbox,
            persistence: Persistence::Full,
            drafts: drafts.into_iter().collect(),
            reads: Reads::default(),
            presences: Presences::default(),
            notices: Notices::default(),
            total_unread: 0,
            last_ref: 0,
            last_serial: 0,
            announcements: VecDeque::new(),
            effects: VecDeque::new(),
        }
    }

    /// The known conversations.
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The known contacts.
    pub const fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// The messages waiting to be sent.
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// All drafts.
    pub fn drafts(&self) -> &[(Peer, Rc<str>)] {
        self.drafts.all()
    }

    /// The draft to one peer.
    pub fn draft(&self, peer: Peer) -> Rc<str> {
        self.drafts.to(peer)
    }

    /// The notices to show.
    pub fn notices(&self) -> &[Notice] {
        self.notices.shown()
    }

    /// How many messages wait to be sent, and how many of these were refused for good.
    pub fn unsent(&self) -> (usize, usize) {
        let failed = self.outbox.iter().filter(|p| p.failed.is_some()).count();
        (self.outbox.iter().len(), failed)
    }

    /// Whether the person can see the page.
    pub const fn is_visible(&self) -> bool {
        self.visible
    }

    /// Whether the person can see the open conversation and works in it.
    const fn is_looking(&self) -> bool {
        self.visible && self.looking
    }

    /// Unread messages in all.
    pub const fn total_unread(&self) -> u64 {
        self.total_unread
    }

    /// The latest messages that arrived in the open conversation while it was open, the oldest
    /// first.
    pub fn announcements(&self) -> impl Iterator<Item = &Announcement> {
        self.announcements.iter()
    }

    /// The presence of a peer, if known.
    pub fn presence(&self, peer: Peer) -> Option<PresenceStatus> {
        self.presences.of(peer)
    }

    /// The open conversation.
    pub fn open_peer(&self) -> Option<Peer> {
        self.thread.as_ref().map(|thread| thread.peer)
    }

    /// The next effect to run; `None`: all were run.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`Self::handle_timeout`]; earlier is harmless.
    pub fn poll_timeout(&self) -> Option<Moment> {
        if !self.connected {
            return None;
        }
        [self.reads.poll_timeout(), self.outbox.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// [`Self::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.send_due(now);
    }

    /// Sends and queries what is due by now. Every event ends with this.
    fn send_due(&mut self, now: Moment) {
        self.read_if_looking(now);
        if let Some(thread) = &mut self.thread
            && let Some(entry) = self.directory.get(thread.peer)
        {
            thread.receipt_state = entry.receipt_state;
        }
        if let Some(thread) = &mut self.thread {
            thread.pending = self.persistence.pending();
        }
        if !self.connected {
            return;
        }
        self.fetch_group();
        self.fetch_missing();
        self.seek_divider();
        let open = self.open_peer();
        let mut send = |frame| self.effects.push_back(Effect::Send(frame));
        if let Some(watch) = self.presences.watch(&self.directory, open) {
            send(ClientFrame::Watch(watch));
        }
        for read in self.reads.poll_reads(now) {
            send(ClientFrame::Read(read));
        }
        for message in self.outbox.poll_sends(now, self.me) {
            send(ClientFrame::Send(message));
        }
    }

    /// Marks the open conversation as read if the person looks at its end, unless its first unread
    /// message is still being looked up.
    fn read_if_looking(&mut self, now: Moment) {
        let Some(thread) = &self.thread else { return };
        let looking = self.is_looking()
            && thread.at_end
            && thread.window.follows_end()
            && thread.timeline.poll_fetch().is_none()
            && !self.directory.is_unlisted(thread.peer);
        let unread = self.directory.get(thread.peer).map_or(0, |e| e.unread);
        if looking && unread > 0 {
            let seq = thread.timeline.last();
            self.reads.mark(now, thread.peer, seq);
            let before = self.directory.mark_read(thread.peer, seq, 0);
            self.total_unread = self.total_unread.saturating_sub(before);
        }
    }

    fn save_outbox(&mut self) {
        let ids = self.outbox.iter().map(|p| p.client_msg_id.clone());
        let replaces = std::mem::replace(&mut self.stored_ids, ids.collect());
        self.effects.push_back(Effect::SaveOutbox(OutboxText {
            pending: self.outbox.iter().cloned().collect(),
            replaces,
        }));
    }

    fn timeline_mut(&mut self, peer: Peer) -> Option<&mut Timeline> {
        match &mut self.thread {
            Some(thread) if thread.peer == peer => Some(&mut thread.timeline),
            _ => {
                let mut cached = self.cached.iter_mut();
                let found = cached.find(|cached| cached.peer == peer);
                found.map(|cached| &mut cached.timeline)
            }
        }
    }
}
