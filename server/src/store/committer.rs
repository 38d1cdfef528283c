//! The group committer: one per node; every send goes through it.
//!
//! It appends the sends queued during the last commit in one transaction. A second task publishes
//! committed batches, then answers, while the next commit runs. So all sends of a batch share the
//! cost of one synced commit, and messages of one node are published in the order of their sequence
//! numbers.

use super::{Appended, NewMessage, Refused, Store, StoreError};
use crate::bus::Bus;
use crate::domain::{BusEvent, MessageEvent, Publication, Topic};
use crate::metrics::Metrics;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::{ErrorCode, Peer};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Sends that may wait for the next commit; further ones are answered "busy".
const QUEUE: usize = 8 * 1024;
/// Maximum messages per transaction. Beyond this the gain per message is small and the first waits
/// longer.
const BATCH: usize = 1024;
/// Maximum bytes of text per transaction, unless a single message is larger.
const BATCH_BYTES: usize = 1024 * 1024;
/// Committed batches that may wait to be published. With one, the next commit never waits for
/// publishing the last, and sends wait in [`QUEUE`], not here.
const PENDING: usize = 1;
/// A batch that takes longer than this is logged: every sender waits for it.
const SLOW: Duration = Duration::from_secs(1);

/// Why a send was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The recipient does not exist.
    #[error("unknown recipient")]
    UnknownRecipient,
    /// The queue is full; nothing was stored.
    #[error("busy")]
    Busy,
    /// The store failed. Sent again with the same `clientMsgId`, the message is stored once.
    #[error("unavailable")]
    Unavailable,
}

impl From<SendError> for ErrorCode {
    fn from(error: SendError) -> Self {
        match error {
            SendError::UnknownRecipient => Self::UnknownRecipient,
            SendError::Busy => Self::Busy,
            SendError::Unavailable => Self::Unavailable,
        }
    }
}

/// The answer to a send: the event that was published for it.
pub type CommitResult = Result<Arc<MessageEvent>, SendError>;

struct Job {
    message: NewMessage,
    received_at: Instant,
    answer: oneshot::Sender<CommitResult>,
}

/// A handle to the node's committer; cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Job>,
}

impl Committer {
    /// A committer and the task to run it, which ends, after answering what is queued, when `stop`
    /// is cancelled.
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        (Self { queue }, run(jobs, store, bus, metrics, stop))
    }

    /// Whether sends are accepted.
    pub fn is_running(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Sends that wait for a commit.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Queues a message; messages of one caller keep their order. The receiver gets the answer
    /// after the commit. Dropping the receiver does not cancel the send.
    ///
    /// # Errors
    /// [`SendError::Busy`] when the queue is full, [`SendError::Unavailable`] when the committer
    /// has ended.
    pub fn send(&self, message: NewMessage) -> Result<oneshot::Receiver<CommitResult>, SendError> {
        let (answer, receiver) = oneshot::channel();
        self.queue
            .try_send(Job {
                message,
                received_at: Instant::now(),
                answer,
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SendError::Busy,
                mpsc::error::TrySendError::Closed(_) => SendError::Unavailable,
            })?;
        Ok(receiver)
    }
}

/// A batch with its result.
struct Batch {
    messages: Vec<NewMessage>,
    waiting: Vec<Waiting>,
    appended: Result<Vec<Result<Appended, Refused>>, StoreError>,
}

/// When a message was received, and the sender of its answer.
type Waiting = (Instant, oneshot::Sender<CommitResult>);

async fn run(
    mut jobs: mpsc::Receiver<Job>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let (batches, receiver) = mpsc::channel(PENDING);
    // Aborted only if this task is dropped.
    let mut publisher = JoinSet::new();
    publisher.spawn(publish_batches(receiver, bus));
    let mut queued = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = jobs.recv_many(&mut queued, BATCH) => if count == 0 { break },
            // From here on no sends are accepted; queued ones are still committed.
            () = stop.cancelled(), if !jobs.is_closed() => jobs.close(),
        }
        let mut rest = queued.drain(..).peekable();
        while rest.peek().is_some() {
            let (mut messages, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(job) = rest.next_if(|_| bytes < BATCH_BYTES) {
                bytes += job.message.body.content().len();
                messages.push(job.message);
                waiting.push((job.received_at, job.answer));
            }
            let appended = append(store.as_ref(), &metrics, &messages).await;
            let batch = Batch {
                messages,
                waiting,
                appended,
            };
            if batches.send(batch).await.is_err() {
                // Only a panic ends the publisher: no sender would be answered any more.
                return;
            }
        }
    }
    drop(batches);
    publisher.join_all().await;
}

async fn append(
    store: &dyn Store,
    metrics: &Metrics,
    messages: &[NewMessage],
) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
    let started = Instant::now();
    let appended = store.append(messages).await;
    let took = started.elapsed();
    match &appended {
        Ok(_) => {
            metrics.store.committed(messages.len(), took);
            if took > SLOW {
                tracing::warn!(
                    took_ms = took.as_millis(),
                    messages = messages.len(),
                    "a commit was slow; look at the database and its disk"
                );
            }
        }
        Err(error) => {
            metrics.store.commit_failed(took);
            tracing::error!(%error, messages = messages.len(), "the batch failed");
        }
    }
    appended
}

/// Publishes and answers batches in order.
async fn publish_batches(mut batches: mpsc::Receiver<Batch>, bus: Arc<dyn Bus>) {
    while let Some(batch) = batches.recv().await {
        publish_batch(bus.as_ref(), batch).await;
    }
}

async fn publish_batch(bus: &dyn Bus, batch: Batch) {
    let Ok(appended) = batch.appended else {
        // A failed commit may nevertheless have been applied, so all participants resync.
        bus.publish(resync_publications(&batch.messages)).await;
        for (_, answer) in batch.waiting {
            // A connection that is gone needs no answer.
            let _ = answer.send(Err(SendError::Unavailable));
        }
        return;
    };
    let mut publications = Vec::with_capacity(appended.len());
    let mut results = Vec::with_capacity(appended.len());
    for ((result, message), (received_at, _)) in appended
        .into_iter()
        .zip(&batch.messages)
        .zip(&batch.waiting)
    {
        results.push(
            result
                .map_err(|Refused::UnknownRecipient| SendError::UnknownRecipient)
                .map(|appended| {
                    // Duplicates are republished, because the node that stored the message may have
                    // died before publishing it. Receivers detect duplicates by sequence number.
                    let topics = appended.topics();
                    let event = appended.event(message.origin, Some(*received_at));
                    let bus_event = Arc::new(BusEvent::Message(Arc::clone(&event)));
                    publications.push(Publication {
                        topics,
                        event: bus_event,
                    });
                    event
                }),
        );
    }
    // Either order is correct. Answering first would let a sender see its message before its other
    // devices, and publishing waits for no socket.
    bus.publish(publications).await;
    for (result, (_, answer)) in results.into_iter().zip(batch.waiting) {
        let _ = answer.send(result);
    }
}

/// A resync for every topic that may have got a message, once each.
fn resync_publications(messages: &[NewMessage]) -> Vec<Publication> {
    let concerned: HashSet<Topic> = messages
        .iter()
        .flat_map(|message| match message.peer {
            Peer::User(recipient) => vec![Topic::User(message.sender), Topic::User(recipient)],
            Peer::Group(group) => vec![Topic::User(message.sender), Topic::Group(group)],
        })
        .collect();
    let publication = |topic| Publication {
        topics: vec![topic],
        event: Arc::new(BusEvent::Resync),
    };
    concerned.into_iter().map(publication).collect()
}
