use super::*;

#[test]
fn silent_client_with_heartbeats_is_closed_as_idle() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.now = driven.now + Duration::from_secs(45);
    driven.receive(r#"{"type":0,"data":{"uid":1,"timeout":45000}}"#);
    let written = driven.written();
    let idle = Duration::from_secs(45);
    assert!(matches!(written[..], [Outgoing::Heartbeat(time)] if time == idle));
    assert_eq!(driven.run_to_deadline(), Duration::from_mins(6));
    let ended = [
        Output::HeartbeatMissed,
        Output::Ended(Some(CloseCode::Idle)),
    ];
    assert_eq!(driven.outputs(), ended);
    assert_eq!(driven.codes().1, Some(CloseCode::Idle));
}

#[test]
fn nothing_follows_the_close_frame_of_the_client() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.receive(&send("x", "a"));
    driven.outputs();
    driven.receive("no frame");
    driven.session.handle_close(driven.now);
    assert_eq!(driven.outputs(), [Output::Ended(None)]);
    driven.session.handle_appended(driven.now, Ok(appended(1)));
    assert!(driven.written().is_empty());
    assert!(driven.session.can_receive() && !driven.session.is_ended());
    driven.session.handle_disconnected();
    assert!(driven.session.is_ended());
    assert_eq!(driven.outputs(), []);
}

#[test]
fn client_that_reads_nothing_is_closed_as_too_slow() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.receive("no frame");
    assert_eq!(driven.run_to_deadline(), Duration::from_secs(10));
    let slow = Some(CloseCode::TooSlow);
    assert_eq!(driven.outputs(), [Output::Ended(slow)]);
}
