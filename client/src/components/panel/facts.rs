//! The facts of a snapshot as texts of one language: the same for the panel and for the report.

use crate::i18n::PanelTexts;
use std::time::Duration;
use tidings_client_state::{ConnectionEnd, FrameDirection, FrameRecord, Snapshot, Traffic};
use tidings_shared::Moment;
use tidings_shared::link::Phase;

/// A row of the panel: a label, its value, and details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) testid: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) details: Vec<String>,
}

/// A snapshot as texts of one language.
pub(super) struct Facts<'a> {
    pub(super) texts: &'static PanelTexts,
    pub(super) snapshot: &'a Snapshot,
    /// How many messages wait to be sent, and how many of these were refused.
    pub(super) unsent: (usize, usize),
    /// A moment, in ms since 1970, as the time of day to the second.
    pub(super) time: &'a dyn Fn(i64) -> String,
}

impl Facts<'_> {
    /// The phase of the connection.
    pub(super) fn phase(&self) -> &'static str {
        (self.texts.phase)(self.snapshot.diagnosis.phase(), self.snapshot.network)
    }

    /// Since when the connection is in that phase, and how long that is.
    pub(super) fn since(&self) -> String {
        let since = self.snapshot.diagnosis.since();
        let ago = self.span(self.snapshot.now.since(since));
        (self.texts.since)(&self.clock(self.snapshot.wall_of(since)), &ago)
    }

    /// The rows, from the round trip to the traffic.
    pub(super) fn rows(&self) -> Vec<Fact> {
        let (texts, diagnosis) = (self.texts, &self.snapshot.diagnosis);
        let (sent, received) = diagnosis.traffic();
        let fact = |testid, label, value| Fact {
            testid,
            label,
            value,
            details: Vec::new(),
        };
        let round_trip = self.snapshot.round_trip;
        vec![
            fact(
                "panel-rtt",
                texts.round_trip,
                round_trip.map_or_else(
                    || texts.none_yet.into(),
                    |trip| {
                        let ms = trip.as_secs() * 1000 + u64::from(trip.subsec_millis());
                        format!("{ms} ms")
                    },
                ),
            ),
            self.interval(),
            self.heartbeat(),
            fact(
                "panel-acked",
                texts.acknowledged,
                (texts.of_received)(diagnosis.acknowledged(), diagnosis.pushes()),
            ),
            fact(
                "panel-repushes",
                texts.repushes,
                diagnosis.repushes().to_string(),
            ),
            fact(
                "panel-outbox",
                texts.outbox,
                (texts.unsent)(self.unsent.0, self.unsent.1),
            ),
            fact(
                "panel-traffic",
                texts.traffic,
                format!("{} {}", arrow(FrameDirection::Out), self.traffic(sent))
                    + &format!("  {} {}", arrow(FrameDirection::In), self.traffic(received)),
            ),
        ]
    }

    fn interval(&self) -> Fact {
        let (texts, history) = (self.texts, self.snapshot.diagnosis.interval_history());
        let value = history
            .interval()
            .map_or_else(|| texts.none_yet.into(), |interval| self.span(interval));
        let changes = history
            .first()
            .zip(history.changed_at())
            .map(|(first, at)| {
                let time = self.clock(self.snapshot.wall_of(at));
                (texts.interval_history)(&self.span(first), &time, history.answers())
            });
        let trend = (texts.trend)(history.trend()).to_owned();
        Fact {
            testid: "panel-interval",
            label: texts.interval,
            value,
            details: [trend].into_iter().chain(changes).collect(),
        }
    }

    fn heartbeat(&self) -> Fact {
        let (texts, snapshot) = (self.texts, self.snapshot);
        let within = |until: Moment| {
            // Rounded up: nothing is due in 0 s for a whole second.
            let left = until.since(snapshot.now) + Duration::from_millis(999);
            (texts.within)(&self.span(left))
        };
        let (value, detail) = match (snapshot.answer_by, snapshot.due) {
            (Some(by), _) => (within(by), Some(texts.answer_awaited)),
            (None, Some(due)) => (within(due), Some(texts.unless_something)),
            (None, None) => (texts.not_connected.into(), None),
        };
        Fact {
            testid: "panel-heartbeat",
            label: texts.heartbeat,
            value,
            details: detail.into_iter().map(str::to_owned).collect(),
        }
    }

    /// How many times the connection came back.
    pub(super) fn reconnects(&self) -> u64 {
        self.snapshot.connects.saturating_sub(1)
    }

    /// The time, the cause and the duration of a connection that ended.
    pub(super) fn end(&self, end: &ConnectionEnd) -> (String, String, String) {
        let after = match end.bound_for {
            Some(bound_for) => (self.texts.bound_for)(&self.span(bound_for)),
            None => (self.texts.attempts)(end.times),
        };
        let time = self.clock(self.snapshot.wall_of(end.at));
        (time, (self.texts.cause)(end.cause), after)
    }

    /// The time, the direction and the summary of a frame.
    pub(super) fn frame(&self, frame: &FrameRecord) -> (String, &'static str, String) {
        let time = self.clock(self.snapshot.wall_of(frame.at));
        (time, arrow(frame.direction), frame.summary.to_string())
    }

    /// The colour of the dot beside the phase, as the style sheet's `data-mood`.
    pub(super) const fn status_class(&self) -> &'static str {
        match self.snapshot.diagnosis.phase() {
            Phase::Live => "live",
            Phase::Idle | Phase::Connecting | Phase::Binding => "connecting",
            Phase::Waiting(_) | Phase::Stopped => "waiting",
        }
    }

    fn traffic(&self, traffic: Traffic) -> String {
        (self.texts.frames_bytes)(traffic.frames, &bytes(traffic.bytes))
    }

    fn clock(&self, at_ms: i64) -> String {
        (self.time)(at_ms)
    }

    fn span(&self, span: Duration) -> String {
        (self.texts.span)(span)
    }
}

const fn arrow(direction: FrameDirection) -> &'static str {
    match direction {
        FrameDirection::Out => "↑",
        FrameDirection::In => "↓",
    }
}

fn bytes(count: u64) -> String {
    match count {
        ..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{}.{} KB", count / 1024, count % 1024 * 10 / 1024),
        _ => format!("{}.{} MB", count >> 20, (count >> 10) % 1024 * 10 / 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn byte_counts_are_abbreviated() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KB");
        assert_eq!(bytes(5 << 20), "5.0 MB");
    }
}
