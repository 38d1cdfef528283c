//! The group committer: one a node, through which every send goes.
//!
//! It takes what queued up while the last commit ran and has the store append it in one transaction.
//! A task beside it publishes what was committed, then answers, while the next commit runs. So the
//! cost of a synced commit is shared by all who wait for it, and messages of one node are published
//! in the order of their places.

use super::{Appended, NewMessage, Refused, Store, StoreError};
use crate::bus::{Bus, Event, MessageEvent, Publication, Topic};
use crate::metrics::Metrics;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::{ErrorCode, Peer};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Sends that may wait for the next commit; the next one is answered "busy".
const QUEUE: usize = 8 * 1024;
/// The most messages of one transaction. Beyond this the gain per message is small and the wait
/// of the first grows.
const BATCH: usize = 1024;
/// The most bytes of text of one transaction, unless a single message is larger.
const BATCH_BYTES: usize = 1024 * 1024;
/// Batches that were committed and wait to be told. With one the next commit never waits for the
/// telling of the last, and sends wait in [`QUEUE`], not here.
const UNTOLD: usize = 1;
/// A batch that takes longer than this is worth a line in the log: everybody waits for it.
const SLOW: Duration = Duration::from_secs(1);

/// Why a send has no place in its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no such recipient.
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
pub type Answer = Result<Arc<MessageEvent>, SendError>;

struct Job {
    message: NewMessage,
    taken_at: Instant,
    answer: oneshot::Sender<Answer>,
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

    /// Whether sends are taken.
    pub fn is_running(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Sends that wait for a commit.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Queues a message; messages of one caller keep their order. The receiver gets the answer
    /// after the commit. Dropping the receiver does not take the message back.
    ///
    /// # Errors
    /// [`SendError::Busy`] when the queue is full, [`SendError::Unavailable`] when the committer
    /// has ended.
    pub fn send(&self, message: NewMessage) -> Result<oneshot::Receiver<Answer>, SendError> {
        let (answer, receiver) = oneshot::channel();
        self.queue
            .try_send(Job {
                message,
                taken_at: Instant::now(),
                answer,
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SendError::Busy,
                mpsc::error::TrySendError::Closed(_) => SendError::Unavailable,
            })?;
        Ok(receiver)
    }
}

/// What became of a batch.
struct Batch {
    messages: Vec<NewMessage>,
    waiting: Vec<Waiting>,
    appended: Result<Vec<Result<Appended, Refused>>, StoreError>,
}

/// When a message was taken in, and who waits for its answer.
type Waiting = (Instant, oneshot::Sender<Answer>);

async fn run(
    mut jobs: mpsc::Receiver<Job>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let (batches, told) = mpsc::channel(UNTOLD);
    // Dropped with this task, and only then before its end.
    let mut beside = JoinSet::new();
    beside.spawn(tell_all(told, bus));
    let mut received = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = jobs.recv_many(&mut received, BATCH) => if count == 0 { break },
            // From here on nothing more is taken in; what is queued still comes out.
            () = stop.cancelled(), if !jobs.is_closed() => jobs.close(),
        }
        let mut rest = received.drain(..).peekable();
        while rest.peek().is_some() {
            let (mut messages, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(job) = rest.next_if(|_| bytes < BATCH_BYTES) {
                bytes += job.message.content.len();
                messages.push(job.message);
                waiting.push((job.taken_at, job.answer));
            }
            let appended = append(store.as_ref(), &metrics, &messages).await;
            let batch = Batch {
                messages,
                waiting,
                appended,
            };
            if batches.send(batch).await.is_err() {
                // Only a panic ends the telling: nobody would be answered any more.
                return;
            }
        }
    }
    drop(batches);
    beside.join_all().await;
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

/// Tells of one batch after the other.
async fn tell_all(mut batches: mpsc::Receiver<Batch>, bus: Arc<dyn Bus>) {
    while let Some(batch) = batches.recv().await {
        tell(bus.as_ref(), batch).await;
    }
}

async fn tell(bus: &dyn Bus, batch: Batch) {
    let Ok(appended) = batch.appended else {
        // A commit that failed may have happened all the same: whoever is concerned looks.
        bus.publish(doubts(&batch.messages)).await;
        for (_, answer) in batch.waiting {
            // A connection that is gone needs no answer.
            let _ = answer.send(Err(SendError::Unavailable));
        }
        return;
    };
    let mut publications = Vec::with_capacity(appended.len());
    let mut settled = Vec::with_capacity(appended.len());
    for ((result, message), (taken_at, _)) in appended
        .into_iter()
        .zip(&batch.messages)
        .zip(&batch.waiting)
    {
        settled.push(
            result
                .map_err(|Refused::UnknownRecipient| SendError::UnknownRecipient)
                .map(|appended| {
                    // A repeat, too: the node that stored it may have died before it said so. Who
                    // has heard of it knows its place.
                    let topics = appended.topics();
                    let event = appended.event(message.origin, Some(*taken_at));
                    let told = Arc::new(Event::Message(Arc::clone(&event)));
                    publications.push(Publication {
                        topics,
                        event: told,
                    });
                    event
                }),
        );
    }
    // The answers first would let a sender see its message before its own other devices could;
    // either order keeps the promises, and publishing does not wait for anybody's socket.
    bus.publish(publications).await;
    for (result, (_, answer)) in settled.into_iter().zip(batch.waiting) {
        let _ = answer.send(result);
    }
}

/// Whoever may have got a message without hearing of it, once each.
fn doubts(messages: &[NewMessage]) -> Vec<Publication> {
    let concerned: HashSet<Topic> = messages
        .iter()
        .flat_map(|message| match message.peer {
            Peer::User(recipient) => vec![Topic::User(message.sender), Topic::User(recipient)],
            Peer::Group(group) => vec![Topic::User(message.sender), Topic::Group(group)],
        })
        .collect();
    let publication = |topic| Publication {
        topics: vec![topic],
        event: Arc::new(Event::Gap),
    };
    concerned.into_iter().map(publication).collect()
}
