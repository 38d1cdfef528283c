//! One conversation of a page: the real [`Timeline`], and its running queries.

use std::time::Duration;
use tidings_shared::timeline::{Fetch, Timeline};
use tidings_shared::{Message, Moment, Seq};

/// The delay between a failed query and the next one.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The state of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ask {
    #[default]
    Idle,
    /// The query with this `ref` is not answered yet.
    Waiting(u64),
    /// The query failed; it is repeated at this time.
    Failed(Moment),
}

/// The messages to query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Latest,
    After(Seq),
    Before(Seq),
}

#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) timeline: Timeline,
    newer: Ask,
    older: Ask,
    /// Whether the person scrolls up to older messages.
    pub(super) upward: bool,
    /// Whether the server was queried at all: a conversation that is in no list may have messages.
    asked: bool,
    /// For a broken variant: the messages shown without merging.
    naive: Option<Vec<Message>>,
}

impl View {
    pub(super) fn new(naive: bool) -> Self {
        Self {
            naive: naive.then(Vec::new),
            ..Self::default()
        }
    }

    /// Returns whether the message is new.
    pub(super) fn merge(&mut self, message: Message) -> bool {
        if let Some(naive) = &mut self.naive {
            naive.push(message.clone());
        }
        self.timeline.handle_message(message)
    }

    /// The messages shown.
    pub(super) fn shown(&self) -> Vec<&Message> {
        match &self.naive {
            // Without merging there is no contiguous run: every message is shown.
            Some(naive) => naive.iter().collect(),
            None => self.timeline.messages().collect(),
        }
    }

    /// What to query now, if anything. The caller sends the query with this `reference`.
    pub(super) fn ask(&mut self, now: Moment, reference: u64, fills_gaps: bool) -> Option<Want> {
        for ask in [&mut self.newer, &mut self.older] {
            if matches!(ask, Ask::Failed(until) if *until <= now) {
                *ask = Ask::Idle;
            }
        }
        let newer = match self.timeline.poll_fetch() {
            _ if !fills_gaps && self.asked => None,
            Some(Fetch::Latest) => Some(Want::Latest),
            Some(Fetch::After(seq)) => Some(Want::After(seq)),
            None => (!self.asked).then_some(Want::Latest),
        };
        if newer.is_some() && self.newer == Ask::Idle {
            self.newer = Ask::Waiting(reference);
            return newer;
        }
        let first = self.timeline.first();
        if self.upward && first > Seq(1) && self.older == Ask::Idle {
            self.older = Ask::Waiting(reference);
            return Some(Want::Before(first));
        }
        None
    }

    /// Handles the page for the query `reference`. A query that brings nothing is repeated later.
    pub(super) fn answered(&mut self, now: Moment, reference: u64, page: Vec<Message>) {
        let ends = |timeline: &Timeline| (timeline.first(), timeline.last());
        let before = ends(&self.timeline);
        if let Some(naive) = &mut self.naive {
            naive.extend(page.iter().cloned());
        }
        let asked = Ask::Waiting(reference);
        let next = |progress: bool| {
            if progress {
                Ask::Idle
            } else {
                Ask::Failed(now + RETRY_AFTER)
            }
        };
        if self.newer == asked {
            self.asked = true;
            self.timeline.handle_page(page);
            let complete = self.timeline.poll_fetch().is_none();
            self.newer = next(complete || before != ends(&self.timeline));
        } else if self.older == asked {
            self.timeline.handle_page(page);
            self.older = next(before != ends(&self.timeline));
        }
    }

    pub(super) fn refused(&mut self, now: Moment, reference: u64) {
        for ask in [&mut self.newer, &mut self.older] {
            if *ask == Ask::Waiting(reference) {
                *ask = Ask::Failed(now + RETRY_AFTER);
            }
        }
    }

    /// The connection is gone, and with it the answers to running queries.
    pub(super) const fn disconnected(&mut self) {
        self.newer = Ask::Idle;
        self.older = Ask::Idle;
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        let until = |ask: &Ask| match ask {
            Ask::Failed(until) => Some(*until),
            _ => None,
        };
        [&self.newer, &self.older]
            .into_iter()
            .filter_map(until)
            .min()
    }
}
