//! The read marks sent to the server: coalesced, never backwards, sent again until the server's own
//! mark confirms them.

use std::time::Duration;
use tidings_shared::frame::Read;
use tidings_shared::{Moment, Peer, Seq};

/// How long a mark waits for the next message, so that a burst makes one frame.
const WAIT: Duration = Duration::from_millis(150);

#[derive(Debug)]
struct Mark {
    peer: Peer,
    seq: Seq,
    sent: bool,
}

/// Marks the server has not confirmed.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Few, because a person looks at one conversation at a time.
    marks: Vec<Mark>,
    due: Option<Moment>,
}

impl Reads {
    /// The person has read up to `seq`.
    pub(super) fn mark(&mut self, now: Moment, peer: Peer, seq: Seq) {
        let same = |mark: &Mark| mark.peer == peer;
        if self.marks.iter().any(|mark| same(mark) && mark.seq >= seq) {
            return;
        }
        self.marks.retain(|mark| !same(mark));
        let sent = false;
        self.marks.push(Mark { peer, seq, sent });
        self.due.get_or_insert(now + WAIT);
    }

    /// The server confirmed that everything up to `seq` is read.
    pub(super) fn confirmed(&mut self, peer: Peer, seq: Seq) {
        self.marks
            .retain(|mark| mark.peer != peer || mark.seq > seq);
    }

    /// The conversation begins anew, so its mark means nothing.
    pub(super) fn forget(&mut self, peer: Peer) {
        self.marks.retain(|mark| mark.peer != peer);
    }

    /// A connection is bound: unconfirmed marks are sent again.
    pub(super) fn reconnected(&mut self, now: Moment) {
        for mark in &mut self.marks {
            mark.sent = false;
        }
        self.due = (!self.marks.is_empty()).then_some(now);
    }

    /// Makes waiting marks due now: the page is hidden, where a timer may take a minute.
    pub(super) fn make_due(&mut self, now: Moment) {
        self.due = self.due.map(|due| due.min(now));
    }

    /// The frames to send now.
    pub(super) fn poll_reads(&mut self, now: Moment) -> Vec<Read> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        self.marks
            .iter_mut()
            .filter(|mark| !mark.sent)
            .map(|mark| {
                mark.sent = true;
                Read {
                    peer: mark.peer,
                    seq: mark.seq,
                }
            })
            .collect()
    }

    /// When [`Self::poll_reads`] has something.
    pub(super) const fn poll_timeout(&self) -> Option<Moment> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::UserId;

    const A: Peer = Peer::User(UserId(2));

    fn at(ms: u64) -> Moment {
        Moment::after_origin(Duration::from_millis(ms))
    }

    fn read(seq: i64) -> Vec<Read> {
        vec![Read {
            peer: A,
            seq: Seq(seq),
        }]
    }

    #[test]
    fn burst_of_reads_sends_one_mark_and_never_backwards() {
        let mut reads = Reads::default();
        reads.mark(at(0), A, Seq(1));
        reads.mark(at(10), A, Seq(3));
        reads.mark(at(20), A, Seq(2));
        assert_eq!(reads.poll_reads(at(149)), []);
        assert_eq!(reads.poll_reads(at(150)), read(3));
        reads.mark(at(200), A, Seq(3));
        assert_eq!(reads.poll_reads(at(1000)), []);
    }

    #[test]
    fn waiting_mark_is_sent_when_the_page_is_hidden() {
        let mut reads = Reads::default();
        reads.mark(at(0), A, Seq(3));
        reads.make_due(at(10));
        assert_eq!(reads.poll_reads(at(10)), read(3));
    }

    #[test]
    fn unconfirmed_mark_is_sent_again_after_a_reconnect() {
        let mut reads = Reads::default();
        reads.mark(at(0), A, Seq(3));
        reads.poll_reads(at(150));
        reads.reconnected(at(500));
        assert_eq!(reads.poll_reads(at(500)), read(3));
        reads.confirmed(A, Seq(3));
        reads.reconnected(at(900));
        assert_eq!(reads.poll_timeout(), None);
    }

    #[test]
    fn forgotten_mark_is_not_sent_and_lets_a_lower_one_follow() {
        let mut reads = Reads::default();
        reads.mark(at(0), A, Seq(9));
        reads.forget(A);
        assert_eq!(reads.poll_reads(at(150)), []);
        reads.mark(at(200), A, Seq(7));
        assert_eq!(reads.poll_reads(at(350)), read(7));
    }

    #[test]
    fn older_mark_of_the_server_confirms_nothing_newer() {
        let mut reads = Reads::default();
        reads.mark(at(0), A, Seq(5));
        reads.confirmed(A, Seq(4));
        assert_eq!(reads.poll_reads(at(150)), read(5));
    }
}
