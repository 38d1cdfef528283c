//! The records behind the connection panel and its report.
//!
//! The driver (`net/driver.rs`) records each frame and each phase change here. That happens for
//! every frame of the page's life, so a record is a few numbers and is formatted only when it is
//! shown. Message text is never kept, only its length.

mod frames;
mod interval;
mod ring;
#[cfg(test)]
mod tests;

pub use frames::{FrameDirection, FrameRecord, FrameSummary};
pub use interval::{IntervalHistory, Trend};

use ring::Ring;
use std::time::Duration;
use tidings_shared::frame::{ClientFrame, ServerFrame};
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{Moment, Tid};

/// So many frames are kept.
const FRAMES: usize = 30;
/// So many ends of connections are kept.
const ENDS: usize = 10;

/// Frames and bytes in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many frames.
    pub frames: u64,
    /// How many bytes of JSON text.
    pub bytes: u64,
}

/// How a connection, or an attempt at one, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionEnd {
    /// When, the latest time.
    pub at: Moment,
    /// Why.
    pub cause: Cause,
    /// How long the connection had been bound; `None`: it never was.
    pub bound_for: Option<Duration>,
    /// How many attempts in a row ended like this.
    pub times: u32,
}

/// The record of this page's connections.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    phase: Phase,
    since: Moment,
    interval_history: IntervalHistory,
    sent: Traffic,
    received: Traffic,
    pushes: u64,
    repushes: u64,
    /// Pushes acknowledged on earlier connections.
    acknowledged_before: u64,
    /// The highest tid acknowledged on this connection, where tids count from 1.
    acknowledged: Tid,
    ends: Ring<ConnectionEnd, ENDS>,
    frames: Ring<FrameRecord, FRAMES>,
}

impl Diagnosis {
    /// An empty record.
    pub fn new(now: Moment) -> Self {
        Self {
            phase: Phase::Idle,
            since: now,
            interval_history: IntervalHistory::default(),
            sent: Traffic::default(),
            received: Traffic::default(),
            pushes: 0,
            repushes: 0,
            acknowledged_before: 0,
            acknowledged: Tid(0),
            ends: Ring::default(),
            frames: Ring::default(),
        }
    }

    /// The phase may have changed; `cause`: why the last connection ended.
    pub fn changed(&mut self, now: Moment, phase: Phase, cause: Option<Cause>) {
        if phase == self.phase {
            return;
        }
        let bound_for = (self.phase == Phase::Live).then(|| now.since(self.since));
        // A close that the page asked for is not recorded.
        let cause = cause.filter(|cause| *cause != Cause::Asked);
        if let (Phase::Waiting(_) | Phase::Stopped, Some(cause)) = (phase, cause) {
            self.ended(now, cause, bound_for);
        }
        if phase == Phase::Live {
            self.acknowledged_before += std::mem::take(&mut self.acknowledged).0;
        }
        self.phase = phase;
        self.since = now;
    }

    fn ended(&mut self, now: Moment, cause: Cause, bound_for: Option<Duration>) {
        // Equal failed attempts are merged, so that a server that is down for a night does not push
        // out all other entries.
        if let Some(last) = self.ends.last_mut()
            && bound_for.is_none()
            && last.bound_for.is_none()
            && last.cause == cause
        {
            last.at = now;
            last.times += 1;
            return;
        }
        self.ends.push(ConnectionEnd {
            at: now,
            cause,
            bound_for,
            times: 1,
        });
    }

    /// A frame of so many bytes was sent.
    pub fn sent(&mut self, now: Moment, frame: &ClientFrame, bytes: usize) {
        self.sent.count(bytes);
        if let ClientFrame::Ack(ack) = frame {
            // This page's acks are cumulative, and tids count up from 1.
            self.acknowledged = self.acknowledged.max(ack.tid);
        }
        self.record(
            now,
            FrameDirection::Out,
            bytes,
            FrameSummary::of_sent(frame),
        );
    }

    /// A frame of so many bytes arrived; `None`: of a type this page does not know.
    pub fn received(&mut self, now: Moment, frame: Option<&ServerFrame>, bytes: usize) {
        self.received.count(bytes);
        match frame {
            Some(ServerFrame::Push(push)) if push.dup => self.repushes += 1,
            Some(ServerFrame::Push(_)) => self.pushes += 1,
            Some(ServerFrame::Bound(bound)) => {
                self.interval_history
                    .given(now, Duration::from_millis(bound.timeout));
            }
            Some(ServerFrame::Heartbeat(interval)) => {
                self.interval_history.answered();
                self.interval_history.given(now, *interval);
            }
            _ => {}
        }
        let summary = frame.map_or(FrameSummary::UNKNOWN, FrameSummary::of_received);
        self.record(now, FrameDirection::In, bytes, summary);
    }

    fn record(
        &mut self,
        at: Moment,
        direction: FrameDirection,
        bytes: usize,
        summary: FrameSummary,
    ) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.frames.push(FrameRecord {
            at,
            direction,
            bytes,
            summary,
        });
    }

    /// The phase of the connection.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// When the phase began.
    pub const fn since(&self) -> Moment {
        self.since
    }

    /// The history of the heartbeat interval.
    pub const fn interval_history(&self) -> &IntervalHistory {
        &self.interval_history
    }

    /// What was sent and what arrived.
    pub const fn traffic(&self) -> (Traffic, Traffic) {
        (self.sent, self.received)
    }

    /// Pushes that arrived for the first time.
    pub const fn pushes(&self) -> u64 {
        self.pushes
    }

    /// Pushes that arrived again.
    pub const fn repushes(&self) -> u64 {
        self.repushes
    }

    /// Pushes acknowledged.
    pub const fn acknowledged(&self) -> u64 {
        self.acknowledged_before + self.acknowledged.0
    }

    /// How connections ended, the latest first.
    pub fn ends(&self) -> impl Iterator<Item = &ConnectionEnd> {
        self.ends.iter().rev()
    }

    /// The last frames, the latest first.
    pub fn frames(&self) -> impl Iterator<Item = &FrameRecord> {
        self.frames.iter().rev()
    }
}

impl Traffic {
    fn count(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
    }
}

/// Everything the panel shows, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The moment, by the page's clock.
    pub now: Moment,
    /// The same in ms since 1970.
    pub wall_ms: i64,
    /// The record of the connections.
    pub diagnosis: Diagnosis,
    /// Whether the browser reports a network.
    pub network: bool,
    /// From the last heartbeat to its answer.
    pub round_trip: Option<Duration>,
    /// The deadline of the answer to the last heartbeat, while it is awaited.
    pub answer_by: Option<Moment>,
    /// When the next heartbeat is due, if nothing arrives until then.
    pub due: Option<Moment>,
    /// Times the connection was bound.
    pub connects: u64,
}

impl Snapshot {
    /// An earlier moment in ms since 1970.
    pub fn wall_of(&self, moment: Moment) -> i64 {
        let ago = self.now.since(moment).as_millis();
        self.wall_ms - i64::try_from(ago).unwrap_or(0)
    }
}
