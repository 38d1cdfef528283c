use super::*;
use crate::limits;
use std::time::Duration;

const A: ConversationId = ConversationId(1);
const B: ConversationId = ConversationId(2);
const NOW: Moment = Moment::after_origin(Duration::ZERO);

/// A message with this id; its payload is the conversation and the `seq`.
fn item(conversation: ConversationId, seq: i64, mid: i64) -> FeedItem<(i64, i64)> {
    FeedItem {
        conversation,
        seq: Seq(seq),
        mid: Mid(mid),
        from_self: false,
        payload: (conversation.0, seq),
        bytes: 100,
    }
}

fn position(conversation: ConversationId, delivered: i64, last: i64, head: i64) -> DeliveryCursor {
    DeliveryCursor {
        conversation,
        delivered_seq: Seq(delivered),
        joined_seq: Seq(0),
        last_seq: Seq(last),
        head: Mid(head),
    }
}

/// A feed with a store of both conversations' messages that answers its requests, and a client that
/// acknowledges on demand.
struct Simulation {
    feed: Feed<(i64, i64)>,
    store: Vec<FeedItem<(i64, i64)>>,
    pushed: Vec<(i64, i64)>,
    tids: Vec<Tid>,
    delivered: Vec<(ConversationId, Seq)>,
    reads: usize,
    largest_page: usize,
}

impl Simulation {
    fn new(feed: Feed<(i64, i64)>, store: Vec<FeedItem<(i64, i64)>>) -> Self {
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
        while let Some(effect) = self.feed.poll_effect() {
            match effect {
                FeedEffect::Push {
                    tid,
                    dup: false,
                    payload,
                } => {
                    self.pushed.push(payload);
                    self.tids.push(tid);
                }
                FeedEffect::Read(request) => {
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
                FeedEffect::Delivered(conversation, seq)
                | FeedEffect::Passed(conversation, seq) => {
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
fn live_messages_are_pushed_in_order_and_bus_duplicates_dropped() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut sim = Simulation::new(feed, vec![]);
    for seq in [5, 5, 6, 5, 7] {
        sim.feed.handle_message(NOW, item(A, seq, seq));
    }
    sim.run();
    assert_eq!(sim.pushed, [(1, 5), (1, 6), (1, 7)]);
    assert_eq!(sim.tids, [Tid(1), Tid(2), Tid(3)]);
    assert_eq!(sim.reads, 0);
}

#[test]
fn a_message_out_of_order_triggers_a_read_of_the_store() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut sim = Simulation::new(feed, vec![item(A, 5, 50), item(A, 6, 60)]);
    sim.feed.handle_message(NOW, item(A, 6, 60));
    sim.run();
    assert_eq!(sim.pushed, [(1, 5), (1, 6)]);
    sim.feed.handle_message(NOW, item(A, 5, 50));
    sim.run();
    assert_eq!(sim.pushed.len(), 2);
}

#[test]
fn legacy_feed_pushes_nothing_from_self_and_passes_it() {
    let from_self = |seq| FeedItem {
        from_self: true,
        ..item(A, seq, seq)
    };
    let feed = Feed::legacy(Timing::default(), [position(A, 0, 2, 1)]);
    let mut sim = Simulation::new(feed, vec![item(A, 1, 1), from_self(2)]);
    sim.run();
    for live in [from_self(3), item(A, 4, 4), from_self(5)] {
        sim.feed.handle_message(NOW, live);
    }
    sim.run();
    assert_eq!(sim.pushed, [(1, 1), (1, 4)]);
    sim.ack_all();
    assert_eq!(sim.delivered.last(), Some(&(A, Seq(5))));
    sim.feed.handle_message(NOW, from_self(6));
    sim.run();
    assert_eq!(sim.delivered.last(), Some(&(A, Seq(6))));
    assert_eq!((sim.pushed.len(), sim.reads), (2, 1));
}

#[test]
fn offline_messages_are_pushed_oldest_first_within_the_window() {
    let store: Vec<_> = (1..=1000)
        .flat_map(|n| [item(A, n, 2 * n), item(B, n, 2 * n + 1)])
        .collect();
    let positions = [position(A, 0, 1000, 2), position(B, 0, 1000, 3)];
    let mut sim = Simulation::new(Feed::from_acknowledged(Timing::default(), positions), store);
    sim.run();
    assert!(sim.feed.unacknowledged() <= limits::WINDOW_PUSHES);
    sim.ack_all();
    let expected: Vec<_> = (1..=1000).flat_map(|n| [(1, n), (2, n)]).collect();
    assert_eq!(sim.pushed, expected);
    assert_eq!(sim.delivered.last(), Some(&(B, Seq(1000))));
    assert!(sim.largest_page <= limits::WINDOW_PUSHES);
}

#[test]
fn one_conversations_backlog_is_read_in_pages_not_rows() {
    let store: Vec<_> = (1..=6400).map(|n| item(A, n, n)).collect();
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 6400, 1)]);
    let mut sim = Simulation::new(feed, store);
    sim.run();
    sim.ack_all();
    assert_eq!(sim.pushed.len(), 6400);
    assert!(sim.reads <= 101, "{} reads", sim.reads);
}

#[test]
fn messages_from_self_before_the_bind_are_not_pushed() {
    let mut store: Vec<_> = (1..=4).map(|n| item(A, n, n)).collect();
    store[0].from_self = true;
    store[3].from_self = true;
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 4, 1)]);
    let mut sim = Simulation::new(feed, store);
    sim.run();
    assert_eq!(sim.pushed, [(1, 2), (1, 3)]);
    sim.ack_all();
    assert_eq!(sim.delivered.last(), Some(&(A, Seq(4))));
}

#[test]
fn an_answered_send_is_pushed_to_other_devices_only() {
    let mut from_self = item(A, 5, 5);
    from_self.from_self = true;
    let mut here = Simulation::new(
        Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]),
        vec![],
    );
    here.feed.handle_answered(A, Seq(5), false);
    here.feed.handle_message(NOW, item(A, 6, 6));
    here.run();
    assert_eq!(here.pushed, [(1, 6)]);
    let mut there = Simulation::new(
        Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]),
        vec![],
    );
    there.feed.handle_message(NOW, from_self);
    there.run();
    assert_eq!(there.pushed, [(1, 5)]);
}

#[test]
fn a_full_window_stops_pushes_and_resumes_from_the_store() {
    let count = i64::try_from(limits::WINDOW_PUSHES).expect("small") + 10;
    let mut sim = Simulation::new(Feed::from_latest(Timing::default(), []), vec![]);
    for n in 1..=count {
        sim.store.push(item(A, n, n));
        sim.feed.handle_message(NOW, item(A, n, n));
        sim.run();
    }
    assert_eq!(sim.pushed.len(), limits::WINDOW_PUSHES);
    assert_eq!(sim.reads, 0);
    sim.ack_all();
    assert_eq!(sim.pushed, (1..=count).map(|n| (1, n)).collect::<Vec<_>>());
}

#[test]
fn acks_out_of_order_report_only_what_was_acknowledged() {
    let mut sim = Simulation::new(Feed::from_latest(Timing::default(), []), vec![]);
    for n in 1..=3 {
        sim.feed.handle_message(NOW, item(A, n, n));
    }
    sim.run();
    sim.feed.handle_ack(Tid(2), false);
    sim.feed.handle_ack(Tid(3), false);
    sim.run();
    assert!(sim.delivered.iter().all(|(_, seq)| *seq == Seq(0)));
    sim.feed.handle_ack(Tid(1), false);
    sim.run();
    assert_eq!(sim.delivered.last(), Some(&(A, Seq(3))));
}

#[test]
fn acks_after_a_skipped_hole_do_not_report_it_as_delivered() {
    let mut feed = Feed::from_latest(Timing::default(), [position(A, 1, 4, 2)]);
    feed.handle_message(NOW, item(A, 5, 5));
    feed.handle_ack(Tid(1), false);
    while let Some(effect) = feed.poll_effect() {
        let claims = matches!(effect, FeedEffect::Delivered(..) | FeedEffect::Passed(..));
        assert!(!claims, "{effect:?}");
    }
    feed.handle_read(A, Seq(5));
    feed.handle_message(NOW, item(A, 6, 6));
    feed.handle_ack(Tid(2), false);
    let effects: Vec<_> = std::iter::from_fn(|| feed.poll_effect()).collect();
    assert!(
        effects.contains(&FeedEffect::Delivered(A, Seq(6))),
        "{effects:?}"
    );
}

#[test]
fn a_gap_reloads_the_cursors_and_reads_what_advanced() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut sim = Simulation::new(feed, vec![item(A, 5, 50), item(B, 1, 60)]);
    sim.feed.handle_resync();
    assert_eq!(sim.feed.poll_effect(), Some(FeedEffect::Reload));
    assert_eq!(sim.feed.poll_effect(), None);
    sim.feed
        .handle_cursors([position(A, 4, 5, 50), position(B, 0, 1, 60)]);
    sim.run();
    assert_eq!(sim.pushed, [(1, 5), (2, 1)]);
}

#[test]
fn a_failed_read_is_retried() {
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 1, 1)]);
    let mut sim = Simulation::new(feed, vec![item(A, 1, 1)]);
    assert!(matches!(sim.feed.poll_effect(), Some(FeedEffect::Read(_))));
    sim.feed.handle_read_failed();
    sim.run();
    assert_eq!(sim.pushed, [(1, 1)]);
}

#[test]
fn an_answered_seq_is_skipped_before_or_after_its_neighbours() {
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut sim = Simulation::new(feed, vec![]);
    sim.feed.handle_answered(A, Seq(5), false);
    sim.feed.handle_message(NOW, item(A, 6, 6));
    sim.feed.handle_answered(A, Seq(8), false);
    sim.feed.handle_answered(A, Seq(9), false);
    sim.feed.handle_message(NOW, item(A, 7, 7));
    sim.feed.handle_message(NOW, item(A, 10, 10));
    sim.run();
    assert_eq!(sim.pushed, [(1, 6), (1, 7), (1, 10)]);
    assert_eq!(sim.reads, 0);
    sim.ack_all();
    assert_eq!(sim.delivered.last(), Some(&(A, Seq(10))));
}

#[test]
fn an_answered_seq_is_skipped_in_a_page() {
    let store: Vec<_> = (5..=8).map(|n| item(A, n, n)).collect();
    let feed = Feed::from_latest(Timing::default(), [position(A, 4, 4, 0)]);
    let mut sim = Simulation::new(feed, store);
    sim.feed.handle_answered(A, Seq(7), false);
    assert!(sim.feed.has_answered(A, Seq(7)));
    sim.feed.handle_message(NOW, item(A, 8, 8));
    sim.run();
    assert_eq!(sim.pushed, [(1, 5), (1, 6), (1, 8)]);
    assert!(sim.feed.has_answered(A, Seq(7)), "it was passed");
    assert!(!sim.feed.has_answered(A, Seq(9)));
}

#[test]
fn a_message_too_large_for_the_window_waits_without_rereads() {
    let large = |n| FeedItem {
        bytes: limits::WINDOW_BYTES / 5,
        ..item(A, n, n)
    };
    let store = (1..=12).map(large).collect();
    let feed = Feed::from_acknowledged(Timing::default(), [position(A, 0, 12, 1)]);
    let mut sim = Simulation::new(feed, store);
    sim.run();
    assert_eq!((sim.pushed.len(), sim.reads), (5, 1));
    sim.feed.handle_ack(Tid(1), false);
    sim.run();
    assert_eq!(sim.reads, 1, "a window still more than half full");
    sim.ack_all();
    assert_eq!(sim.pushed.len(), 12);
    assert!(sim.reads <= 4, "{} reads", sim.reads);
}

#[test]
fn conversations_with_sparse_ids_interleave_with_few_reads() {
    // Ids are shared with the messages of other users, so those of two conversations lie far apart.
    let store: Vec<_> = (1..=20)
        .flat_map(|n| [item(A, n, n * 2_000_000), item(B, n, n * 2_000_000 + 1)])
        .collect();
    let positions = [position(A, 0, 20, 2_000_000), position(B, 0, 20, 2_000_001)];
    let mut sim = Simulation::new(Feed::from_acknowledged(Timing::default(), positions), store);
    sim.run();
    sim.ack_all();
    let expected: Vec<_> = (1..=20).flat_map(|n| [(1, n), (2, n)]).collect();
    assert_eq!(sim.pushed, expected);
    assert!(sim.reads <= 90, "{} reads", sim.reads);
}

#[test]
fn a_reload_skips_unacknowledged_messages_before_the_bind() {
    let old = |c, n| item(c, n, n * 10 + c.0);
    let new = |c, n| item(c, n, 5_000_000 + n * 10 + c.0);
    let mut store: Vec<_> = (1..=4).flat_map(|n| [old(A, n), old(B, n)]).collect();
    store.extend([new(A, 5), new(B, 5), new(A, 6)]);
    let positions = [position(A, 0, 4, 11), position(B, 0, 4, 12)];
    let mut sim = Simulation::new(Feed::from_latest(Timing::default(), positions), store);
    sim.feed.handle_resync();
    assert_eq!(sim.feed.poll_effect(), Some(FeedEffect::Reload));
    sim.feed
        .handle_cursors([position(A, 0, 6, 11), position(B, 0, 5, 12)]);
    sim.run();
    assert_eq!(sim.pushed, [(1, 5), (2, 5), (1, 6)]);
    assert!(sim.reads <= 8, "{} reads", sim.reads);
}

#[test]
fn an_answered_send_after_a_skipped_hole_does_not_report_it() {
    let mut feed: Feed<(i64, i64)> = Feed::from_latest(Timing::default(), [position(A, 1, 4, 2)]);
    feed.handle_answered(A, Seq(5), false);
    assert_eq!(feed.poll_effect(), None);
    feed.handle_read(A, Seq(5));
    feed.handle_answered(A, Seq(6), false);
    assert_eq!(feed.poll_effect(), Some(FeedEffect::Passed(A, Seq(6))));
}

#[test]
fn a_group_joined_while_connected_is_pushed_from_the_join() {
    let store: Vec<_> = (1..=8).map(|n| item(A, n, n)).collect();
    let mut sim = Simulation::new(Feed::from_latest(Timing::default(), []), store);
    sim.feed.handle_resync();
    assert_eq!(sim.feed.poll_effect(), Some(FeedEffect::Reload));
    let joined = DeliveryCursor {
        joined_seq: Seq(6),
        ..position(A, 6, 8, 7)
    };
    sim.feed.handle_cursors([joined]);
    sim.run();
    assert_eq!(sim.pushed, [(1, 7), (1, 8)]);
    sim.feed.handle_message(NOW, item(A, 9, 9));
    sim.run();
    sim.ack_all();
    assert_eq!(sim.pushed, [(1, 7), (1, 8), (1, 9)]);
    assert_eq!(sim.delivered.last(), Some(&(A, Seq(9))));
}

#[test]
fn a_new_conversation_is_pushed_whole_despite_acks_elsewhere() {
    let store: Vec<_> = (1..=3).map(|n| item(A, n, n)).collect();
    let mut sim = Simulation::new(Feed::from_latest(Timing::default(), []), store);
    sim.feed.handle_resync();
    assert_eq!(sim.feed.poll_effect(), Some(FeedEffect::Reload));
    sim.feed.handle_cursors([position(A, 2, 3, 3)]);
    sim.run();
    assert_eq!(sim.pushed, [(1, 1), (1, 2), (1, 3)]);
}

#[test]
fn an_answered_send_to_an_unknown_group_asks_where_it_begins() {
    let mut feed = Feed::from_latest(Timing::default(), []);
    feed.handle_answered(A, Seq(5), true);
    assert_eq!(feed.poll_effect(), Some(FeedEffect::Reload));
    feed.handle_cursors([DeliveryCursor {
        joined_seq: Seq(3),
        ..position(A, 3, 5, 4)
    }]);
    let Some(FeedEffect::Read(request)) = feed.poll_effect() else {
        panic!("it reads what came after the user joined");
    };
    assert_eq!(request.after, Seq(3));
    let items = vec![item(A, 4, 4), item(A, 5, 5)];
    feed.handle_page(Moment::default(), items);
    let pushed: Vec<_> = std::iter::from_fn(|| feed.poll_effect()).collect();
    let payloads: Vec<_> = pushed
        .iter()
        .filter_map(|effect| match effect {
            FeedEffect::Push { payload, .. } => Some(payload),
            _ => None,
        })
        .collect();
    assert_eq!(payloads, [&(A.0, 4)], "neither its past nor its own send");
}
