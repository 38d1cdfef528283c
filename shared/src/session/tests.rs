mod bind;
mod closing;
mod pushes;
mod requests;
mod sends;

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

    /// A session whose bind waits for its first cursors.
    fn binding(bind: &str) -> Self {
        let mut driven = Self::new();
        driven.receive(bind);
        driven.answer(Request::Admit, Answer::Admitted(true));
        let lists = bind.contains("conversations");
        driven.answer(Request::Subscribe { lists }, Answer::Subscribed(true));
        driven.answer(Request::Login, Answer::Login(Some(user())));
        driven.answer(Request::Epoch, Answer::Epoch("one".into()));
        driven
    }

    fn bound(bind: &str, cursors: Vec<ConversationCursor>) -> Self {
        let mut driven = Self::binding(bind);
        let lists = bind.contains("conversations");
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
