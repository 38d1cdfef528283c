use super::*;
use crate::chat::samples::{THEM, received, sent, timeline};
use crate::window::Window;
use tidings_shared::ClientMsgId;
use tidings_shared::outbox::Outbox;
use tidings_shared::timeline::Timeline;

const DAY: i64 = 86_400_000;

fn day_of(at: i64) -> i64 {
    at / DAY
}

fn rows_of(thread: &Thread, outbox: &Outbox) -> Vec<Row> {
    RowCache::default().rows(thread, outbox.to(THEM), day_of)
}

fn bubbles(rows: &[Row]) -> Vec<&Bubble> {
    rows.iter()
        .filter_map(|row| match row {
            Row::Bubble(bubble) => Some(&**bubble),
            _ => None,
        })
        .collect()
}

fn at_times(times: &[i64]) -> Timeline {
    let mut timeline = Timeline::default();
    for (seq, time) in (1..).zip(times) {
        let mut message = received(seq);
        message.create_time = *time;
        timeline.handle_message(message);
    }
    timeline
}

#[test]
fn each_day_begins_with_a_separator_and_a_new_group() {
    let thread = Thread::new(
        THEM,
        at_times(&[DAY - 2, DAY - 1, DAY]),
        None,
        Window::DEFAULT_VIEWPORT_PX,
    );
    let rows = rows_of(&thread, &Outbox::default());
    assert!(matches!(rows[0], Row::Day(_, 0)));
    assert!(matches!(rows[3], Row::Day(_, 1)));
    let groups: Vec<_> = bubbles(&rows).iter().map(|b| (b.first, b.last)).collect();
    assert_eq!(groups, [(true, false), (false, true), (true, true)]);
}

#[test]
fn pause_ends_a_group_of_bubbles() {
    let thread = Thread::new(
        THEM,
        at_times(&[0, GROUP_MS]),
        None,
        Window::DEFAULT_VIEWPORT_PX,
    );
    let rows = rows_of(&thread, &Outbox::default());
    assert!(
        bubbles(&rows)
            .iter()
            .all(|bubble| bubble.first && bubble.last)
    );
}

#[test]
fn divider_precedes_the_first_unread_message_if_loaded() {
    let thread = Thread::new(
        THEM,
        timeline(1..=10),
        Some(Seq(8)),
        Window::DEFAULT_VIEWPORT_PX,
    );
    let rows = rows_of(&thread, &Outbox::default());
    let at = rows
        .iter()
        .position(|row| *row == Row::Unread(0))
        .expect("one");
    assert!(matches!(&rows[at + 1], Row::Bubble(bubble) if bubble.seq == Some(Seq(8))));
}

#[test]
fn divider_counts_unread_messages_not_loaded() {
    let thread = Thread::new(
        THEM,
        timeline(501..=510),
        Some(Seq(8)),
        Window::DEFAULT_VIEWPORT_PX,
    );
    let rows = rows_of(&thread, &Outbox::default());
    assert!(matches!(
        rows[..],
        [Row::Day(..), Row::Unread(493), Row::Bubble(_), ..]
    ));
}

#[test]
fn rows_end_with_messages_beyond_a_gap_then_pending_ones() {
    let mut outbox = Outbox::default();
    outbox
        .write(ClientMsgId("u-2".into()), THEM, "x".into(), 20)
        .expect("not full");
    let mut messages = timeline(1..=3);
    messages.handle_message(sent(9, "u-1"));
    let thread = Thread::new(THEM, messages, None, Window::DEFAULT_VIEWPORT_PX);
    let rows = rows_of(&thread, &outbox);
    let seqs: Vec<_> = bubbles(&rows)
        .iter()
        .map(|b| b.seq.map(|seq| seq.0))
        .collect();
    assert_eq!(seqs, [Some(1), Some(2), Some(3), Some(9), None]);
}

#[test]
fn number_of_rows_is_bounded() {
    let mut outbox = Outbox::default();
    for n in 0..500 {
        outbox
            .write(ClientMsgId(n.to_string()), THEM, "x".into(), n * DAY)
            .expect("not full");
    }
    let thread = Thread::new(THEM, timeline(1..=1000), None, Window::DEFAULT_VIEWPORT_PX);
    let rows = rows_of(&thread, &outbox);
    assert_eq!(rows.len(), MAX_ROWS);
    assert_eq!(bubbles(&rows).last().expect("some").text.as_ref(), "x");
}

#[test]
fn unchanged_message_reuses_its_bubble() {
    let mut cache = RowCache::default();
    let mut thread = Thread::new(THEM, timeline(1..=3), None, Window::DEFAULT_VIEWPORT_PX);
    let before = cache.rows(&thread, [].iter(), day_of);
    thread.timeline.handle_message(received(4));
    let after = cache.rows(&thread, [].iter(), day_of);
    let (Row::Bubble(a), Row::Bubble(b)) = (&before[1], &after[1]) else {
        panic!("the first message follows the day");
    };
    assert!(Rc::ptr_eq(a, b));
}
