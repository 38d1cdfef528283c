//! The topics this node subscribes to, and the changes not yet sent to Redis.

use crate::domain::Topic;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

#[derive(Default)]
struct Subscriptions {
    topics: HashSet<Topic>,
    /// Topics added or removed since the last [`Topics::changes`].
    changed_topics: HashSet<Topic>,
    /// Notified when Redis has confirmed the subscriptions made before.
    waiters: Vec<oneshot::Sender<()>>,
    /// Whether a session is running.
    open: bool,
}

/// Changes to send to Redis.
pub(super) struct Changes {
    /// Topics to subscribe.
    pub(super) add: Vec<Topic>,
    /// Topics to unsubscribe.
    pub(super) remove: Vec<Topic>,
    /// Notified when the changes are confirmed; dropped when they are not.
    pub(super) waiters: Vec<oneshot::Sender<()>>,
}

/// The subscribed topics. Bounded by the connections of the node: each waits for its own.
#[derive(Default)]
pub(super) struct Topics {
    subscriptions: Mutex<Subscriptions>,
    changed: Notify,
}

impl Topics {
    /// Subscribes these topics too. The receiver is notified when they are confirmed, or dropped
    /// when the bus is disconnected; `None`: it is disconnected now.
    pub(super) fn subscribe(&self, topics: &[Topic]) -> Option<oneshot::Receiver<()>> {
        let mut subscriptions = self.subscriptions();
        for topic in topics {
            if subscriptions.topics.insert(*topic) {
                subscriptions.changed_topics.insert(*topic);
            }
        }
        if !subscriptions.open {
            return None;
        }
        // A topic that was subscribed already may not be confirmed yet: its confirmation comes
        // before, or with, the one awaited here.
        let (confirm, receiver) = oneshot::channel();
        subscriptions.waiters.push(confirm);
        drop(subscriptions);
        self.changed.notify_one();
        Some(receiver)
    }

    /// Unsubscribes a topic.
    pub(super) fn unsubscribe(&self, topic: Topic) {
        let mut subscriptions = self.subscriptions();
        if subscriptions.topics.remove(&topic) {
            subscriptions.changed_topics.insert(topic);
            drop(subscriptions);
            self.changed.notify_one();
        }
    }

    /// Whether a topic is subscribed.
    pub(super) fn is_subscribed(&self, topic: Topic) -> bool {
        self.subscriptions().topics.contains(&topic)
    }

    /// A session begins: returns all topics, to be subscribed.
    pub(super) fn open(&self) -> Vec<Topic> {
        let mut subscriptions = self.subscriptions();
        subscriptions.open = true;
        subscriptions.changed_topics.clear();
        subscriptions.topics.iter().copied().collect()
    }

    /// The session is over: drops all waiters, and refuses new ones.
    pub(super) fn close(&self) {
        let mut subscriptions = self.subscriptions();
        subscriptions.open = false;
        subscriptions.waiters.clear();
    }

    /// Waits for a change. Cancel safe.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The changes since the last call, relative to the topics that Redis knows; `known` is
    /// updated.
    pub(super) fn changes(&self, known: &mut HashSet<Topic>) -> Changes {
        let mut subscriptions = self.subscriptions();
        let changed_topics = std::mem::take(&mut subscriptions.changed_topics);
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for topic in changed_topics {
            if subscriptions.topics.contains(&topic) {
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
            waiters: std::mem::take(&mut subscriptions.waiters),
        }
    }

    fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::UserId;

    const A: Topic = Topic::User(UserId(1));
    const B: Topic = Topic::User(UserId(2));

    #[test]
    fn changes_hold_only_the_difference_to_known_topics() {
        let topics = Topics::default();
        topics.unsubscribe(A);
        assert!(topics.subscribe(&[A]).is_none(), "cut off");
        assert_eq!(topics.open(), [A]);
        let mut known = HashSet::from([A]);
        topics.unsubscribe(A);
        assert!(topics.subscribe(&[A, B]).is_some());
        let changes = topics.changes(&mut known);
        assert_eq!((changes.add, changes.remove), (vec![B], vec![]));
        topics.unsubscribe(B);
        let changes = topics.changes(&mut known);
        assert_eq!((changes.add, changes.remove), (vec![], vec![B]));
        assert_eq!(known, HashSet::from([A]));
    }

    #[tokio::test]
    async fn waiter_is_confirmed_or_dropped_when_cut_off() {
        let topics = Topics::default();
        topics.open();
        let first = topics.subscribe(&[A]).expect("open");
        let changes = topics.changes(&mut HashSet::new());
        for confirm in changes.waiters {
            let _ = confirm.send(());
        }
        assert!(first.await.is_ok());
        let second = topics.subscribe(&[B]).expect("open");
        topics.close();
        assert!(second.await.is_err());
    }
}
