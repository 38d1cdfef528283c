//! What is unread, read and announced.

use super::*;

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
    tab.chat.set_at_end(tab.now, true);
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
fn nothing_is_read_while_hidden_or_scrolled_up() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.set_visible(tab.now, false);
    tab.push(1, received(4));
    assert_eq!(tab.unread(), (1, 1));
    tab.chat.set_at_end(tab.now, false);
    tab.chat.set_visible(tab.now, true);
    assert_eq!(tab.unread(), (1, 1));
    tab.chat.set_at_end(tab.now, true);
    assert_eq!(tab.unread(), (0, 0));
}

#[test]
fn nothing_is_read_without_the_focus() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.answer(1..=3);
    tab.chat.set_looking(tab.now, false);
    tab.push(1, received(4));
    assert_eq!(tab.unread(), (1, 1));
    let divided = |row: &Row| matches!(row, Row::Unread(_));
    assert!(tab.view().rows.iter().any(divided));
    tab.chat.set_visible(tab.now, true);
    assert_eq!(tab.unread(), (1, 1));
    tab.chat.set_looking(tab.now, true);
    assert_eq!(tab.unread(), (0, 0));
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
        tab.effects()
            .into_iter()
            .any(|effect| is_withdrawal(&effect))
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
    assert_eq!(serials, (25..=40).collect::<Vec<_>>());
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
