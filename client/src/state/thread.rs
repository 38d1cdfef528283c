//! The conversation that is open: what of it is here, what is on its way, what is rendered.

use super::window::Window;
use tidings_shared::timeline::{Fetch, Timeline};
use tidings_shared::{Message, Peer, Seq};

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
    /// Whether the server was asked at all: a conversation the list does not know may have
    /// messages all the same.
    asked: bool,
}

impl Thread {
    pub(super) fn new(peer: Peer, timeline: Timeline, divider: Option<Seq>) -> Self {
        Self {
            window: Window::latest(&timeline, divider),
            asked: timeline.latest() > Seq(0),
            peer,
            timeline,
            divider,
            newer: Ask::Idle,
            older: Ask::Idle,
            // Where the unread messages begin may be far from the end: the view will tell.
            at_end: divider.is_none(),
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
            if was_empty {
                self.window = Window::latest(&self.timeline, self.divider);
            }
        } else if self.older == asked {
            self.timeline.merge_page(page);
            let progress = before.0 != self.timeline.first();
            self.older = if progress { Ask::Idle } else { Ask::Failed };
            if progress {
                self.window.grow_up(&self.timeline);
            }
        } else {
            return false;
        }
        self.window.settle(&self.timeline, self.at_end);
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
        true
    }

    /// Answers on their way will not come; whatever failed may be asked again.
    pub(super) const fn disconnected(&mut self) {
        self.newer = Ask::Idle;
        self.older = Ask::Idle;
    }
}
