//! The topics this node listens to: what is wanted now, and what has changed since Redis was told.

use crate::bus::Topic;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

#[derive(Default)]
struct Wanted {
    topics: HashSet<Topic>,
    /// Added or removed since the last [`Topics::changes`].
    touched: HashSet<Topic>,
    /// Told when Redis has confirmed what was wanted when they asked.
    waiting: Vec<oneshot::Sender<()>>,
    /// Whether a session takes changes.
    open: bool,
}

/// What Redis is to be told next.
pub(super) struct Changes {
    /// To subscribe to.
    pub(super) add: Vec<Topic>,
    /// To unsubscribe from.
    pub(super) remove: Vec<Topic>,
    /// Whom to tell when that is confirmed. Dropped, they are told that it is not.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
}

/// The topics wanted. Bounded by the connections of the node: each waits for its own.
#[derive(Default)]
pub(super) struct Topics {
    wanted: Mutex<Wanted>,
    changed: Notify,
}

impl Topics {
    /// Wants these too. The receiver is told when they are confirmed, or dropped when the bus is
    /// cut off; `None`: it is cut off now.
    pub(super) fn want(&self, topics: &[Topic]) -> Option<oneshot::Receiver<()>> {
        let mut wanted = self.wanted();
        for topic in topics {
            if wanted.topics.insert(*topic) {
                wanted.touched.insert(*topic);
            }
        }
        if !wanted.open {
            return None;
        }
        // One that was wanted already may not be confirmed yet: the turn that confirms it comes
        // before, or with, the one this waits for.
        let (told, receiver) = oneshot::channel();
        wanted.waiting.push(told);
        drop(wanted);
        self.changed.notify_one();
        Some(receiver)
    }

    /// Does not want this any more.
    pub(super) fn unwant(&self, topic: Topic) {
        let mut wanted = self.wanted();
        if wanted.topics.remove(&topic) {
            wanted.touched.insert(topic);
            drop(wanted);
            self.changed.notify_one();
        }
    }

    /// Whether this is wanted now.
    pub(super) fn wants(&self, topic: Topic) -> bool {
        self.wanted().topics.contains(&topic)
    }

    /// A session begins: all that is wanted, to be subscribed to.
    pub(super) fn open(&self) -> Vec<Topic> {
        let mut wanted = self.wanted();
        wanted.open = true;
        wanted.touched.clear();
        wanted.topics.iter().copied().collect()
    }

    /// The session is over: whoever waits is told, and so is who asks from now on.
    pub(super) fn close(&self) {
        let mut wanted = self.wanted();
        wanted.open = false;
        wanted.waiting.clear();
    }

    /// Waits for something to tell Redis. Cancel safe.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What changed since the last call, given what Redis knows, which becomes what is wanted.
    pub(super) fn changes(&self, known: &mut HashSet<Topic>) -> Changes {
        let mut wanted = self.wanted();
        let touched = std::mem::take(&mut wanted.touched);
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for topic in touched {
            if wanted.topics.contains(&topic) {
                if known.insert(topic) {
                    add.push(topic);
                }
            } else if known.remove(&topic) {
                remove.push(topic);
            }
        }
        Changes {
            add,
            remove,
            waiting: std::mem::take(&mut wanted.waiting),
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::UserId;

    const A: Topic = Topic::User(UserId(1));
    const B: Topic = Topic::User(UserId(2));

    #[test]
    fn only_the_difference_is_told_and_flapping_costs_nothing() {
        let topics = Topics::default();
        topics.unwant(A);
        assert!(topics.want(&[A]).is_none(), "cut off");
        assert_eq!(topics.open(), [A]);
        let mut known = HashSet::from([A]);
        topics.unwant(A);
        assert!(topics.want(&[A, B]).is_some());
        let changes = topics.changes(&mut known);
        assert_eq!((changes.add, changes.remove), (vec![B], vec![]));
        topics.unwant(B);
        let changes = topics.changes(&mut known);
        assert_eq!((changes.add, changes.remove), (vec![], vec![B]));
        assert_eq!(known, HashSet::from([A]));
    }

    #[tokio::test]
    async fn who_waits_is_told_when_it_is_confirmed_and_when_it_never_will_be() {
        let topics = Topics::default();
        topics.open();
        let first = topics.want(&[A]).expect("open");
        let changes = topics.changes(&mut HashSet::new());
        for told in changes.waiting {
            let _ = told.send(());
        }
        assert!(first.await.is_ok());
        let second = topics.want(&[B]).expect("open");
        topics.close();
        assert!(second.await.is_err());
    }
}
