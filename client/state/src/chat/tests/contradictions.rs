//! Nobody renewed the epoch: a list, a message or a page contradicts what is known.

use super::*;

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

#[test]
fn contradicting_list_drops_the_messages_of_a_closed_one() {
    let mut tab = open_with(9);
    tab.chat.close();
    tab.bind(vec![conversation(7, 0)]);
    tab.sent();
    tab.open();
    assert!(shown(&tab).is_empty());
    assert_eq!(tab.sent(), [query(None, None, 2)]);
}

#[test]
fn contradicting_list_forgets_the_read_mark() {
    let mut tab = open_with(8);
    tab.push(1, received(9));
    tab.chat.disconnected();
    tab.bind(vec![conversation(7, 2)]);
    tab.answer(1..=7);
    tab.chat.set_at_end(tab.now, true);
    tab.later(1000);
    let frames = tab.sent();
    assert_eq!(frames.last(), Some(&read(7)), "{frames:?}");
    assert_eq!(frames.iter().filter(|frame| is_read(frame)).count(), 1);
}

/// A message of another history than [`received`].
fn restored(message: Message) -> Message {
    Message {
        mid: Mid(message.mid.0 + 5),
        ..message
    }
}

/// [`conversation`] with a [`restored`] message as its last.
fn restored_conversation(last_seq: i64, unread: u64) -> Conversation {
    let mut conversation = conversation(last_seq, unread);
    conversation.last.mid = restored(received(last_seq)).mid;
    conversation
}

fn answer_restored(tab: &mut Tab, seqs: std::ops::RangeInclusive<i64>) {
    tab.frame(ServerFrame::Page(Page {
        messages: seqs.map(|seq| restored(on_page(seq))).collect(),
        reference: Some(tab.chat.last_ref),
    }));
}

fn alerts(effects: &[Effect]) -> Vec<Seq> {
    let seq = |effect: &Effect| match effect {
        Effect::Alert(alert) => Some(alert.seq),
        _ => None,
    };
    effects.iter().filter_map(seq).collect()
}

#[test]
fn contradicting_push_is_alerted_and_its_conversation_listed() {
    let mut tab = open_with(9);
    tab.chat.set_draft("draft");
    tab.push(1, restored(received(8)));
    let effects = tab.effects();
    assert_eq!(alerts(&effects), [Seq(8)]);
    for frame in [list(None), query(None, None, 2)] {
        assert!(effects.contains(&Effect::Send(frame)), "{effects:?}");
    }
    assert_eq!(&*tab.chat.list_rows()[0].text, "message 8");
    answer_restored(&mut tab, 1..=8);
    tab.later(1000);
    assert_eq!(tab.sent(), [], "what is unread is not known");
    tab.frame(listed(vec![restored_conversation(8, 3)], None));
    tab.later(1000);
    assert_eq!(shown(&tab), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(view_start(&tab), (Some(Seq(6)), false));
    assert_eq!(tab.unread().0, 3);
    assert_eq!(tab.sent(), []);
    tab.chat.set_at_end(tab.now, true);
    tab.later(1000);
    assert_eq!(tab.sent(), [read(8)]);
    assert_eq!(&*tab.chat.draft(THEM), "draft");
}

#[test]
fn contradicting_push_forgets_the_read_mark() {
    let mut tab = open_with(8);
    tab.push(1, received(9));
    tab.push(2, restored(received(9)));
    answer_restored(&mut tab, 1..=9);
    tab.later(1000);
    assert!(!tab.sent().iter().any(is_read));
}

#[test]
fn contradicting_push_drops_the_messages_of_a_closed_one() {
    let mut tab = open_with(9);
    tab.chat.close();
    tab.push(1, restored(received(5)));
    assert_eq!(alerts(&tab.effects()), [Seq(5)]);
    tab.frame(listed(vec![restored_conversation(5, 2)], None));
    assert_eq!(tab.unread().0, 2);
    tab.open();
    assert!(shown(&tab).is_empty());
    assert_eq!(view_start(&tab), (Some(Seq(4)), false));
}

#[test]
fn push_that_contradicts_only_the_list_is_alerted() {
    let mut tab = Tab::bound(vec![conversation(9, 0)]);
    tab.effects();
    tab.push(1, received(9));
    assert_eq!(alerts(&tab.effects()), [], "a duplicate");
    tab.push(2, restored(received(9)));
    let effects = tab.effects();
    assert_eq!(alerts(&effects), [Seq(9)]);
    assert!(effects.contains(&Effect::Send(list(None))));
}

#[test]
fn contradicting_page_is_queried_again_and_the_list_asked() {
    let mut tab = open_with(9);
    tab.push(1, received(12));
    assert_eq!(tab.sent(), [query(None, Some(9), 2)]);
    answer_restored(&mut tab, 10..=12);
    assert_eq!(tab.sent(), [list(None), query(None, None, 3)]);
    answer_restored(&mut tab, 1..=12);
    tab.frame(listed(vec![restored_conversation(12, 4)], None));
    tab.later(1000);
    assert_eq!(shown(&tab).len(), 12);
    assert_eq!(view_start(&tab), (Some(Seq(9)), false));
    assert_eq!(tab.unread().0, 4);
    assert_eq!(tab.sent(), []);
}

#[test]
fn contradicting_answer_to_a_send_empties_the_outbox_once() {
    let mut tab = open_with(9);
    assert!(tab.write("a", "first"));
    assert!(tab.write("b", "second"));
    tab.frame(ServerFrame::Sent(Box::new(restored(sent(8, "a")))));
    let left: Vec<_> = tab.chat.outbox().iter().map(|one| &*one.content).collect();
    assert_eq!(left, ["second"]);
    let shown: Vec<_> = tab.bubbles().iter().map(|one| one.seq).collect();
    assert_eq!(shown, [Some(Seq(8)), None]);
}
