use super::*;

#[test]
fn sends_are_answered_in_their_order_refused_ones_too() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.receive(&send("first", "a"));
    driven.receive(&send(" ", "b"));
    driven.receive(&send("third", "c"));
    let outputs = driven.outputs();
    assert!(
        matches!(&outputs[..], [Output::Append(a), Output::Append(c)]
            if a.body.content() == "first" && c.body.content() == "third"),
        "{outputs:?}"
    );
    assert!(driven.written().is_empty());
    driven.session.handle_appended(driven.now, Ok(appended(1)));
    let written = driven.written();
    assert!(
        matches!(&written[..], [
            Outgoing::Sent(_),
            Outgoing::Frame(ServerFrame::Error(ErrorBody {
                code: ErrorCode::Empty,
                re: Some(kind::SEND),
                client_msg_id: Some(ClientMsgId(id)),
                ..
            })),
        ] if id == "b"),
        "{written:?}"
    );
    let busy = Err(ErrorCode::Busy);
    driven.session.handle_appended(driven.now, busy);
    assert_eq!(driven.codes(), (vec![ErrorCode::Busy], None));
}

#[test]
fn receiving_stops_while_too_many_sends_are_in_flight() {
    let mut driven = Driven::bound(BIND, Vec::new());
    for n in 0..limits::SENDS_IN_FLIGHT {
        assert!(driven.session.can_receive());
        driven.receive(&send("x", &n.to_string()));
    }
    assert!(!driven.session.can_receive());
    driven.session.handle_appended(driven.now, Ok(appended(1)));
    assert!(driven.session.can_receive());
}

#[test]
fn page_with_an_unanswered_send_is_pushed_after_the_answer() {
    let bind = r#"{"type":1,"data":{"uid":1,"all":true}}"#;
    let mut driven = Driven::bound(bind, Vec::new());
    driven.receive(&send("x", "a"));
    driven.outputs();
    // The event of the message that follows the send arrives first.
    let event = Event::Message(item(2, false));
    driven.session.handle_event(driven.now, event);
    let Some(Output::Request(Request::Page(_))) = driven.output() else {
        panic!("the feed reads on");
    };
    let page = Answer::Page(vec![item(1, true), item(2, false)]);
    driven.session.handle_answer(driven.now, Ok(page));
    assert_eq!(driven.outputs(), []);
    assert!(driven.written().is_empty() && !driven.session.can_receive());
    driven.session.handle_appended(driven.now, Ok(appended(1)));
    driven.outputs();
    let written = driven.written();
    assert!(
        matches!(&written[..], [Outgoing::Sent(_), Outgoing::Push { message, .. }]
            if message.0 == "message 2"),
        "{written:?}"
    );
    assert!(driven.session.can_receive());
}

#[test]
fn committed_sends_are_answered_before_the_close_frame() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.receive(&send("x", "a"));
    driven.session.handle_drain(driven.now);
    assert!(driven.run_to_deadline() < Duration::from_secs(10));
    let going = Some(CloseCode::GoingAway);
    assert!(driven.outputs().contains(&Output::Ended(going)));
    assert!(driven.written().is_empty());
    driven.session.handle_appended(driven.now, Ok(appended(1)));
    let written = driven.written();
    assert!(
        matches!(
            written[..],
            [Outgoing::Sent(_), Outgoing::Close(CloseCode::GoingAway)]
        ),
        "{written:?}"
    );
    assert!(driven.session.can_receive() && !driven.session.is_ended());
    // Whatever the client still sends is not served.
    driven.receive(&send("y", "b"));
    assert_eq!(driven.outputs(), []);
    assert_eq!(driven.run_to_deadline(), CLOSE_LIMIT);
    assert!(driven.session.is_ended());
}
