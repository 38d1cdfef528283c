use super::*;
use crate::limits;
use std::time::Duration;

const A: ConversationId = ConversationId(1);
const B: ConversationId = ConversationId(2);
const NOW: Moment = Moment::after_origin(Duration::ZERO);

/// A message whose id is `mid`; its payload says which it is.
fn item(conversation: ConversationId, seq: i64, mid: i64) -> Item<(i64, i64)> {
    Item {
        conversation,
        seq: Seq(seq),
        mid: Mid(mid),
        own: false,
        payload: (conversation.0, seq),
        bytes: 100,
    }
}

fn position(conversation: ConversationId, delivered: i64, last: i64, head: i64) -> Position {
    Position {
        conversation,
        delivered_seq: Seq(delivered),
        joined_seq: Seq(0),
        last_seq: Seq(last),
        head: Mid(head),
    }
}

/// A store of the two conversations' messages that answers the feed's requests, and the client
/// that acknowledges as told.
struct World {
    feed: Feed<(i64, i64)>,
    store: Vec<Item<(i64, i64)>>,
    pushed: Vec<(i64, i64)>,
    tids: Vec<Tid>,
    delivered: Vec<(ConversationId, Seq)>,
    reads: usize,
    largest_page: usize,
}

impl World {
    fn new(feed: Feed<(i64, i64)>, store: Vec<Item<(i64, i64)>>) -> Self {
        let (pushed, tids, delivered) = (vec![], vec![], vec![]);
        Self {
            feed,
            store,
            pushed,
            tids,
            delivered,
            reads: 0,
            largest_page: 0,
        }
    }

    fn run(&mut self) {
        while let Some(effect) = self.feed.poll() {
            match effect {
                Effect::Push {
                    tid,
                    dup: false,
                    payload,
                } => {
                    self.pushed.push(payload);
                    self.tids.push(tid);
                }
                Effect::Read(request) => {
                    let page: Vec<_> = self
                        .store
                        .iter()
                        .filter(|m| m.conversation == request.conversation)
                        .filter(|m| m.seq > request.after)
                        .filter(|m| request.before.is_none_or(|before| m.mid < before))
                        .take(request.limit)
                        .cloned()
                        .collect();
                    self.reads += 1;
                    self.largest_page = self.largest_page.max(page.len());
                    self.feed.handle_page(NOW, page);
                }
                Effect::Delivered(conversation, seq) | Effect::Passed(conversation, seq) => {
                    self.delivered.push((conversation, seq));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn ack_all(&mut self) {
        while self.feed.unacknowledged() > 0 {
            let last = *self.tids.last().expect("something was pushed");
            self.feed.handle_ack(last, true);
            self.run();
        }
    }
}

#[test]
fn live_messages_are_pushed_at_once_in_order_and_repeats_of_the_bus_are_not() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut world = World::new(feed, vec![]);
    for seq in [5, 5, 6, 5, 7] {
        world.feed.handle_message(NOW, item(A, seq, seq));
    }
    world.run();
    assert_eq!(world.pushed, [(1, 5), (1, 6), (1, 7)]);
    assert_eq!(world.tids, [Tid(1), Tid(2), Tid(3)]);
    assert_eq!(world.reads, 0);
}

#[test]
fn a_message_out_of_order_is_a_hint_to_read_the_store() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut world = World::new(feed, vec![item(A, 5, 50), item(A, 6, 60)]);
    world.feed.handle_message(NOW, item(A, 6, 60));
    world.run();
    assert_eq!(world.pushed, [(1, 5), (1, 6)]);
    world.feed.handle_message(NOW, item(A, 5, 50));
    world.run();
    assert_eq!(world.pushed.len(), 2);
}

#[test]
fn legacy_feed_pushes_nothing_from_self_and_passes_it() {
    let own = |seq| Item {
        own: true,
        ..item(A, seq, seq)
    };
    let feed = Feed::legacy(Timing::default(), [position(A, 0, 2, 1)]);
    let mut world = World::new(feed, vec![item(A, 1, 1), own(2)]);
    world.run();
    for live in [own(3), item(A, 4, 4), own(5)] {
        world.feed.handle_message(NOW, live);
    }
    world.run();
    assert_eq!(world.pushed, [(1, 1), (1, 4)]);
    world.ack_all();
    assert_eq!(world.delivered.last(), Some(&(A, Seq(5))));
    world.feed.handle_message(NOW, own(6));
    world.run();
    assert_eq!(world.delivered.last(), Some(&(A, Seq(6))));
    assert_eq!((world.pushed.len(), world.reads), (2, 1));
}

#[test]
fn offline_messages_come_oldest_first_across_conversations_through_a_bounded_window() {
    let store: Vec<_> = (1..=1000)
        .flat_map(|n| [item(A, n, 2 * n), item(B, n, 2 * n + 1)])
        .collect();
    let positions = [position(A, 0, 1000, 2), position(B, 0, 1000, 3)];
    let mut world = World::new(Feed::from_acknowledged(Timing::default(), positions), store);
    world.run();
    assert!(world.feed.unacknowledged() <= limits::WINDOW_PUSHES);
    world.ack_all();
    let expected: Vec<_> = (1..=1000).flat_map(|n| [(1, n), (2, n)]).collect();
    assert_eq!(world.pushed, expected);
    assert_eq!(world.delivered.last(), Some(&(B, Seq(1000))));
    assert!(world.largest_page <= limits::WINDOW_PUSHES);
}

#[test]
fn one_conversations_backlog_is_read_in_pages_not_rows() {
    let store: Vec<_> = (1..=6400).map(|n| item(A, n, n)).collect();
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 6400, 1)]);
    let mut world = World::new(feed, store);
    world.run();
    world.ack_all();
    assert_eq!(world.pushed.len(), 6400);
    assert!(world.reads <= 101, "{} reads", world.reads);
}

#[test]
fn ones_own_messages_are_not_offline_messages() {
    let mut store: Vec<_> = (1..=4).map(|n| item(A, n, n)).collect();
    store[0].own = true;
    store[3].own = true;
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 4, 1)]);
    let mut world = World::new(feed, store);
    world.run();
    assert_eq!(world.pushed, [(1, 2), (1, 3)]);
    world.ack_all();
    assert_eq!(world.delivered.last(), Some(&(A, Seq(4))));
}

#[test]
fn a_connection_is_not_pushed_what_it_was_answered_but_other_devices_are() {
    let mut own = item(A, 5, 5);
    own.own = true;
    let mut here = World::new(
        Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]),
        vec![],
    );
    here.feed.handle_answered(A, Seq(5));
    here.feed.handle_message(NOW, item(A, 6, 6));
    here.run();
    assert_eq!(here.pushed, [(1, 6)]);
    let mut there = World::new(
        Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]),
        vec![],
    );
    there.feed.handle_message(NOW, own);
    there.run();
    assert_eq!(there.pushed, [(1, 5)]);
}

#[test]
fn a_full_window_stops_and_reads_on_from_the_store_when_it_empties() {
    let count = i64::try_from(limits::WINDOW_PUSHES).expect("small") + 10;
    let mut world = World::new(Feed::from_latest(Timing::default(), []), vec![]);
    for n in 1..=count {
        world.store.push(item(A, n, n));
        world.feed.handle_message(NOW, item(A, n, n));
        world.run();
    }
    assert_eq!(world.pushed.len(), limits::WINDOW_PUSHES);
    assert_eq!(world.reads, 0);
    world.ack_all();
    assert_eq!(
        world.pushed,
        (1..=count).map(|n| (1, n)).collect::<Vec<_>>()
    );
}

#[test]
fn acks_out_of_order_never_claim_more_than_was_acknowledged() {
    let mut world = World::new(Feed::from_latest(Timing::default(), []), vec![]);
    for n in 1..=3 {
        world.feed.handle_message(NOW, item(A, n, n));
    }
    world.run();
    world.feed.handle_ack(Tid(2), false);
    world.feed.handle_ack(Tid(3), false);
    world.run();
    assert!(world.delivered.iter().all(|(_, seq)| *seq == Seq(0)));
    world.feed.handle_ack(Tid(1), false);
    world.run();
    assert_eq!(world.delivered.last(), Some(&(A, Seq(3))));
}

#[test]
fn acks_of_a_connection_that_skipped_a_hole_do_not_claim_the_hole() {
    let mut feed = Feed::from_latest(Timing::default(), [position(A, 1, 4, 2)]);
    feed.handle_message(NOW, item(A, 5, 5));
    feed.handle_ack(Tid(1), false);
    while let Some(effect) = feed.poll() {
        let claims = matches!(effect, Effect::Delivered(..) | Effect::Passed(..));
        assert!(!claims, "{effect:?}");
    }
    feed.handle_read(A, Seq(5));
    feed.handle_message(NOW, item(A, 6, 6));
    feed.handle_ack(Tid(2), false);
    let effects: Vec<_> = std::iter::from_fn(|| feed.poll()).collect();
    assert!(
        effects.contains(&Effect::Delivered(A, Seq(6))),
        "{effects:?}"
    );
}

#[test]
fn a_gap_reloads_the_positions_and_reads_what_moved_on() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut world = World::new(feed, vec![item(A, 5, 50), item(B, 1, 60)]);
    world.feed.handle_gap();
    assert_eq!(world.feed.poll(), Some(Effect::Reload));
    assert_eq!(world.feed.poll(), None);
    world
        .feed
        .handle_positions([position(A, 4, 5, 50), position(B, 0, 1, 60)]);
    world.run();
    assert_eq!(world.pushed, [(1, 5), (2, 1)]);
}

#[test]
fn a_failed_read_is_tried_again() {
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 1, 1)]);
    let mut world = World::new(feed, vec![item(A, 1, 1)]);
    assert!(matches!(world.feed.poll(), Some(Effect::Read(_))));
    world.feed.handle_read_failed();
    world.run();
    assert_eq!(world.pushed, [(1, 1)]);
}

#[test]
fn an_answered_place_is_passed_over_whether_it_comes_before_or_after_its_neighbours() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut world = World::new(feed, vec![]);
    world.feed.handle_answered(A, Seq(5));
    world.feed.handle_message(NOW, item(A, 6, 6));
    world.feed.handle_answered(A, Seq(8));
    world.feed.handle_answered(A, Seq(9));
    world.feed.handle_message(NOW, item(A, 7, 7));
    world.feed.handle_message(NOW, item(A, 10, 10));
    world.run();
    assert_eq!(world.pushed, [(1, 6), (1, 7), (1, 10)]);
    assert_eq!(world.reads, 0);
    world.ack_all();
    assert_eq!(world.delivered.last(), Some(&(A, Seq(10))));
}

#[test]
fn an_answered_place_is_passed_over_in_a_page_too() {
    let store: Vec<_> = (5..=8).map(|n| item(A, n, n)).collect();
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut world = World::new(feed, store);
    world.feed.handle_answered(A, Seq(7));
    assert!(world.feed.has_answered(A, Seq(7)));
    world.feed.handle_message(NOW, item(A, 8, 8));
    world.run();
    assert_eq!(world.pushed, [(1, 5), (1, 6), (1, 8)]);
    assert!(world.feed.has_answered(A, Seq(7)), "it was passed");
    assert!(!world.feed.has_answered(A, Seq(9)));
}

#[test]
fn a_message_too_large_for_what_is_left_of_the_window_waits_without_reading_on_and_on() {
    let large = |n| Item {
        bytes: limits::WINDOW_BYTES / 5,
        ..item(A, n, n)
    };
    let store = (1..=12).map(large).collect();
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 12, 1)]);
    let mut world = World::new(feed, store);
    world.run();
    assert_eq!((world.pushed.len(), world.reads), (5, 1));
    world.feed.handle_ack(Tid(1), false);
    world.run();
    assert_eq!(world.reads, 1, "a window still more than half full");
    world.ack_all();
    assert_eq!(world.pushed.len(), 12);
    assert!(world.reads <= 4, "{} reads", world.reads);
}

#[test]
fn two_conversations_far_apart_in_a_busy_store_take_turns_without_searching() {
    // The messages of others have ids too.
    let store: Vec<_> = (1..=20)
        .flat_map(|n| [item(A, n, n * 2_000_000), item(B, n, n * 2_000_000 + 1)])
        .collect();
    let positions = [position(A, 0, 20, 2_000_000), position(B, 0, 20, 2_000_001)];
    let mut world = World::new(Feed::from_acknowledged(Timing::default(), positions), store);
    world.run();
    world.ack_all();
    let expected: Vec<_> = (1..=20).flat_map(|n| [(1, n), (2, n)]).collect();
    assert_eq!(world.pushed, expected);
    assert!(world.reads <= 90, "{} reads", world.reads);
}

#[test]
fn a_reload_finds_what_is_next_though_the_positions_name_what_was_never_acknowledged() {
    let old = |c, n| item(c, n, n * 10 + c.0);
    let new = |c, n| item(c, n, 5_000_000 + n * 10 + c.0);
    let mut store: Vec<_> = (1..=4).flat_map(|n| [old(A, n), old(B, n)]).collect();
    store.extend([new(A, 5), new(B, 5), new(A, 6)]);
    let positions = [position(A, 0, 4, 11), position(B, 0, 4, 12)];
    let mut world = World::new(Feed::from_latest(Timing::default(), positions), store);
    world.feed.handle_gap();
    assert_eq!(world.feed.poll(), Some(Effect::Reload));
    world
        .feed
        .handle_positions([position(A, 0, 6, 11), position(B, 0, 5, 12)]);
    world.run();
    assert_eq!(world.pushed, [(1, 5), (2, 5), (1, 6)]);
    assert!(world.reads <= 8, "{} reads", world.reads);
}

#[test]
fn an_answered_send_on_a_connection_that_skipped_a_hole_does_not_claim_the_hole() {
    let mut feed: Feed<(i64, i64)> = Feed::from_latest(Timing::default(), [position(A, 1, 4, 2)]);
    feed.handle_answered(A, Seq(5));
    assert_eq!(feed.poll(), None);
    feed.handle_read(A, Seq(5));
    feed.handle_answered(A, Seq(6));
    assert_eq!(feed.poll(), Some(Effect::Passed(A, Seq(6))));
}

#[test]
fn a_group_joined_while_connected_is_pushed_from_the_place_of_joining_on() {
    let store: Vec<_> = (1..=8).map(|n| item(A, n, n)).collect();
    let mut world = World::new(Feed::from_latest(Timing::default(), []), store);
    world.feed.handle_gap();
    assert_eq!(world.feed.poll(), Some(Effect::Reload));
    let joined = Position {
        joined_seq: Seq(6),
        ..position(A, 6, 8, 7)
    };
    world.feed.handle_positions([joined]);
    world.run();
    assert_eq!(world.pushed, [(1, 7), (1, 8)]);
    world.feed.handle_message(NOW, item(A, 9, 9));
    world.run();
    world.ack_all();
    assert_eq!(world.pushed, [(1, 7), (1, 8), (1, 9)]);
    assert_eq!(world.delivered.last(), Some(&(A, Seq(9))));
}

#[test]
fn a_conversation_begun_elsewhere_is_pushed_whole_though_another_device_acknowledged_it() {
    let store: Vec<_> = (1..=3).map(|n| item(A, n, n)).collect();
    let mut world = World::new(Feed::from_latest(Timing::default(), []), store);
    world.feed.handle_gap();
    assert_eq!(world.feed.poll(), Some(Effect::Reload));
    world.feed.handle_positions([position(A, 2, 3, 3)]);
    world.run();
    assert_eq!(world.pushed, [(1, 1), (1, 2), (1, 3)]);
}
