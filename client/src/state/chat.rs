//! One login: everything the page knows, and the rules by which events change it.
//!
//! [`Chat`] is told what happened ([`Chat::bound`], [`Chat::frame`], [`Chat::due`], and what the
//! person does: `chat/actions.rs`); what is to be done about it is appended to a list of
//! [`Effect`]s. Frames it wants to send while there is no connection are not lost: what matters is
//! in the outbox, the marks and the gaps, and is sent or asked for when the next one is bound.
//! Never here: acknowledging pushes, which is done where they arrive (`net/driver.rs`).

mod actions;
mod arrivals;
#[cfg(test)]
mod group_tests;
mod groups;
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
use super::presence::{Presences, Standing};
use super::reads::Reads;
use super::thread::Thread;
use super::window::Window;
use std::collections::VecDeque;
use std::rc::Rc;
use tidings_shared::frame::ClientFrame;
use tidings_shared::outbox::Outbox;
use tidings_shared::timeline::Timeline;
use tidings_shared::{ClientMsgId, GroupId, Moment, Peer, Seq, UserId};

/// So many conversations that were open stay in memory.
const KEPT_TIMELINES: usize = 16;
/// So many messages of each.
const KEPT_MESSAGES: usize = 200;
/// The open one is cut back to half of this while the person is at its end.
const OPEN_MESSAGES: usize = 2000;
/// So many of the messages that arrived last are kept for screen readers: several may come before
/// the page is rendered once.
const ANNOUNCED: usize = 16;

/// What the page is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this on the connection.
    Send(ClientFrame),
    /// Keep the outbox.
    SaveOutbox(OutboxText),
    /// Keep the draft to this peer; empty: forget it.
    SaveDraft(Peer, Rc<str>),
    /// Forget all that is kept of this login.
    Forget,
    /// Withdraw what was shown of these conversations: nothing of them is unread.
    Withdraw(Vec<Peer>),
    /// Ask what this group is.
    AskGroup(GroupId),
    /// A message from somebody else came: who may want to be told.
    Alert(Alert),
}

/// A message that came while the page was here, for whoever is not looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// In which conversation.
    pub peer: Peer,
    /// Which.
    pub seq: Seq,
    /// From whom.
    pub name: Rc<str>,
    /// What the text is.
    pub content: Content,
    /// What.
    pub text: Rc<str>,
}

/// A message that arrived just now, for screen readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Differs for each.
    pub serial: u64,
    /// From whom.
    pub name: Rc<str>,
    /// What the text is.
    pub content: Content,
    /// What.
    pub text: Rc<str>,
}

/// What stays in memory of a conversation that was open.
#[derive(Debug)]
struct Kept {
    peer: Peer,
    timeline: Timeline,
    /// From here on it was in the page when it was left, and still is if it is one of the last.
    in_page: Option<Seq>,
}

/// What of what is written the browser keeps, as far as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    All,
    /// Not every draft. That was said, and is not at every key.
    NotDrafts,
    /// Not the outbox.
    NotOutbox,
}

impl Keeping {
    const fn pending(self) -> BubbleState {
        match self {
            Self::All | Self::NotDrafts => BubbleState::Pending,
            Self::NotOutbox => BubbleState::Unkept,
        }
    }
}

/// One login.
#[derive(Debug)]
pub struct Chat {
    me: UserId,
    /// A connection is bound.
    linked: bool,
    visible: bool,
    looking: bool,
    directory: Directory,
    contacts: Contacts,
    thread: Option<Thread>,
    /// What is known of the open conversation, if it is a group.
    group: Option<OpenGroup>,
    last_round: u64,
    opening: u64,
    /// So many CSS pixels of a conversation are in sight.
    room: usize,
    /// Conversations that were open, the latest first.
    kept: VecDeque<Kept>,
    outbox: Outbox,
    /// Which messages of what is kept in the browser are this tab's.
    kept_ids: Vec<ClientMsgId>,
    keeping: Keeping,
    drafts: Drafts,
    reads: Reads,
    presences: Presences,
    notices: Notices,
    total_unread: u64,
    last_ref: u64,
    /// Those of the open conversation, the oldest first.
    announcements: VecDeque<Announcement>,
}

impl Chat {
    /// What the page knows at its start: who is logged in, and what was kept in the browser.
    pub fn new(
        me: UserId,
        outbox: Outbox,
        drafts: impl IntoIterator<Item = (Peer, Rc<str>)>,
    ) -> Self {
        Self {
            me,
            linked: false,
            visible: true,
            looking: true,
            directory: Directory::default(),
            contacts: Contacts::default(),
            thread: None,
            group: None,
            last_round: 0,
            opening: 0,
            room: Window::ROOM,
            kept: VecDeque::new(),
            kept_ids: outbox.iter().map(|p| p.client_msg_id.clone()).collect(),
            outbox,
            keeping: Keeping::All,
            drafts: drafts.into_iter().collect(),
            reads: Reads::default(),
            presences: Presences::default(),
            notices: Notices::default(),
            total_unread: 0,
            last_ref: 0,
            announcements: VecDeque::new(),
        }
    }

    /// The conversations known.
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The people known.
    pub const fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// What waits to be sent.
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What is written and not sent.
    pub fn drafts(&self) -> &[(Peer, Rc<str>)] {
        self.drafts.all()
    }

    /// The draft to one peer.
    pub fn draft(&self, peer: Peer) -> Rc<str> {
        self.drafts.to(peer)
    }

    /// Sentences to show.
    pub fn notices(&self) -> &[Notice] {
        self.notices.shown()
    }

    /// What waits to be sent, and of that what was refused for good.
    pub fn unsent(&self) -> (usize, usize) {
        let failed = self.outbox.iter().filter(|p| p.failed.is_some()).count();
        (self.outbox.iter().len(), failed)
    }

    /// Whether the person can see the page.
    pub const fn is_visible(&self) -> bool {
        self.visible
    }

    /// Whether the person looks at the open conversation.
    const fn is_looking(&self) -> bool {
        self.visible && self.looking
    }

    /// Unread messages in all.
    pub const fn total_unread(&self) -> u64 {
        self.total_unread
    }

    /// The messages that arrived last in the open conversation while it was open, the oldest first.
    pub fn announcements(&self) -> impl Iterator<Item = &Announcement> {
        self.announcements.iter()
    }

    /// How a peer stands, if that is known.
    pub fn standing(&self, peer: Peer) -> Option<Standing> {
        self.presences.of(peer)
    }

    /// Which conversation is open.
    pub fn open_peer(&self) -> Option<Peer> {
        self.thread.as_ref().map(|thread| thread.peer)
    }

    /// When to call [`Self::due`]; earlier is harmless.
    pub fn deadline(&self) -> Option<Moment> {
        if !self.linked {
            return None;
        }
        [self.reads.deadline(), self.outbox.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Sends what is due by now. Every event ends with this.
    pub fn due(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.read_if_looking(now);
        if let Some(thread) = &mut self.thread
            && let Some(entry) = self.directory.get(thread.peer)
        {
            thread.reach = entry.reach;
        }
        if let Some(thread) = &mut self.thread {
            thread.pending = self.keeping.pending();
        }
        if !self.linked {
            return;
        }
        self.ask_group(effects);
        self.fetch_missing(effects);
        self.seek_divider(effects);
        let open = self.open_peer();
        let mut send = |frame| effects.push(Effect::Send(frame));
        if let Some(watch) = self.presences.watch(&self.directory, open) {
            send(ClientFrame::Watch(watch));
        }
        for read in self.reads.take_due(now) {
            send(ClientFrame::Read(read));
        }
        for message in self.outbox.take_due(now, self.me) {
            send(ClientFrame::Send(message));
        }
    }

    /// What the person looks at is read.
    fn read_if_looking(&mut self, now: Moment) {
        let Some(thread) = &self.thread else { return };
        let looking = self.is_looking()
            && thread.at_end
            && thread.window.follows_end()
            && thread.timeline.lacks().is_none();
        let unread = self.directory.get(thread.peer).map_or(0, |e| e.unread);
        if looking && unread > 0 {
            let seq = thread.timeline.last();
            self.reads.mark(now, thread.peer, seq);
            let before = self.directory.read(thread.peer, seq, 0);
            self.total_unread = self.total_unread.saturating_sub(before);
        }
    }

    fn save_outbox(&mut self, effects: &mut Vec<Effect>) {
        let ids = self.outbox.iter().map(|p| p.client_msg_id.clone());
        let replaces = std::mem::replace(&mut self.kept_ids, ids.collect());
        effects.push(Effect::SaveOutbox(OutboxText {
            pending: self.outbox.iter().cloned().collect(),
            replaces,
        }));
    }

    /// A message is known to exist at `seq`.
    fn expect(&mut self, peer: Peer, seq: Seq) {
        if let Some(timeline) = self.timeline_mut(peer) {
            timeline.expect(seq);
        }
    }

    fn timeline_mut(&mut self, peer: Peer) -> Option<&mut Timeline> {
        match &mut self.thread {
            Some(thread) if thread.peer == peer => Some(&mut thread.timeline),
            _ => {
                let mut kept = self.kept.iter_mut();
                let found = kept.find(|kept| kept.peer == peer);
                found.map(|kept| &mut kept.timeline)
            }
        }
    }
}
