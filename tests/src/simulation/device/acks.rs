//! Acknowledgements of pushes: one each, or a cumulative one, after a delay. A repeated push is
//! acknowledged again.

use super::super::plan::DevicePlan;
use std::time::Duration;
use tidings_shared::frame::Ack;
use tidings_shared::{Moment, Tid};

/// Pushes after which the acknowledgement is due at once.
const BATCH: usize = 16;

#[derive(Debug)]
pub(super) struct Acks {
    single: bool,
    wait: Duration,
    waiting: Vec<Tid>,
    highest: Tid,
    due: Option<Moment>,
}

impl Acks {
    pub(super) const fn new(plan: &DevicePlan) -> Self {
        Self {
            single: plan.single_acks,
            wait: plan.ack_wait,
            waiting: Vec::new(),
            highest: Tid(0),
            due: None,
        }
    }

    /// Resets for a new connection, whose tids start at 1.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
        self.highest = Tid(0);
        self.due = None;
    }

    /// A push arrived. A hidden page acknowledges at once, because its timers run once a minute.
    pub(super) fn handle_push(&mut self, now: Moment, tid: Tid, hidden: bool) {
        self.highest = self.highest.max(tid);
        self.waiting.push(tid);
        let slow = self.wait >= Duration::from_secs(1);
        let at_once = (hidden || self.waiting.len() >= BATCH) && !slow;
        let due = if at_once { now } else { now + self.wait };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    pub(super) fn poll_ack(&mut self, now: Moment) -> Vec<Ack> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        let waiting = std::mem::take(&mut self.waiting);
        let (tid, cumulative) = (self.highest, true);
        if self.single {
            let ack = |tid| Ack {
                tid,
                cumulative: false,
            };
            waiting.into_iter().map(ack).collect()
        } else {
            vec![Ack { tid, cumulative }]
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Moment> {
        self.due
    }
}
