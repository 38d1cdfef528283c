//! The open conversation: what is loaded, what is being fetched, what is rendered.

use super::bubble::BubbleState;
use super::directory::ReceiptState;
use super::window::{ABOVE, Window};
use tidings_shared::timeline::{Fetch, Timeline};
use tidings_shared::{Message, Peer, Seq, limits};

/// So many messages are fetched at most to reach the first unread one; the rest is fetched when the
/// person scrolls up.
const SEEK: usize = limits::PAGE_MAX as usize;

/// The state of a query to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueryState {
    /// No query is pending.
    #[default]
    Idle,
    /// The answer to the query with this `ref` is on its way.
    Waiting(u64),
    /// The query failed; the person may retry.
    Failed,
}

/// The messages to query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageRange {
    Latest,
    After(Seq),
    Before(Seq),
}

/// The open conversation.
#[derive(Debug)]
pub struct Thread {
    /// The peer.
    pub peer: Peer,
    /// Its messages.
    pub timeline: Timeline,
    /// The rendered part of them.
    pub window: Window,
    /// The first message that was unread when the conversation was opened, for the divider.
    pub divider: Option<Seq>,
    /// The query for messages missing at the end.
    pub newer: QueryState,
    /// The query for older messages.
    pub older: QueryState,
    /// Whether the person is at the end.
    pub at_end: bool,
    /// The peer's receipts.
    pub receipt_state: ReceiptState,
    /// The state of pending messages: whether they would be lost with the page.
    pub pending: BubbleState,
    /// The view has not begun: messages it needs for that are being fetched.
    seeking: bool,
    /// Whether the server was queried at all: a conversation that is not in the list may have
    /// messages all the same.
    asked: bool,
}

impl Thread {
    /// `viewport_px`: the height to fill at first, in CSS pixels.
    pub(super) fn new(
        peer: Peer,
        timeline: Timeline,
        divider: Option<Seq>,
        viewport_px: usize,
    ) -> Self {
        let mut thread = Self {
            window: Window::latest(&timeline, divider, viewport_px),
            asked: timeline.latest() > Seq(0),
            seeking: false,
            peer,
            timeline,
            divider,
            newer: QueryState::Idle,
            older: QueryState::Idle,
            at_end: true,
            receipt_state: ReceiptState::default(),
            pending: BubbleState::Pending,
        };
        thread.begin(divider);
        thread
    }

    /// The view starts over, at the first unread message or at the end.
    pub(super) fn begin(&mut self, divider: Option<Seq>) {
        self.window.begin(&self.timeline, divider);
        self.divider = divider;
        self.seeking = divider.is_some();
        // The first unread message may be far from the end: the view reports it.
        self.at_end = divider.is_none();
    }

    /// Whether the first page is being fetched and nothing can be shown yet.
    pub fn is_blank(&self) -> bool {
        self.timeline.last() == Seq(0) && (!self.asked || self.missing_newer().is_some())
    }

    /// The messages missing at the end, if any.
    pub(super) fn missing_newer(&self) -> Option<PageRange> {
        match self.timeline.poll_fetch() {
            Some(Fetch::Latest) => Some(PageRange::Latest),
            Some(Fetch::After(seq)) => Some(PageRange::After(seq)),
            None if !self.asked => Some(PageRange::Latest),
            None => None,
        }
    }

    /// How many messages to query: enough to include the first unread one, if that takes no more
    /// than one page.
    pub(super) fn page_size(&self, range: PageRange) -> u32 {
        let from = match range {
            PageRange::Latest => self.divider.map(|first| first.0 - ABOVE - 1),
            PageRange::After(last) => Some(last.0),
            PageRange::Before(_) => None,
        };
        let wanted = from.map_or(0, |from| self.timeline.latest().0 - from);
        u32::try_from(wanted)
            .unwrap_or(limits::PAGE_MAX)
            .clamp(limits::PAGE_DEFAULT, limits::PAGE_MAX)
    }

    /// Whether older messages are to be fetched because the first unread one lies among them.
    pub(super) fn seeks_up(&self) -> bool {
        self.seeking
            && self.timeline.has_older()
            && self.timeline.messages().len() < SEEK
            && self
                .divider
                .is_some_and(|first| first < self.timeline.first())
    }

    fn seeks_down(&self) -> bool {
        self.seeking
            && self
                .divider
                .is_some_and(|first| first > self.timeline.last())
    }

    /// Whether the first unread message is being fetched, so that the view begins when it arrives.
    pub fn is_seeking(&self) -> bool {
        let waits = |ask| matches!(ask, QueryState::Waiting(_));
        self.seeks_down() && waits(self.newer) || self.seeks_up() && waits(self.older)
    }

    /// The older messages that may be fetched, if there are any.
    pub(super) fn older_range(&self) -> Option<PageRange> {
        self.timeline
            .has_older()
            .then(|| PageRange::Before(self.timeline.first()))
            .filter(|_| self.timeline.first() > Seq(0))
    }

    /// Whether the answer to the query `reference` is on its way.
    pub(super) fn awaits(&self, reference: u64) -> bool {
        [self.newer, self.older].contains(&QueryState::Waiting(reference))
    }

    /// The page of the query `reference` arrived.
    pub(super) fn answered(&mut self, reference: u64, page: Vec<Message>) {
        let asked = QueryState::Waiting(reference);
        let before = (self.timeline.first(), self.timeline.last());
        let seeking = self.seeking;
        if self.newer == asked {
            let was_empty = before.1 == Seq(0);
            self.asked = true;
            self.timeline.handle_page(page);
            let progress = before.1 != self.timeline.last();
            // Messages are known to exist, but none came: querying again and again would not help.
            self.newer = match self.timeline.poll_fetch() {
                Some(_) if !progress => QueryState::Failed,
                _ => QueryState::Idle,
            };
            if was_empty || seeking {
                self.window.begin(&self.timeline, self.divider);
            }
        } else if self.older == asked {
            self.timeline.handle_page(page);
            let progress = before.0 != self.timeline.first();
            self.older = if progress {
                QueryState::Idle
            } else {
                QueryState::Failed
            };
            if seeking {
                self.window.begin(&self.timeline, self.divider);
            } else if progress {
                self.window.grow_up(&self.timeline);
            }
        }
        self.window.settle(&self.timeline, self.at_end);
        self.seeking = self.seeks_down() || self.seeks_up();
    }

    /// The query `reference` was refused. Returns false if no query of this thread has it.
    pub(super) fn refused(&mut self, reference: u64) -> bool {
        let asked = QueryState::Waiting(reference);
        if self.newer == asked {
            self.newer = QueryState::Failed;
        } else if self.older == asked {
            self.older = QueryState::Failed;
        } else {
            return false;
        }
        self.seeking = false;
        true
    }

    /// Pending answers will not come; whatever failed may be queried again.
    pub(super) const fn disconnected(&mut self) {
        // Loaded messages are shown, and a view that has begun is not hidden again.
        self.seeking = false;
        self.newer = QueryState::Idle;
        self.older = QueryState::Idle;
    }
}
