use super::*;
use crate::chat::samples::{ME, THEM, received};
use tidings_shared::frame::{Ack, Bound, Heartbeat, Push, Send};
use tidings_shared::{Body, ErrorBody, ErrorCode};

fn at(seconds: u64) -> Moment {
    Moment::after_origin(Duration::from_secs(seconds))
}

fn push(tid: u64, dup: bool) -> ServerFrame {
    ServerFrame::Push(Box::new(Push {
        tid: Tid(tid),
        dup,
        message: received(12),
    }))
}

fn ack(tid: u64) -> ClientFrame {
    ClientFrame::Ack(Ack {
        tid: Tid(tid),
        cumulative: true,
    })
}

fn fresh() -> Diagnosis {
    Diagnosis::new(at(0))
}

#[test]
fn pushes_duplicates_and_acks_are_counted_over_connections() {
    let mut diagnosis = fresh();
    diagnosis.changed(at(1), Phase::Live, None);
    for tid in 1..=3 {
        diagnosis.received(at(1), Some(&push(tid, false)), 100);
    }
    diagnosis.received(at(6), Some(&push(3, true)), 110);
    diagnosis.sent(at(6), &ack(3), 50);
    diagnosis.sent(at(7), &ack(3), 50);
    let lost = Some(Cause::Closed(1006));
    diagnosis.changed(at(9), Phase::Waiting(at(10)), lost);
    diagnosis.changed(at(10), Phase::Live, lost);
    diagnosis.received(at(11), Some(&push(1, false)), 100);
    diagnosis.sent(at(11), &ack(1), 50);
    assert_eq!((diagnosis.pushes(), diagnosis.repushes()), (4, 1));
    assert_eq!(diagnosis.acknowledged(), 4);
    let (sent, got) = diagnosis.traffic();
    assert_eq!((sent.frames, sent.bytes), (3, 150));
    assert_eq!((got.frames, got.bytes), (5, 510));
}

#[test]
fn connection_end_has_its_cause_and_duration() {
    let mut diagnosis = fresh();
    diagnosis.changed(at(1), Phase::Connecting, None);
    diagnosis.changed(at(2), Phase::Live, None);
    let missed = Some(Cause::HeartbeatMissed);
    diagnosis.changed(at(62), Phase::Waiting(at(63)), missed);
    let end = *diagnosis.ends().next().expect("one");
    assert_eq!(end.bound_for, Some(Duration::from_mins(1)));
    assert_eq!(end.cause, Cause::HeartbeatMissed);
    assert_eq!(diagnosis.since(), at(62));
}

#[test]
fn equal_failures_are_merged_and_entries_are_bounded() {
    let mut diagnosis = fresh();
    let attempt = |diagnosis: &mut Diagnosis, n: u64, code| {
        diagnosis.changed(at(n), Phase::Connecting, None);
        let cause = Some(Cause::Closed(code));
        diagnosis.changed(at(n), Phase::Waiting(at(n + 1)), cause);
    };
    for n in 0..100 {
        attempt(&mut diagnosis, n, 1006);
    }
    let end = *diagnosis.ends().next().expect("one");
    assert_eq!((diagnosis.ends().count(), end.times), (1, 100));
    assert_eq!(end.at, at(99));
    for n in 100..150 {
        attempt(
            &mut diagnosis,
            n,
            4000 + u16::try_from(n % 2).expect("small"),
        );
    }
    assert_eq!(diagnosis.ends().count(), ENDS);
}

#[test]
fn requested_close_is_not_recorded_as_an_end() {
    let mut diagnosis = fresh();
    diagnosis.changed(at(1), Phase::Live, None);
    diagnosis.changed(at(2), Phase::Stopped, Some(Cause::Asked));
    assert_eq!(diagnosis.ends().count(), 0);
}

#[test]
fn last_frames_are_recorded_without_message_text() {
    let mut diagnosis = fresh();
    for tid in 1..=100 {
        diagnosis.received(at(tid), Some(&push(tid, tid == 100)), 10);
    }
    assert_eq!(diagnosis.frames().count(), FRAMES);
    let last = diagnosis.frames().next().expect("some");
    assert_eq!(
        (last.at, last.direction, last.summary.to_string().as_str()),
        (
            at(100),
            FrameDirection::In,
            "4 push tid 100 dup → seq 12, 10 B of text"
        )
    );
    let send = ClientFrame::Send(Send {
        sender_uid: ME,
        peer: THEM,
        body: Body::Text("a secret".into()),
        client_msg_id: None,
    });
    diagnosis.sent(at(101), &send, 99);
    let mut error = ErrorBody::new(ErrorCode::Busy).re(3);
    error.message = "a secret".into();
    diagnosis.received(at(101), Some(&ServerFrame::Error(error)), 9);
    diagnosis.received(at(102), None, 9);
    let lines: Vec<_> = diagnosis.frames().map(|f| f.summary.to_string()).collect();
    assert_eq!(
        lines[..3],
        ["? unknown", "7 error busy re 3", "3 send 8 B of text"]
    );
    assert!(!format!("{diagnosis:?}").contains("secret"));
}

#[test]
fn interval_is_set_by_bind_and_heartbeat_answers() {
    let mut diagnosis = fresh();
    let bound = Bound {
        uid: ME,
        username: "me".into(),
        timeout: 45_000,
        unread: 0,
        list: None,
        epoch: None,
    };
    diagnosis.received(at(0), Some(&ServerFrame::Bound(Box::new(bound))), 9);
    let heartbeat = ClientFrame::Heartbeat(Heartbeat {
        uid: ME,
        timeout: 45_000,
    });
    diagnosis.sent(at(45), &heartbeat, 9);
    let answer = ServerFrame::Heartbeat(Duration::from_secs(67));
    diagnosis.received(at(45), Some(&answer), 9);
    assert_eq!(diagnosis.interval_history().trend(), Trend::Longer);
    assert_eq!(
        diagnosis.interval_history().interval(),
        Some(Duration::from_secs(67))
    );
}

#[test]
fn earlier_moment_converts_to_wall_time() {
    let snapshot = Snapshot {
        now: at(100),
        wall_ms: 1_000_000,
        diagnosis: fresh(),
        network: true,
        round_trip: None,
        answer_by: None,
        due: None,
        connects: 0,
    };
    assert_eq!(snapshot.wall_of(at(40)), 940_000);
}
