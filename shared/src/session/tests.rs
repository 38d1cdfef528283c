use super::*;
use crate::delivery::{DeliveryCursor, FeedItem};
use crate::frame::{ConversationList, kind};
use crate::{ClientMsgId, ConversationId, GroupId, Mid, Peer, Seq, UserId};

const ME: UserId = UserId(1);
const A: ConversationId = ConversationId(7);
const BIND: &str = r#"{"type":1,"data":{"uid":1,"conversations":true}}"#;

/// A message for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl Payload for Text {
    fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// A session with a clock, driven by hand.
struct Driven {
    session: Session<Text>,
    now: Moment,
}

fn user() -> User {
    User {
        uid: ME,
        username: "me".into(),
        avatar: String::new(),
    }
}

fn cursor(conversation: ConversationId, last: i64) -> ConversationCursor {
    ConversationCursor {
        delivery: DeliveryCursor {
            conversation,
            last_seq: Seq(last),
            delivered_seq: Seq(0),
            joined_seq: Seq(0),
            head: Mid(1),
        },
        read_seq: Seq(0),
        group: None,
    }
}

fn item(seq: i64, from_self: bool) -> FeedItem<Text> {
    FeedItem {
        conversation: A,
        seq: Seq(seq),
        mid: Mid(seq),
        from_self,
        payload: Text(format!("message {seq}")),
        bytes: 10,
    }
}

fn appended(seq: i64) -> AppendedSend<Text> {
    AppendedSend {
        conversation: A,
        seq: Seq(seq),
        message: Text(format!("message {seq}")),
    }
}

fn unread(total: u64) -> Answer<Text> {
    Answer::Unread(UnreadCounts {
        total,
        direct: total,
        from_self: Vec::new(),
    })
}

fn send(content: &str, id: &str) -> String {
    format!(
        r#"{{"type":3,"data":{{"senderUid":1,"recipientUid":2,"content":"{content}","clientMsgId":"{id}"}}}}"#
    )
}

impl Driven {
    fn new() -> Self {
        let config = Config {
            timing: Timing::default(),
            idle_timeout: Duration::from_mins(6),
            drain: Duration::from_secs(10),
        };
        let lifetime = Duration::from_hours(24);
        Self {
            session: Session::new(config, user(), lifetime, 4),
            now: Moment::default(),
        }
    }

    fn bound(bind: &str, cursors: Vec<ConversationCursor>) -> Self {
        let mut driven = Self::new();
        driven.receive(bind);
        driven.answer(Request::Admit, Answer::Admitted(true));
        let lists = bind.contains("conversations");
        driven.answer(Request::Subscribe { lists }, Answer::Subscribed(true));
        driven.answer(Request::Login, Answer::Login(Some(user())));
        driven.answer(Request::Epoch, Answer::Epoch("one".into()));
        let after = ConversationId(0);
        let page = Answer::Cursors {
            page: cursors,
            is_last: true,
        };
        driven.answer(Request::Cursors { after }, page);
        driven.answer(Request::Unread, unread(3));
        if lists {
            let list = Answer::List(Some(ConversationList::default()));
            driven.answer(Request::List { after: None }, list);
        }
        let [Outgoing::Bound { bound, .. }] = &driven.written()[..] else {
            panic!("it is bound");
        };
        assert_eq!(bound.unread, 3);
        assert_eq!(bound.epoch.as_deref(), Some("one"));
        assert_eq!(
            driven.output(),
            Some(Output::BindAnswered(Ok(()), Duration::ZERO))
        );
        driven
    }

    fn receive(&mut self, text: &str) {
        let frame = ClientFrame::parse(text);
        self.session.handle_frame(self.now, frame, Ok(()));
    }

    fn output(&mut self) -> Option<Output> {
        self.session.poll_output(self.now)
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.output()).collect()
    }

    /// The next output is this request, which is answered.
    #[track_caller]
    fn answer(&mut self, request: Request, answer: Answer<Text>) {
        assert_eq!(self.output(), Some(Output::Request(request)));
        self.session.handle_answer(self.now, Ok(answer));
    }

    /// Writes and flushes the queue.
    fn written(&mut self) -> Vec<Outgoing<Text>> {
        let frames = std::iter::from_fn(|| self.session.poll_transmit(self.now)).collect();
        self.session.handle_flushed();
        frames
    }

    /// The codes of the errors among the frames written, and of the close frame.
    fn codes(&mut self) -> (Vec<ErrorCode>, Option<CloseCode>) {
        let (mut errors, mut close) = (Vec::new(), None);
        for frame in self.written() {
            assert_eq!(close, None, "nothing follows the close frame");
            match frame {
                Outgoing::Frame(ServerFrame::Error(body) | ServerFrame::BindRefused(body)) => {
                    errors.push(body.code);
                }
                Outgoing::Close(code) => close = Some(code),
                _ => {}
            }
        }
        (errors, close)
    }

    /// Lets the time pass to the next deadline.
    fn run_to_deadline(&mut self) -> Duration {
        let before = self.now;
        self.now = self.session.poll_timeout().expect("a deadline");
        self.session.handle_timeout(self.now);
        self.now.since(before)
    }
}

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
    let mut driven = Driven::new();
    driven.receive(r#"{"type":1,"data":{"uid":1,"all":true}}"#);
    driven.answer(Request::Admit, Answer::Admitted(true));
    let lists = false;
    driven.answer(Request::Subscribe { lists }, Answer::Subscribed(true));
    driven.answer(Request::Login, Answer::Login(Some(user())));
    driven.answer(Request::Epoch, Answer::Epoch("one".into()));
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
fn another_epoch_found_by_a_reload_drains_the_session() {
    let mut driven = Driven::bound(BIND, Vec::new());
    driven.session.handle_event(driven.now, Event::Resync);
    driven.answer(Request::Login, Answer::Login(Some(user())));
    driven.answer(Request::Epoch, Answer::Epoch("two".into()));
    assert_eq!(driven.output(), None);
    assert!(driven.run_to_deadline() <= Duration::from_secs(10));
    assert_eq!(driven.codes().1, Some(CloseCode::GoingAway));
}

#[test]
fn legacy_client_is_told_no_epoch() {
    let mut driven = Driven::new();
    driven.receive(r#"{"type":1,"data":{"uid":1}}"#);
    driven.answer(Request::Admit, Answer::Admitted(true));
    let lists = false;
    driven.answer(Request::Subscribe { lists }, Answer::Subscribed(true));
    driven.answer(Request::Login, Answer::Login(Some(user())));
    driven.answer(Request::Epoch, Answer::Epoch("one".into()));
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
