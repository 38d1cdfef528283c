use super::*;

#[test]
fn best_effort_events_are_dropped_while_the_queue_is_full() {
    let mut driven = Driven::bound(BIND, Vec::new());
    let mut sent = 0;
    while driven.session.has_capacity() {
        driven
            .session
            .handle_event(driven.now, Event::Presence(Vec::new()));
        sent += 1;
    }
    driven
        .session
        .handle_event(driven.now, Event::Presence(Vec::new()));
    assert_eq!(driven.written().len(), sent);
}

#[test]
fn reload_that_fails_at_a_later_page_is_repeated() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.session.handle_event(driven.now, Event::Resync);
    driven.answer(Request::Login, Answer::Login(Some(user())));
    driven.answer(Request::Epoch, Answer::Epoch("one".into()));
    let page = Answer::Cursors {
        page: vec![cursor(A, 1)],
        is_last: false,
    };
    let after = ConversationId(0);
    driven.answer(Request::Cursors { after }, page);
    assert_eq!(driven.output(), Some(Output::Charge(5)));
    assert_eq!(
        driven.output(),
        Some(Output::Request(Request::Cursors { after: A }))
    );
    driven
        .session
        .handle_answer(driven.now, Err(StoreUnavailable));
    assert_eq!(driven.output(), None);
    assert_eq!(driven.run_to_deadline(), Duration::from_secs(1));
    assert_eq!(driven.output(), Some(Output::Request(Request::Login)));
}

#[test]
fn groups_are_joined_before_their_cursors_count() {
    let mut driven = Driven::binding(r#"{"type":1,"data":{"uid":1,"all":true}}"#);
    let after = ConversationId(0);
    let page = |last| Answer::Cursors {
        page: vec![ConversationCursor {
            group: Some(GroupId(3)),
            ..cursor(A, last)
        }],
        is_last: true,
    };
    driven.answer(Request::Cursors { after }, page(1));
    let join = Request::JoinGroups(vec![GroupId(3)]);
    driven.answer(join.clone(), Answer::Joined(true));
    driven.answer(Request::Cursors { after }, page(2));
    driven.answer(join, Answer::Joined(false));
    driven.answer(Request::Unread, unread(0));
    driven.outputs();
    let written = driven.written();
    assert!(matches!(written[..], [Outgoing::Bound { .. }]));
}

#[test]
fn another_epoch_found_by_a_reload_closes_the_session() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.session.handle_event(driven.now, Event::Resync);
    driven.answer(Request::Login, Answer::Login(Some(user())));
    driven.answer(Request::Epoch, Answer::Epoch("two".into()));
    assert_eq!(driven.codes().1, Some(CloseCode::GoingAway));
}

#[test]
fn legacy_client_sends_to_a_group_without_a_reload() {
    let mut driven = Driven::binding(r#"{"type":1,"data":{"uid":1}}"#);
    let after = ConversationId(0);
    let page = Answer::Cursors {
        page: Vec::new(),
        is_last: true,
    };
    driven.answer(Request::Cursors { after }, page);
    driven.answer(Request::Unread, unread(0));
    driven.outputs();
    driven.receive(r#"{"type":3,"data":{"senderUid":1,"groupId":3,"content":"x"}}"#);
    assert!(matches!(driven.outputs()[..], [Output::Append(_)]));
    driven.session.handle_appended(driven.now, Ok(appended(1)));
    assert_eq!(driven.outputs(), []);
}
