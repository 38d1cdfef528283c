//! The store has another epoch: it was restored from a backup.

use super::*;

#[test]
fn another_epoch_drops_conversations_but_not_what_was_written() {
    let mut tab = open_with(9);
    tab.chat.disconnected();
    assert!(tab.write("a", "kept"));
    tab.chat.set_draft("draft");
    tab.bind_in("two", vec![conversation(7, 0)]);
    assert!(shown(&tab).is_empty());
    let frames = tab.sent();
    assert!(
        matches!(&frames[..], [
        ClientFrame::Query(Query { after_seq: None, .. }),
        ClientFrame::Send(send),
    ] if send.body.content() == "kept"),
        "{frames:?}"
    );
    tab.answer(1..=7);
    assert_eq!(shown(&tab), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(&*tab.chat.draft(THEM), "draft");
    // A new message at a `seq` that was known in the other epoch is shown.
    tab.push(1, received(8));
    assert_eq!(shown(&tab).last(), Some(&8));
}

#[test]
fn same_epoch_keeps_the_conversations() {
    let mut tab = open_with(9);
    tab.chat.disconnected();
    tab.bind(vec![conversation(9, 0)]);
    assert_eq!(shown(&tab).len(), 9);
    assert_eq!(tab.sent(), []);
}

#[test]
fn renewed_epoch_keeps_the_divider_of_unread_messages() {
    let mut tab = open_with(9);
    tab.chat.disconnected();
    tab.bind_in("two", vec![conversation(300, 150)]);
    assert_eq!(tab.sent(), [query_of(160, None, None, 2)]);
    assert_eq!(tab.view().fetching, Fetching::First);
    tab.answer(141..=300);
    assert_eq!(view_start(&tab), (Some(Seq(151)), false));
    assert!(tab.view().rows.contains(&Row::Unread(0)));
    tab.later(1000);
    assert_eq!(tab.sent(), []);
    assert_eq!(tab.unread(), (150, 150));
    tab.chat.set_at_end(tab.now, true);
    tab.later(200);
    assert_eq!(tab.sent(), [read(300)]);
}

#[test]
fn renewed_epoch_reads_nothing_for_a_person_above_the_end() {
    let mut tab = open_with(100);
    tab.chat.set_at_end(tab.now, false);
    tab.push(1, received(101));
    tab.chat.disconnected();
    tab.bind_in("two", vec![conversation(101, 1)]);
    tab.answer(52..=101);
    tab.later(1000);
    assert_eq!(view_start(&tab), (Some(Seq(101)), false));
    assert_eq!(tab.unread(), (1, 1));
    assert!(!tab.sent().iter().any(is_read));
}

#[test]
fn renewed_epoch_drops_a_waiting_read_mark() {
    let mut tab = open_with(8);
    tab.push(1, received(9));
    tab.chat.disconnected();
    tab.bind_in("two", vec![conversation(7, 2)]);
    tab.answer(1..=7);
    tab.later(1000);
    assert!(!tab.sent().iter().any(is_read));
    tab.chat.set_at_end(tab.now, true);
    tab.later(1000);
    assert_eq!(tab.sent(), [read(7)]);
}

#[test]
fn renewed_epoch_looks_up_an_open_conversation_not_listed() {
    let mut tab = open_with(9);
    tab.bind_to("two", vec![], Some("50"));
    assert_eq!(tab.sent(), [list(None), query(None, None, 2)]);
    tab.answer(251..=300);
    tab.chat.set_at_end(tab.now, true);
    tab.push(1, received(301));
    tab.later(1000);
    assert_eq!(tab.sent(), [], "what is unread is not known");
    let opening = tab.view().opening;
    tab.frame(listed(vec![conversation(301, 40)], None));
    tab.later(1000);
    assert_eq!(view_start(&tab), (Some(Seq(262)), false));
    assert_ne!(tab.view().opening, opening, "the view begins anew");
    assert_eq!(tab.sent(), []);
    assert_eq!(tab.unread().0, 40);
}

#[test]
fn unlisted_conversation_is_looked_up_after_a_reconnect() {
    let mut tab = open_with(9);
    tab.bind_to("two", vec![], Some("50"));
    tab.answer(251..=300);
    tab.chat.set_at_end(tab.now, true);
    tab.chat.disconnected();
    tab.sent();
    tab.bind_to("two", vec![], Some("50"));
    tab.push(1, received(301));
    tab.later(1000);
    assert_eq!(tab.sent(), [list(Some("50"))]);
    tab.frame(listed(vec![conversation(301, 40)], None));
    tab.later(1000);
    assert_eq!(view_start(&tab), (Some(Seq(262)), false));
    assert_eq!(tab.sent(), []);
}

#[test]
fn announcements_of_another_epoch_have_later_serials() {
    let mut tab = open_with(9);
    tab.push(1, received(10));
    let last = |tab: &Tab| tab.chat.announcements().last().map(|one| one.serial);
    let before = last(&tab);
    assert!(before.is_some());
    tab.bind_in("two", vec![conversation(7, 0)]);
    assert_eq!(last(&tab), None);
    tab.push(1, received(8));
    assert!(last(&tab) > before);
}

#[test]
fn bind_without_a_noticed_end_queries_again() {
    let mut tab = Tab::bound(vec![conversation(100, 0)]);
    tab.open();
    assert_eq!(tab.sent(), [query(None, None, 1)]);
    tab.bind(vec![conversation(100, 0)]);
    assert_eq!(tab.sent(), [query(None, None, 2)]);
    tab.answer(51..=100);
    assert!(tab.chat.show_older() && tab.chat.show_older());
    assert_eq!(tab.sent(), [query(Some(51), None, 3)]);
    tab.bind(vec![conversation(100, 0)]);
    assert!(tab.chat.show_older());
    assert_eq!(tab.sent(), [query(Some(51), None, 4)]);
}
