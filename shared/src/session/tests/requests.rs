use super::*;

#[test]
fn sixteen_malformed_frames_end_the_session() {
    let mut driven = Driven::bound(BIND, Vec::new());
    for _ in 0..limits::STRIKES - 1 {
        driven.receive("no frame");
        driven.receive(r#"{"type":77}"#);
    }
    let (errors, close) = driven.codes();
    assert_eq!((errors.len(), close), (30, None));
    driven.receive("no frame");
    assert_eq!(driven.codes().1, Some(CloseCode::ProtocolError));
}

#[test]
fn frame_beyond_the_rate_is_refused_and_reading_pauses() {
    let mut driven = Driven::bound(BIND, Vec::new());
    let frame = ClientFrame::parse(&send("x", "a"));
    let wait = Err(Duration::from_secs(3));
    driven.session.handle_frame(driven.now, frame, wait);
    assert_eq!(driven.outputs(), []);
    let written = driven.written();
    let [Outgoing::Frame(ServerFrame::Error(body))] = &written[..] else {
        panic!("{written:?}");
    };
    assert_eq!(body.code, ErrorCode::TooManyRequests);
    assert!(
        body.retry()
            .is_some_and(|wait| wait >= Duration::from_secs(3))
    );
    assert!(!driven.session.can_receive());
    assert_eq!(driven.run_to_deadline(), Duration::from_millis(10));
    assert!(driven.session.can_receive());
}

#[test]
fn plain_query_marks_the_conversation_as_read() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.receive(r#"{"type":2,"data":{"ownerUid":1,"otherUid":2}}"#);
    let peer = Peer::User(UserId(2));
    let request = Request::Query {
        peer,
        after: None,
        before: None,
        limit: limits::PAGE_DEFAULT,
    };
    let position = Position {
        conversation: A,
        peer,
        last_seq: Seq(5),
        read_seq: Seq(2),
    };
    driven.answer(request, Answer::Query(Some((Vec::new(), Some(position)))));
    let advance = Request::Advance {
        conversation: A,
        read: Seq(5),
        delivered: Seq(0),
    };
    let (unread, total) = (0, 9);
    driven.answer(advance, Answer::Advanced { unread, total });
    let Some(Output::PublishRead { mark, .. }) = driven.output() else {
        panic!("it is published");
    };
    assert_eq!((mark.seq, mark.total), (Seq(5), 9));
}
