use super::samples::{GROUP, ME, THEM, conversation, on_page, received, sent};
use super::*;
use crate::bubble::{Bubble, BubbleState};
use crate::notices::NoticeKind;
use crate::rows::{Row, RowCache};
use std::time::Duration;
use tidings_shared::api::{Presence, PresenceList};
use tidings_shared::frame::{
    Bound, ConversationList, ListConversations, Page, Push, Query, Read, ReadMark, Receipt,
    ServerFrame,
};
use tidings_shared::{Conversation, ErrorBody, ErrorCode, Message, Mid, Tid};

/// A page and its effects.
struct Tab {
    chat: Chat,
    now: Moment,
    effects: Vec<Effect>,
}

impl Tab {
    fn new() -> Self {
        Self {
            chat: Chat::new(ME, Outbox::default(), []),
            now: Moment::after_origin(Duration::ZERO),
            effects: Vec::new(),
        }
    }

    fn bound(conversations: Vec<Conversation>) -> Self {
        let mut tab = Self::new();
        tab.bind(conversations);
        tab
    }

    fn bind(&mut self, conversations: Vec<Conversation>) {
        let bound = Bound {
            uid: ME,
            username: "me".into(),
            timeout: 45_000,
            unread: conversations.iter().map(|c| c.unread).sum(),
            list: Some(ConversationList {
                conversations,
                next: None,
            }),
        };
        self.chat.handle_bound(self.now, bound, &mut self.effects);
    }

    fn frame(&mut self, frame: ServerFrame) {
        self.chat.handle_frame(self.now, frame, &mut self.effects);
    }

    fn push(&mut self, tid: u64, message: Message) {
        self.frame(ServerFrame::Push(Box::new(Push {
            tid: Tid(tid),
            dup: false,
            message,
        })));
    }

    /// Answers the query that was sent last.
    fn answer(&mut self, seqs: impl IntoIterator<Item = i64>) {
        self.frame(ServerFrame::Page(Page {
            messages: seqs.into_iter().map(on_page).collect(),
            reference: Some(self.chat.last_ref),
        }));
    }

    fn open(&mut self) {
        self.chat.open(self.now, THEM, &mut self.effects);
    }

    fn write(&mut self, id: &str, text: &str) -> bool {
        let id = ClientMsgId(id.into());
        self.chat.write(self.now, id, text, 0, &mut self.effects)
    }

    fn later(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        self.chat.send_due(self.now, &mut self.effects);
    }

    /// The frames sent since the last call, without `Watch`.
    fn sent(&mut self) -> Vec<ClientFrame> {
        self.effects
            .drain(..)
            .filter_map(|effect| match effect {
                Effect::Send(ClientFrame::Watch(_)) => None,
                Effect::Send(frame) => Some(frame),
                _ => None,
            })
            .collect()
    }

    /// The lists of users watched since the last call.
    fn watched(&mut self) -> Vec<Vec<UserId>> {
        self.effects
            .drain(..)
            .filter_map(|effect| match effect {
                Effect::Send(ClientFrame::Watch(watch)) => Some(watch.uids),
                _ => None,
            })
            .collect()
    }

    fn view(&self) -> ThreadView {
        self.chat
            .thread_view(&mut RowCache::default(), |at| at / 86_400_000)
            .expect("open")
    }

    fn bubbles(&self) -> Vec<Bubble> {
        self.view()
            .rows
            .to_vec()
            .into_iter()
            .filter_map(|row| match row {
                Row::Bubble(bubble) => Some((*bubble).clone()),
                _ => None,
            })
            .collect()
    }

    fn unread(&self) -> (u64, u64) {
        let entry = self.chat.directory().get(THEM).expect("known");
        (entry.unread, self.chat.total_unread())
    }
}

fn read(seq: i64) -> ClientFrame {
    ClientFrame::Read(Read {
        peer: THEM,
        seq: Seq(seq),
    })
}

fn query(before: Option<i64>, after: Option<i64>, reference: u64) -> ClientFrame {
    query_of(50, before, after, reference)
}

fn query_of(limit: u32, before: Option<i64>, after: Option<i64>, reference: u64) -> ClientFrame {
    ClientFrame::Query(Query {
        owner_uid: ME,
        peer: THEM,
        before_seq: before.map(Seq),
        after_seq: after.map(Seq),
        limit: Some(limit),
        reference: Some(reference),
    })
}

#[test]
fn duplicate_push_is_counted_once() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.push(1, received(4));
    tab.push(1, received(4));
    assert_eq!(tab.unread(), (1, 1));
}

#[test]
fn message_sent_from_another_device_is_not_unread() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.push(1, sent(4, "elsewhere"));
    assert_eq!(tab.unread(), (0, 0));
    assert_eq!(tab.chat.list_rows()[0].text.as_ref(), "message 4");
}

#[test]
fn opening_queries_the_latest_page_and_sends_one_read_mark() {
    let mut tab = Tab::bound(vec![conversation(80, 2)]);
    tab.open();
    assert_eq!(tab.sent(), [query(None, None, 1)]);
    assert_eq!(tab.unread(), (2, 2));
    tab.answer(31..=80);
    assert_eq!(tab.unread(), (2, 2), "the view may begin above the end");
    tab.chat.set_at_end(tab.now, true, &mut tab.effects);
    assert_eq!(tab.unread(), (0, 0));
    tab.later(200);
    assert_eq!(tab.sent(), [read(80)]);
    tab.frame(ServerFrame::Read(ReadMark {
        peer: THEM,
        seq: Seq(80),
        unread: 0,
        total: 0,
    }));
    tab.later(1000);
    assert_eq!(tab.sent(), []);
    assert_eq!(tab.bubbles().len(), 27, "a screen of them");
}

#[test]
fn view_begins_at_the_first_unread_beyond_one_page() {
    let mut tab = Tab::bound(vec![conversation(300, 120)]);
    tab.open();
    assert_eq!(tab.sent(), [query_of(130, None, None, 1)]);
    // The frame limit may leave fewer messages than were asked for.
    tab.answer(201..=300);
    assert_eq!(tab.view().fetching, Fetching::First, "the view waits");
    assert_eq!(tab.sent(), [query(Some(201), None, 2)]);
    tab.answer(151..=200);
    let view = tab.view();
    assert_eq!(view.fetching, Fetching::Nothing);
    assert!(!view.at_end);
    let at = view.rows.iter().position(|row| *row == Row::Unread(0));
    let Row::Bubble(first) = &view.rows[at.expect("one") + 1] else {
        panic!("the divider stands before a message");
    };
    assert_eq!(first.seq, Some(Seq(181)));
    assert_eq!(tab.unread(), (120, 120));
    assert_eq!(tab.sent(), []);
}

#[test]
fn unread_beyond_the_fetch_limit_are_counted_and_stay_unread() {
    let mut tab = Tab::bound(vec![conversation(1000, 500)]);
    tab.open();
    assert_eq!(tab.sent(), [query_of(200, None, None, 1)]);
    tab.answer(801..=1000);
    let view = tab.view();
    assert!(view.rows.contains(&Row::Unread(300)));
    assert_eq!((view.fetching, view.at_end), (Fetching::Nothing, false));
    tab.later(1000);
    assert_eq!(tab.sent(), []);
    assert_eq!(tab.unread(), (500, 500));
}

#[test]
fn reopened_thread_fills_its_gap_and_begins_at_first_unread() {
    let mut tab = Tab::bound(vec![conversation(30, 0)]);
    tab.open();
    tab.answer(1..=30);
    tab.chat.close();
    tab.chat.disconnected();
    tab.bind(vec![conversation(150, 120)]);
    tab.sent();
    tab.open();
    assert_eq!(tab.sent(), [query_of(120, None, Some(30), 2)]);
    assert_eq!(tab.view().fetching, Fetching::First);
    tab.answer(31..=150);
    let view = tab.view();
    assert!(view.rows.contains(&Row::Unread(0)) && !view.at_end);
    assert_eq!(tab.unread(), (120, 120));
}

#[test]
fn gap_does_not_hide_a_view_that_has_begun() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.set_visible(tab.now, false, &mut tab.effects);
    tab.push(1, received(9));
    assert_ne!(tab.view().fetching, Fetching::First);
    assert_eq!(tab.bubbles().len(), 4);
}

#[test]
fn message_sent_beyond_a_gap_stays_visible_while_it_fills() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.write("u-1", "hello");
    let pending = tab.bubbles().pop().expect("one");
    tab.frame(ServerFrame::Sent(Box::new(sent(6, "u-1"))));
    let shown = tab.bubbles();
    assert_eq!(shown.len(), 4);
    assert_eq!(
        (shown[3].state, &shown[3].key),
        (BubbleState::Sent, &pending.key)
    );
    tab.answer(4..=6);
    let seqs: Vec<_> = tab.bubbles().iter().map(|b| b.seq).collect();
    assert_eq!(seqs, (1..=6).map(|n| Some(Seq(n))).collect::<Vec<_>>());
}

#[test]
fn message_sent_before_the_first_page_stays_visible() {
    let mut tab = Tab::bound(vec![conversation(300, 0)]);
    tab.open();
    tab.write("u-1", "hello");
    tab.push(1, received(301));
    tab.frame(ServerFrame::Sent(Box::new(sent(302, "u-1"))));
    assert_eq!(tab.bubbles().len(), 1);
    tab.answer(252..=301);
    let shown: Vec<_> = tab.bubbles().iter().map(|b| b.seq).collect();
    assert!(shown.ends_with(&[300, 301, 302].map(|n| Some(Seq(n)))));
}

#[test]
fn nothing_is_read_while_hidden_or_scrolled_up() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.set_visible(tab.now, false, &mut tab.effects);
    tab.push(1, received(4));
    assert_eq!(tab.unread(), (1, 1));
    tab.chat.set_at_end(tab.now, false, &mut tab.effects);
    tab.chat.set_visible(tab.now, true, &mut tab.effects);
    assert_eq!(tab.unread(), (1, 1));
    tab.chat.set_at_end(tab.now, true, &mut tab.effects);
    assert_eq!(tab.unread(), (0, 0));
}

#[test]
fn nothing_is_read_without_the_focus() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.set_looking(tab.now, false, &mut tab.effects);
    tab.push(1, received(4));
    assert_eq!(tab.unread(), (1, 1));
    let divided = |row: &Row| matches!(row, Row::Unread(_));
    assert!(tab.view().rows.iter().any(divided));
    tab.chat.set_visible(tab.now, true, &mut tab.effects);
    assert_eq!(tab.unread(), (1, 1));
    tab.chat.set_looking(tab.now, true, &mut tab.effects);
    assert_eq!(tab.unread(), (0, 0));
}

#[test]
fn conversation_with_an_unknown_peer_closes() {
    let mut tab = Tab::bound(Vec::new());
    tab.open();
    let mut error = ErrorBody::new(ErrorCode::UnknownRecipient);
    error.reference = Some(tab.chat.last_ref);
    tab.frame(ServerFrame::Error(error));
    assert_eq!(tab.chat.open_peer(), None);
    assert_eq!(tab.chat.notices(), []);
}

#[test]
fn read_mark_of_another_tab_updates_the_unread_count() {
    let mut tab = Tab::bound(vec![conversation(3, 3)]);
    tab.frame(ServerFrame::Read(ReadMark {
        peer: THEM,
        seq: Seq(2),
        unread: 1,
        total: 1,
    }));
    assert_eq!(tab.unread(), (1, 1));
}

#[test]
fn notifications_are_withdrawn_once_nothing_is_unread() {
    let mut tab = Tab::bound(vec![conversation(3, 3)]);
    let withdrawn = |tab: &mut Tab| {
        let is_withdrawal = |effect: &Effect| *effect == Effect::Withdraw(vec![THEM]);
        tab.effects.drain(..).any(|effect| is_withdrawal(&effect))
    };
    assert!(!withdrawn(&mut tab));
    for (seq, unread) in [(2, 1), (3, 0)] {
        tab.frame(ServerFrame::Read(ReadMark {
            peer: THEM,
            seq: Seq(seq),
            unread,
            total: unread,
        }));
        assert_eq!(withdrawn(&mut tab), unread == 0);
    }
    // Also if it was read while there was no connection.
    tab.bind(vec![conversation(3, 0)]);
    assert!(withdrawn(&mut tab));
}

#[test]
fn scrolling_up_renders_loaded_messages_then_fetches_fifty() {
    let mut tab = Tab::bound(vec![conversation(200, 0)]);
    tab.open();
    tab.answer(151..=200);
    tab.sent();
    assert_eq!(tab.bubbles().len(), 27, "a screen of them");
    assert!(tab.chat.show_older(&mut tab.effects));
    assert_eq!((tab.bubbles().len(), tab.sent()), (50, vec![]));
    assert!(tab.chat.show_older(&mut tab.effects));
    assert!(!tab.chat.show_older(&mut tab.effects), "it is on its way");
    assert_eq!(tab.sent(), [query(Some(151), None, 2)]);
    tab.answer(101..=150);
    assert_eq!(tab.bubbles().len(), 100);
}

#[test]
fn open_thread_fetches_its_gap_after_a_reconnect() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.disconnected();
    tab.sent();
    tab.bind(vec![conversation(6, 3)]);
    assert_eq!(tab.sent(), [query(None, Some(3), 2)]);
    tab.answer(4..=6);
    assert_eq!(tab.bubbles().len(), 6);
}

#[test]
fn reopened_thread_fetches_its_gap() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.close();
    tab.chat.disconnected();
    tab.sent();
    tab.bind(vec![conversation(5, 2)]);
    assert_eq!(tab.sent(), []);
    tab.open();
    assert_eq!(tab.sent(), [query(None, Some(3), 2)]);
}

#[test]
fn unlisted_contact_is_queried_once() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    assert_eq!(tab.sent(), [query(None, None, 1)]);
    tab.answer([]);
    tab.later(1000);
    assert_eq!(tab.sent(), []);
}

#[test]
fn empty_page_fails_and_is_not_queried_again() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer([]);
    tab.later(1000);
    assert_eq!(tab.sent(), [query(None, None, 1)]);
    let view = tab.chat.thread_view(&mut RowCache::default(), |at| at);
    assert_eq!(view.expect("open").fetching, Fetching::Failed);
    tab.chat.retry_fetch(tab.now, &mut tab.effects);
    assert_eq!(tab.sent(), [query(None, None, 2)]);
}

#[test]
fn message_shows_at_once_and_keeps_its_key_once_sent() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.answer([]);
    tab.sent();
    assert!(tab.write("u-1", "hello\n"));
    let pending = tab.bubbles().remove(0);
    assert_eq!(pending.state, BubbleState::Pending);
    assert_eq!(pending.text.as_ref(), "hello");
    assert!(matches!(tab.sent()[..], [ClientFrame::Send(_)]));
    tab.frame(ServerFrame::Sent(Box::new(sent(1, "u-1"))));
    let bubbles = tab.bubbles();
    assert_eq!(bubbles.len(), 1);
    assert_eq!(
        (bubbles[0].state, &bubbles[0].key),
        (BubbleState::Sent, &pending.key)
    );
}

#[test]
fn message_written_offline_is_sent_after_the_bind() {
    let mut tab = Tab::new();
    tab.open();
    assert!(tab.write("u-1", "hello"));
    assert_eq!(tab.sent(), []);
    tab.bind(vec![]);
    assert!(
        tab.sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Send(_)))
    );
}

#[test]
fn push_with_own_client_msg_id_settles_the_outbox() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.write("u-1", "a");
    tab.push(1, sent(1, "u-1"));
    assert!(tab.chat.outbox().is_empty());
}

#[test]
fn blank_and_too_long_texts_are_refused() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    assert!(!tab.write("u-0", "\u{200b}"));
    assert!(!tab.write("u-1", " \n\t"));
    assert!(!tab.write("u-2", &"é".repeat(5000)));
    assert!(tab.write("u-3", &"é".repeat(4096)));
}

#[test]
fn refused_message_shows_failed_until_retried_or_deleted() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.write("u-1", "a");
    let mut error = ErrorBody::new(ErrorCode::UnknownRecipient).re(3);
    error.client_msg_id = Some(ClientMsgId("u-1".into()));
    tab.frame(ServerFrame::Error(error));
    assert_eq!(
        tab.bubbles()[0].state,
        BubbleState::Failed(ErrorCode::UnknownRecipient)
    );
    tab.sent();
    let id = ClientMsgId("u-1".into());
    tab.chat.retry(tab.now, &id, &mut tab.effects);
    assert_eq!(tab.sent().len(), 1);
    tab.chat.delete(tab.now, &id, &mut tab.effects);
    assert_eq!(tab.bubbles(), []);
}

#[test]
fn error_without_a_reference_becomes_a_notice() {
    let mut tab = Tab::bound(vec![]);
    tab.frame(ServerFrame::Error(ErrorBody::new(ErrorCode::Busy)));
    assert_eq!(tab.chat.notices().len(), 1);
    let mut error = ErrorBody::new(ErrorCode::Busy).re(2);
    error.reference = Some(99);
    tab.frame(ServerFrame::Error(error));
    assert_eq!(tab.chat.notices().len(), 1);
}

#[test]
fn draft_is_saved_and_listed_for_a_closed_conversation() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.chat.set_draft("half a", &mut tab.effects);
    assert!(
        tab.effects
            .contains(&Effect::SaveDraft(THEM, "half a".into()))
    );
    assert_eq!(tab.chat.list_rows()[0].text.as_ref(), "message 3");
    tab.chat.close();
    assert_eq!(tab.chat.list_rows()[0].text.as_ref(), "half a");
}

#[test]
fn log_out_discards_drafts_and_unsent_messages() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.write("u-1", "hello");
    tab.chat.set_draft("half a", &mut tab.effects);
    tab.effects.clear();
    tab.chat.discard_unsent(&mut tab.effects);
    assert!(tab.effects.contains(&Effect::Forget));
    assert!(tab.chat.drafts().is_empty() && tab.chat.outbox().is_empty());
}

#[test]
fn only_live_messages_are_announced() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    assert_eq!(tab.chat.announcements().count(), 0);
    tab.push(1, received(4));
    let announced: Vec<_> = tab.chat.announcements().collect();
    assert_eq!(announced.len(), 1);
    assert_eq!(
        (&*announced[0].name, &*announced[0].text),
        ("them", "message 4")
    );
}

#[test]
fn last_announcements_have_distinct_serials() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.answer([]);
    for seq in 1..=40 {
        let tid = seq.try_into().expect("positive");
        tab.push(tid, received(seq));
    }
    let serials: Vec<_> = tab.chat.announcements().map(|one| one.serial).collect();
    assert_eq!(serials, (24..40).collect::<Vec<_>>());
}

#[test]
fn open_thread_stays_bounded() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.answer([]);
    for seq in 1..=5000 {
        let tid = seq.try_into().expect("positive");
        tab.push(tid, received(seq));
        assert!(
            tab.chat
                .thread
                .as_ref()
                .expect("open")
                .timeline
                .messages()
                .len()
                <= OPEN_MESSAGES
        );
    }
    assert_eq!(tab.bubbles().last().expect("some").seq, Some(Seq(5000)));
}

#[test]
fn receipt_state_only_advances() {
    let mut tab = Tab::bound(vec![conversation(1, 0)]);
    tab.open();
    tab.answer([1]);
    for (seq, id) in [(2, "a"), (3, "b")] {
        assert!(tab.write(id, "hello"));
        tab.frame(ServerFrame::Sent(Box::new(sent(seq, id))));
    }
    let states = |tab: &Tab| {
        let states: Vec<_> = tab.bubbles().iter().map(|bubble| bubble.state).collect();
        (states[1], states[2])
    };
    let receipt = |delivered, read| {
        ServerFrame::Receipt(Receipt {
            other_uid: UserId(2),
            delivered: Seq(delivered),
            read: Seq(read),
        })
    };
    assert_eq!(states(&tab), (BubbleState::Sent, BubbleState::Sent));
    tab.frame(receipt(2, 0));
    assert_eq!(states(&tab), (BubbleState::Delivered, BubbleState::Sent));
    tab.frame(receipt(3, 2));
    assert_eq!(states(&tab), (BubbleState::Read, BubbleState::Delivered));
    // An older list and an overtaken receipt undo nothing.
    tab.bind(vec![conversation(3, 0)]);
    tab.frame(receipt(2, 0));
    assert_eq!(states(&tab), (BubbleState::Read, BubbleState::Delivered));
    assert_eq!(tab.bubbles()[0].state, BubbleState::Sent, "theirs");
}

#[test]
fn conversation_list_carries_receipts() {
    let mut tab = Tab::bound(vec![Conversation {
        delivered: Seq(2),
        peer_read: Seq(1),
        ..conversation(2, 0)
    }]);
    tab.open();
    tab.frame(ServerFrame::Page(Page {
        messages: vec![sent(1, "a"), sent(2, "b")],
        reference: Some(tab.chat.last_ref),
    }));
    let states: Vec<_> = tab.bubbles().iter().map(|bubble| bubble.state).collect();
    assert_eq!(states, [BubbleState::Read, BubbleState::Delivered]);
}

#[test]
fn listed_peers_are_watched_once_a_connection() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    assert_eq!(tab.watched(), [[UserId(2)]]);
    tab.push(1, received(4));
    tab.open();
    assert_eq!(tab.watched(), Vec::<Vec<UserId>>::new());
    tab.frame(ServerFrame::Presence(PresenceList {
        presence: vec![Presence {
            uid: UserId(2),
            online: true,
            last_seen: None,
        }],
    }));
    assert!(tab.chat.list_rows()[0].online);
    assert_eq!(tab.chat.presence(THEM), Some(PresenceStatus::Online));
    tab.chat.disconnected();
    assert!(!tab.chat.list_rows()[0].online);
    tab.bind(vec![conversation(4, 0)]);
    assert_eq!(tab.watched(), [[UserId(2)]]);
}

#[test]
fn list_is_ordered_by_arrival_and_not_by_time() {
    let mut ahead = conversation(3, 0);
    ahead.last.create_time = 86_400_000;
    let mut later = conversation(1, 0);
    later.peer = GROUP;
    later.last.mid = Mid(31);
    let mut tab = Tab::bound(vec![ahead, later]);
    let order = |tab: &Tab| {
        tab.chat
            .list_rows()
            .iter()
            .map(|row| row.peer)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&tab), [GROUP, THEM]);
    tab.push(1, received(4));
    assert_eq!(order(&tab), [THEM, GROUP], "the newest id");
}

/// A first page of a longer list, and a conversation beyond it in which 121 messages were read.
fn tab_of_a_long_list() -> (Tab, Conversation) {
    let mut tab = Tab::new();
    let newer = |uid| Conversation {
        peer: Peer::User(UserId(uid)),
        ..conversation(1000, 0)
    };
    let list = ConversationList {
        conversations: (100..150).map(newer).collect(),
        next: Some("50".into()),
    };
    let bound = Bound {
        uid: ME,
        username: "me".into(),
        timeout: 45_000,
        unread: 0,
        list: Some(list),
    };
    tab.chat.handle_bound(tab.now, bound, &mut tab.effects);
    tab.sent();
    (tab, conversation(122, 1))
}

fn list(after: Option<&str>) -> ClientFrame {
    let after = after.map(Into::into);
    ClientFrame::ListConversations(ListConversations { after })
}

fn listed(conversations: Vec<Conversation>, next: Option<&str>) -> ServerFrame {
    ServerFrame::Conversations(ConversationList {
        conversations,
        next: next.map(Into::into),
    })
}

#[test]
fn message_in_an_unlisted_conversation_asks_for_the_list() {
    let (mut tab, beyond) = tab_of_a_long_list();
    tab.push(1, received(122));
    assert!(tab.sent().contains(&list(None)));
    tab.frame(listed(vec![beyond], Some("1")));
    assert_eq!(tab.unread(), (1, 1));
    tab.open();
    let divider = tab.chat.thread.as_ref().and_then(|thread| thread.divider);
    assert_eq!(divider, Some(Seq(122)));
    // The list continues where it was.
    tab.sent();
    tab.chat.more_conversations(&mut tab.effects);
    assert_eq!(tab.sent(), [list(Some("50"))]);
}

#[test]
fn divider_is_corrected_once_the_conversation_is_listed() {
    let (mut tab, beyond) = tab_of_a_long_list();
    tab.push(1, received(122));
    tab.open();
    tab.frame(listed(vec![beyond], None));
    let divider = tab.chat.thread.as_ref().and_then(|thread| thread.divider);
    assert_eq!(divider, Some(Seq(122)));
}

#[test]
fn unlisted_conversation_is_searched_page_by_page() {
    let (mut tab, beyond) = tab_of_a_long_list();
    tab.chat.more_conversations(&mut tab.effects);
    tab.push(1, received(122));
    assert!(!tab.sent().contains(&list(None)), "a page is on its way");
    tab.frame(listed(vec![], Some("100")));
    assert_eq!(tab.sent(), [list(None)]);
    tab.frame(listed(vec![], Some("50")));
    assert_eq!(tab.sent(), [list(Some("50"))]);
    tab.frame(listed(vec![beyond], Some("100")));
    assert_eq!(tab.sent(), []);
}

#[test]
fn message_beyond_a_complete_list_is_a_new_conversation() {
    let mut tab = Tab::bound(vec![]);
    tab.push(1, received(1));
    assert!(!tab.sent().contains(&list(None)));
}

#[test]
fn unsaved_outbox_marks_each_message() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.write("u-1", "a");
    tab.chat.outbox_saved(false);
    assert_eq!(tab.bubbles()[0].state, BubbleState::Unsaved);
    assert_eq!(tab.chat.notices()[0].kind, NoticeKind::NotSaved);
    tab.chat.outbox_saved(true);
    assert_eq!(tab.bubbles()[0].state, BubbleState::Pending);
}

#[test]
fn unsaved_draft_is_reported_once() {
    let mut tab = Tab::bound(vec![]);
    tab.chat.draft_not_saved();
    let id = tab.chat.notices()[0].id;
    tab.chat.dismiss(id);
    tab.chat.draft_not_saved();
    assert_eq!(tab.chat.notices(), []);
}

#[test]
fn message_of_a_closed_tab_is_sent() {
    let mut theirs = Tab::new();
    theirs.open();
    theirs.write("u-1", "a");
    let stored = theirs.chat.outbox().clone();
    let mut tab = Tab::bound(vec![]);
    tab.sent();
    tab.chat.follow_outbox(tab.now, stored, &mut tab.effects);
    assert_eq!(tab.sent(), [], "the other one may be there");
    assert!(tab.chat.deadline().is_some());
    tab.later(5000);
    assert!(matches!(&tab.sent()[..], [ClientFrame::Send(send)] if send.content == "a"));
    tab.push(1, sent(1, "u-1"));
    let saved = tab.effects.iter().find_map(|effect| match effect {
        Effect::SaveOutbox(text) => Some(text.merged_with(theirs.chat.outbox().clone())),
        _ => None,
    });
    assert_eq!(saved, Some(None), "nothing is left of it");
}
