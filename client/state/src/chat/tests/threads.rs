//! The open conversation: its pages, gaps and window.

use super::*;

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
    tab.chat.set_visible(tab.now, false);
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
fn scrolling_up_renders_loaded_messages_then_fetches_fifty() {
    let mut tab = Tab::bound(vec![conversation(200, 0)]);
    tab.open();
    tab.answer(151..=200);
    tab.sent();
    assert_eq!(tab.bubbles().len(), 27, "a screen of them");
    assert!(tab.chat.show_older());
    assert_eq!((tab.bubbles().len(), tab.sent()), (50, vec![]));
    assert!(tab.chat.show_older());
    assert!(!tab.chat.show_older(), "it is on its way");
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
    tab.chat.retry_fetch(tab.now);
    assert_eq!(tab.sent(), [query(None, None, 2)]);
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
