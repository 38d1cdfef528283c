//! What a person sees of the connection's mechanisms, and what a report of a fault needs.
//!
//! The driver (`net/driver.rs`) tells [`Diagnosis`] of each frame and each change. That happens for
//! every frame of the page's life, so a record is a few numbers and nothing is put into words
//! until somebody looks. What was written is never kept: of a text only its length.

mod frames;
mod pace;
mod ring;
#[cfg(test)]
mod tests;

pub use frames::{FrameRecord, Note, Way};
pub use pace::{Pace, Trend};

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
pub struct End {
    /// When, the last time.
    pub at: Moment,
    /// Why.
    pub cause: Cause,
    /// How long it had been bound; `None`: it never was.
    pub lived: Option<Duration>,
    /// How many attempts in a row ended like this.
    pub times: u32,
}

/// What happened on the connections of this page.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    phase: Phase,
    since: Moment,
    pace: Pace,
    sent: Traffic,
    received: Traffic,
    pushes: u64,
    repushes: u64,
    /// On earlier connections.
    acknowledged_before: u64,
    /// On this one, where `tid` counts from 1.
    acknowledged: Tid,
    ends: Ring<End, ENDS>,
    frames: Ring<FrameRecord, FRAMES>,
}

impl Diagnosis {
    /// Nothing happened yet.
    pub fn new(now: Moment) -> Self {
        Self {
            phase: Phase::Idle,
            since: now,
            pace: Pace::default(),
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
        let lived = (self.phase == Phase::Live).then(|| now.since(self.since));
        // A page that leaves by itself has nothing to explain.
        let cause = cause.filter(|cause| *cause != Cause::Asked);
        if let (Phase::Waiting(_) | Phase::Stopped, Some(cause)) = (phase, cause) {
            self.ended(now, cause, lived);
        }
        if phase == Phase::Live {
            self.acknowledged_before += std::mem::take(&mut self.acknowledged).0;
        }
        self.phase = phase;
        self.since = now;
    }

    fn ended(&mut self, now: Moment, cause: Cause, lived: Option<Duration>) {
        // A server that is away for a night must not push everything else out.
        if let Some(last) = self.ends.last_mut()
            && lived.is_none()
            && last.lived.is_none()
            && last.cause == cause
        {
            last.at = now;
            last.times += 1;
            return;
        }
        self.ends.push(End {
            at: now,
            cause,
            lived,
            times: 1,
        });
    }

    /// A frame left, as so many bytes.
    pub fn sent(&mut self, now: Moment, frame: &ClientFrame, bytes: usize) {
        self.sent.count(bytes);
        if let ClientFrame::Ack(ack) = frame {
            // Ours are cumulative, and a tid is a count.
            self.acknowledged = self.acknowledged.max(ack.tid);
        }
        self.record(now, Way::Out, bytes, Note::of_sent(frame));
    }

    /// A frame arrived, as so many bytes; `None`: one this page does not know.
    pub fn received(&mut self, now: Moment, frame: Option<&ServerFrame>, bytes: usize) {
        self.received.count(bytes);
        match frame {
            Some(ServerFrame::Push(push)) if push.dup => self.repushes += 1,
            Some(ServerFrame::Push(_)) => self.pushes += 1,
            Some(ServerFrame::Bound(bound)) => {
                self.pace.given(now, Duration::from_millis(bound.timeout));
            }
            Some(ServerFrame::Heartbeat(interval)) => {
                self.pace.answered();
                self.pace.given(now, *interval);
            }
            _ => {}
        }
        let note = frame.map_or(Note::Unknown, Note::of_received);
        self.record(now, Way::In, bytes, note);
    }

    fn record(&mut self, at: Moment, way: Way, bytes: usize, note: Note) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.frames.push(FrameRecord {
            at,
            way,
            bytes,
            note,
        });
    }

    /// Where the connection stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when.
    pub const fn since(&self) -> Moment {
        self.since
    }

    /// How the heartbeat interval came to be what it is.
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What left and what arrived.
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
    pub fn ends(&self) -> impl Iterator<Item = &End> {
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

/// Everything the panel shows, as it is at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The moment, by the page's clock.
    pub now: Moment,
    /// The same in ms since 1970.
    pub wall_ms: i64,
    /// What happened.
    pub diagnosis: Diagnosis,
    /// Whether the system says there is a network.
    pub network: bool,
    /// From the last heartbeat to its answer.
    pub round_trip: Option<Duration>,
    /// By when the heartbeat that is not answered must be.
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
