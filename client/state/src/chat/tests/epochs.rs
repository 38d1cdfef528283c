use super::*;

fn shown(tab: &Tab) -> Vec<i64> {
    let thread = tab.chat.thread.as_ref().expect("open");
    thread.timeline.messages().map(|m| m.seq.0).collect()
}

fn open_with(last: i64) -> Tab {
    let mut tab = Tab::bound(vec![conversation(last, 0)]);
    tab.open();
    tab.answer(1..=last);
    tab.sent();
    tab
}

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
fn list_with_fewer_messages_than_known_begins_that_one_anew() {
    let mut tab = open_with(9);
    tab.chat.disconnected();
    tab.bind(vec![conversation(7, 0)]);
    assert!(shown(&tab).is_empty());
    tab.answer(1..=7);
    assert_eq!(shown(&tab).len(), 7);
    let entry = tab.chat.directory.get(THEM).expect("listed");
    assert_eq!(entry.last_seq, Seq(7));
}
