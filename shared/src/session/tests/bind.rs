use super::*;

#[test]
fn nothing_but_a_bind_is_served_before_the_bind() {
    let mut driven = Driven::new();
    driven.receive(&send("x", "a"));
    driven.receive(r#"{"type":6,"data":{"tid":1}}"#);
    assert_eq!(driven.outputs(), []);
    assert_eq!(driven.codes(), (vec![ErrorCode::NotBound; 2], None));
}

#[test]
fn bind_of_another_uid_ends_the_session() {
    let mut driven = Driven::new();
    driven.receive(r#"{"type":1,"data":{"uid":2}}"#);
    let (errors, close) = driven.codes();
    assert_eq!(errors, [ErrorCode::UidMismatch]);
    assert_eq!(close, Some(CloseCode::NotLoggedIn));
    assert!(driven.outputs().contains(&Output::Ended(close)));
}

#[test]
fn second_bind_is_refused_and_the_session_goes_on() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.receive(BIND);
    assert_eq!(driven.codes(), (vec![ErrorCode::AlreadyBound], None));
    assert!(driven.session.can_receive());
}

#[test]
fn bind_that_cannot_be_read_is_refused_with_a_delay() {
    let mut driven = Driven::new();
    driven.receive(BIND);
    driven.answer(Request::Admit, Answer::Admitted(true));
    assert!(!driven.session.can_receive());
    driven.output();
    driven
        .session
        .handle_answer(driven.now, Err(StoreUnavailable));
    let written = driven.written();
    let Some(Outgoing::Frame(ServerFrame::BindRefused(body))) = written.first() else {
        panic!("{written:?}");
    };
    assert_eq!(body.code, ErrorCode::Unavailable);
    assert!(
        body.retry()
            .is_some_and(|wait| wait >= Duration::from_secs(3))
    );
    assert!(matches!(
        written.last(),
        Some(Outgoing::Close(CloseCode::RateLimited))
    ));
}

#[test]
fn missing_bind_ends_the_session_in_ten_seconds() {
    let mut driven = Driven::new();
    assert_eq!(driven.run_to_deadline(), limits::BIND_DEADLINE);
    let (errors, close) = driven.codes();
    assert_eq!(errors, [ErrorCode::BindTimeout]);
    assert_eq!(close, Some(CloseCode::Idle));
}

#[test]
fn legacy_client_gets_no_epoch() {
    let mut driven = Driven::binding(r#"{"type":1,"data":{"uid":1}}"#);
    let after = ConversationId(0);
    let page = Answer::Cursors {
        page: Vec::new(),
        is_last: true,
    };
    driven.answer(Request::Cursors { after }, page);
    driven.answer(Request::Unread, unread(0));
    let written = driven.written();
    assert!(matches!(&written[..], [Outgoing::Bound { bound, .. }] if bound.epoch.is_none()));
}
