//! The conversation that is open: what of it is here, what is on its way, what is rendered.

use super::bubble::BubbleState;
use super::directory::Reach;
use super::window::{ABOVE, Window};
use tidings_shared::timeline::{Fetch, Timeline};
use tidings_shared::{Message, Peer, Seq, limits};

/// So many messages are fetched at most to reach the first unread one; what of it lies further up
/// comes when the person scrolls there.
const SEEK: usize = limits::PAGE_MAX as usize;

/// A question to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ask {
    /// Not asked.
    #[default]
    Idle,
    /// The answer to the query with this `ref` is on its way.
    Waiting(u64),
    /// It could not be answered; the person may ask again.
    Failed,
}

/// What to query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Latest,
    After(Seq),
    Before(Seq),
}

/// The open conversation.
#[derive(Debug)]
pub struct Thread {
    /// With whom.
    pub peer: Peer,
    /// Its messages.
    pub timeline: Timeline,
    /// What of them is rendered.
    pub window: Window,
    /// The first message that was unread when the person came, for the divider.
    pub divider: Option<Seq>,
    /// The query for what is missing at the end.
    pub newer: Ask,
    /// The query for what lies above.
    pub older: Ask,
    /// Whether the person is at the end.
    pub at_end: bool,
    /// How far the other side has got.
    pub reach: Reach,
    /// How what is on its way stands: whether it would be lost with the page.
    pub pending: BubbleState,
    /// The view has not begun: what it needs for that is being fetched.
    seeking: bool,
    /// Whether the server was asked at all: a conversation the list does not know may have
    /// messages all the same.
    asked: bool,
}

impl Thread {
    /// `room`: what is rendered at first fills so many CSS pixels.
    pub(super) fn new(peer: Peer, timeline: Timeline, divider: Option<Seq>, room: usize) -> Self {
        Self {
            window: Window::latest(&timeline, divider, room),
            asked: timeline.latest() > Seq(0),
            seeking: divider.is_some(),
            peer,
            timeline,
            divider,
            newer: Ask::Idle,
            older: Ask::Idle,
            // Where the unread messages begin may be far from the end: the view will tell.
            at_end: divider.is_none(),
            reach: Reach::default(),
            pending: BubbleState::Pending,
        }
    }

    /// Whether the first page is on its way and nothing can be shown yet.
    pub fn is_blank(&self) -> bool {
        self.timeline.last() == Seq(0) && (!self.asked || self.wants_newer().is_some())
    }

    /// What is missing at the end, unless it is asked for or could not be had.
    pub(super) fn wants_newer(&self) -> Option<Want> {
        match self.timeline.lacks() {
            Some(Fetch::Latest) => Some(Want::Latest),
            Some(Fetch::After(seq)) => Some(Want::After(seq)),
            None if !self.asked => Some(Want::Latest),
            None => None,
        }
    }

    /// How many messages to ask for: so many that the first unread one is among them, if that takes
    /// no more than one page.
    pub(super) fn page_size(&self, want: Want) -> u32 {
        let from = match want {
            Want::Latest => self.divider.map(|first| first.0 - ABOVE - 1),
            Want::After(last) => Some(last.0),
            Want::Before(_) => None,
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

    /// Whether the first unread message is on its way, so that the view begins when it is here.
    pub fn is_seeking(&self) -> bool {
        let waits = |ask| matches!(ask, Ask::Waiting(_));
        self.seeks_down() && waits(self.newer) || self.seeks_up() && waits(self.older)
    }

    /// The first message the window may grow to, by fetching.
    pub(super) fn wants_older(&self) -> Option<Want> {
        self.timeline
            .has_older()
            .then(|| Want::Before(self.timeline.first()))
            .filter(|_| self.timeline.first() > Seq(0))
    }

    /// The answer to the query `reference` came. Returns false if this is not who asked.
    pub(super) fn answered(&mut self, reference: u64, page: Vec<Message>) -> bool {
        let asked = Ask::Waiting(reference);
        let before = (self.timeline.first(), self.timeline.last());
        let seeking = self.seeking;
        if self.newer == asked {
            let was_empty = before.1 == Seq(0);
            self.asked = true;
            self.timeline.merge_page(page);
            let progress = before.1 != self.timeline.last();
            // No progress, though messages are known to exist: asking on and on would not help.
            self.newer = match self.timeline.lacks() {
                Some(_) if !progress => Ask::Failed,
                _ => Ask::Idle,
            };
            if was_empty || seeking {
                self.window.begin(&self.timeline, self.divider);
            }
        } else if self.older == asked {
            self.timeline.merge_page(page);
            let progress = before.0 != self.timeline.first();
            self.older = if progress { Ask::Idle } else { Ask::Failed };
            if seeking {
                self.window.begin(&self.timeline, self.divider);
            } else if progress {
                self.window.grow_up(&self.timeline);
            }
        } else {
            return false;
        }
        self.window.settle(&self.timeline, self.at_end);
        self.seeking = self.seeks_down() || self.seeks_up();
        true
    }

    /// The query `reference` was refused. Returns false if this is not who asked.
    pub(super) fn refused(&mut self, reference: u64) -> bool {
        let asked = Ask::Waiting(reference);
        if self.newer == asked {
            self.newer = Ask::Failed;
        } else if self.older == asked {
            self.older = Ask::Failed;
        } else {
            return false;
        }
        self.seeking = false;
        true
    }

    /// Answers on their way will not come; whatever failed may be asked again.
    pub(super) const fn disconnected(&mut self) {
        // What is here is shown, and a view that has begun is not taken away again.
        self.seeking = false;
        self.newer = Ask::Idle;
        self.older = Ask::Idle;
    }
}
