use super::samples::{GROUP, ME, conversation, in_group, sent_to_group};
use super::*;
use crate::bubble::Bubble;
use crate::content::GroupEvent;
use crate::preview::PreviewKind;
use crate::rows::{Row, RowCache};
use std::time::Duration;
use tidings_shared::api::Group;
use tidings_shared::frame::{Bound, ConversationList, Page, Push, ServerFrame};
use tidings_shared::{Body, Conversation, Direction, GroupId, Message, MsgType, Preview, Tid};

const LI: (i64, &str) = (2, "li");
const WANG: (i64, &str) = (3, "wang");

/// A page with one group, and its clock.
struct Tab {
    chat: Chat,
    now: Moment,
}

impl Tab {
    fn bound(conversations: Vec<Conversation>) -> Self {
        let mut tab = Self {
            chat: Chat::new(ME, Outbox::default(), []),
            now: Moment::after_origin(Duration::ZERO),
        };
        let bound = Bound {
            uid: ME,
            username: "me".into(),
            timeout: 45_000,
            unread: conversations.iter().map(|c| c.unread).sum(),
            list: Some(ConversationList {
                conversations,
                next: None,
                epoch: None,
            }),
            epoch: None,
        };
        tab.chat.handle_bound(tab.now, bound);
        tab
    }

    fn frame(&mut self, frame: ServerFrame) {
        self.chat.handle_frame(self.now, frame);
    }

    fn push(&mut self, message: Message) {
        self.frame(ServerFrame::Push(Box::new(Push {
            tid: Tid(1),
            dup: false,
            message,
        })));
    }

    /// Answers the query that was sent last.
    fn answer(&mut self, messages: Vec<Message>) {
        let reference = Some(self.chat.last_ref);
        self.frame(ServerFrame::Page(Page {
            messages,
            reference,
        }));
    }

    fn open(&mut self) {
        self.chat.open(self.now, GROUP);
    }

    fn rows(&self) -> Vec<Row> {
        let view = self.chat.thread_view(&mut RowCache::default(), |_| 0);
        view.expect("an open thread").rows.to_vec()
    }

    fn bubbles(&self) -> Vec<Rc<Bubble>> {
        let bubble = |row| match row {
            Row::Bubble(bubble) => Some(bubble),
            _ => None,
        };
        self.rows().into_iter().filter_map(bubble).collect()
    }

    /// How often the group was fetched since the last call.
    fn asked(&mut self) -> usize {
        let effects: Vec<_> = std::iter::from_fn(|| self.chat.poll_effect()).collect();
        let asks = |effect: &&Effect| matches!(effect, Effect::FetchGroup(GroupId(7)));
        effects.iter().filter(asks).count()
    }

    fn set_visible(&mut self, visible: bool) {
        let now = self.now;
        self.chat.set_visible(now, visible);
    }

    fn answer_group(&mut self, members: u64) {
        let now = self.now;
        let group = group(members);
        self.chat.handle_group(now, GroupId(7), Some(group));
    }
}

fn group(members: u64) -> Group {
    Group {
        group_id: GroupId(7),
        name: "hikers".into(),
        avatar: String::new(),
        owner: ME,
        members,
    }
}

fn event(seq: i64, from: (i64, &str), msg_type: MsgType, content: &str) -> Message {
    Message {
        body: Body::new(msg_type, content.into()),
        ..in_group(seq, from)
    }
}

fn listed(last_seq: i64, unread: u64) -> Conversation {
    let known = conversation(last_seq, unread);
    Conversation {
        peer: GROUP,
        name: "hikers".into(),
        last: Preview {
            sender_name: Some("li".into()),
            ..known.last
        },
        ..known
    }
}

#[test]
fn direction_in_a_group_page_follows_from_the_sender() {
    let mut tab = Tab::bound(vec![listed(3, 0)]);
    tab.open();
    tab.answer(vec![
        in_group(1, LI),
        sent_to_group(2, "u-1"),
        in_group(3, WANG),
    ]);
    let seen: Vec<_> = (tab.bubbles().iter())
        .map(|b| (b.direction, b.sender.as_ref().map(|s| s.name.to_string())))
        .collect();
    assert_eq!(
        seen,
        [
            (Direction::Received, Some("li".into())),
            (Direction::Sent, None),
            (Direction::Received, Some("wang".into())),
        ]
    );
}

#[test]
fn bubbles_regroup_at_each_other_sender_and_event() {
    let mut tab = Tab::bound(vec![listed(6, 0)]);
    tab.open();
    tab.answer(vec![
        in_group(1, LI),
        in_group(2, LI),
        in_group(3, WANG),
        in_group(4, LI),
        event(5, LI, MsgType::MEMBERS_ADDED, "zhao"),
        in_group(6, LI),
    ]);
    let runs: Vec<_> = tab.bubbles().iter().map(|b| (b.first, b.last)).collect();
    assert_eq!(
        runs,
        [
            (true, false),
            (false, true),
            (true, true),
            (true, true),
            (true, true)
        ]
    );
}

#[test]
fn group_event_is_a_row_and_never_a_bubble() {
    let mut tab = Tab::bound(vec![listed(3, 0)]);
    tab.open();
    tab.answer(vec![
        event(1, (ME.0, "me"), MsgType::GROUP_CREATED, "hikers"),
        event(2, LI, MsgType::MEMBERS_ADDED, "wang, zhao"),
        event(3, LI, MsgType(1999), "?"),
    ]);
    let rows = tab.rows();
    let [
        _,
        Row::Event(GroupEvent::Created, created),
        Row::Event(GroupEvent::Added, added),
        Row::Bubble(_),
    ] = &rows[..]
    else {
        panic!("a day, two lines and something unknown: {rows:?}");
    };
    assert!(created.sender.is_none(), "the person did it");
    let who = added.sender.as_ref().map(|sender| &*sender.name);
    assert_eq!((who, &*added.text), (Some("li"), "wang, zhao"));
}

#[test]
fn group_push_is_unread_and_listed_with_its_sender() {
    let mut tab = Tab::bound(vec![listed(3, 1)]);
    tab.push(in_group(4, WANG));
    let rows = tab.chat.list_rows();
    let row = &rows[0];
    assert_eq!((row.peer, &*row.name, row.unread), (GROUP, "hikers", 2));
    assert_eq!(row.kind, PreviewKind::Received);
    assert_eq!(row.sender.as_deref(), Some("wang"));
    assert_eq!(tab.chat.total_unread(), 2);
    tab.push(sent_to_group(5, "elsewhere"));
    let row = &tab.chat.list_rows()[0];
    assert_eq!((row.kind, &row.sender), (PreviewKind::Sent, &None));
    assert_eq!(tab.chat.total_unread(), 2, "one's own is not unread");
}

#[test]
fn group_event_is_the_preview() {
    let mut tab = Tab::bound(vec![]);
    tab.push(event(1, LI, MsgType::GROUP_CREATED, "hikers"));
    let row = &tab.chat.list_rows()[0];
    assert_eq!(row.kind, PreviewKind::Event(GroupEvent::Created));
    assert_eq!((&*row.name, row.unread), ("hikers", 1));
    assert_eq!(row.sender.as_deref(), Some("li"));
}

#[test]
fn new_member_has_no_unread_from_before() {
    let mut tab = Tab::bound(vec![]);
    tab.push(event(41, LI, MsgType::MEMBERS_ADDED, "me"));
    tab.push(in_group(42, LI));
    tab.open();
    let mut page: Vec<_> = (1..=42).map(|seq| in_group(seq, LI)).collect();
    page[40] = event(41, LI, MsgType::MEMBERS_ADDED, "me");
    tab.answer(page);
    let rows = tab.rows();
    let at = rows.iter().position(|row| *row == Row::Unread(0));
    let first = at.map(|at| &rows[at + 1]);
    assert!(
        matches!(first, Some(Row::Event(GroupEvent::Added, line)) if line.seq == Some(Seq(41))),
        "{first:?}"
    );
}

#[test]
fn live_group_message_is_announced_with_its_sender() {
    let mut tab = Tab::bound(vec![listed(3, 0)]);
    tab.open();
    tab.answer(vec![in_group(3, LI)]);
    tab.push(in_group(4, WANG));
    let announced = tab.chat.announcements().last().expect("one");
    assert_eq!((&*announced.name, &*announced.text), ("wang", "message 4"));
}

#[test]
fn created_group_opens_under_its_name_before_it_is_listed() {
    let mut tab = Tab::bound(vec![]);
    let now = tab.now;
    tab.chat.group_created(now, group(3));
    assert_eq!(tab.chat.open_peer(), Some(GROUP));
    assert_eq!(&*tab.chat.name_and_avatar(GROUP).0, "hikers");
    let open = tab.chat.open_group().and_then(OpenGroup::group);
    assert_eq!(open.map(|group| group.members), Some(3));
}

#[test]
fn visible_group_is_fetched_again_when_members_are_added() {
    let mut tab = Tab::bound(vec![listed(3, 0)]);
    tab.open();
    assert_eq!(tab.asked(), 1);
    tab.answer_group(3);
    tab.push(in_group(4, LI));
    assert_eq!(tab.asked(), 0);
    tab.push(event(5, LI, MsgType::MEMBERS_ADDED, "zhao"));
    assert_eq!(tab.asked(), 1);
    tab.answer_group(4);
    tab.set_visible(false);
    tab.push(event(6, LI, MsgType::MEMBERS_ADDED, "qian"));
    assert_eq!(tab.asked(), 0, "nobody looks");
    tab.set_visible(true);
    assert_eq!(tab.asked(), 1);
}

#[test]
fn group_message_waits_in_the_outbox_until_answered() {
    let mut tab = Tab::bound(vec![listed(3, 0)]);
    tab.open();
    tab.answer(vec![in_group(3, LI)]);
    let now = tab.now;
    let id = ClientMsgId("u-1".into());
    assert!(tab.chat.write(now, id, "hello", 0));
    let sends = tab.chat.effects.iter().any(
        |effect| matches!(effect, Effect::Send(ClientFrame::Send(send)) if send.peer == GROUP),
    );
    assert!(sends);
    tab.frame(ServerFrame::Sent(Box::new(sent_to_group(4, "u-1"))));
    assert!(tab.chat.outbox().is_empty());
    let last = tab.bubbles().last().cloned().expect("some");
    assert_eq!((last.seq, last.direction), (Some(Seq(4)), Direction::Sent));
}
