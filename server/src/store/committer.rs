//! The group committer: one a node, through which every send goes.
//!
//! It takes what queued up while the last commit ran, has the store append it in one transaction,
//! publishes, then answers. So the cost of a synced commit is shared by all who wait for it, and
//! messages of one node are published in the order of their places.

use super::{NewMessage, Refused, Store};
use crate::bus::{Bus, Event, MessageEvent, Publication, Topic};
use crate::metrics::Metrics;
use std::collections::HashSet;
use std::sync::Arc;
use tidings_shared::{ErrorCode, Peer};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Sends that may wait for the next commit; the next one is answered "busy".
const QUEUE: usize = 8 * 1024;
/// The most messages of one transaction. Beyond this the gain per message is small and the wait
/// of the first grows.
const BATCH: usize = 1024;
/// The most bytes of text of one transaction, unless a single message is larger.
const BATCH_BYTES: usize = 1024 * 1024;

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

async fn run(
    mut jobs: mpsc::Receiver<Job>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let mut received = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = jobs.recv_many(&mut received, BATCH) => if count == 0 { break },
            // From here on nothing more is taken in; what is queued still comes out.
            () = stop.cancelled(), if !jobs.is_closed() => jobs.close(),
        }
        let mut rest = received.drain(..).peekable();
        while rest.peek().is_some() {
            let (mut messages, mut answers, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(job) = rest.next_if(|_| bytes < BATCH_BYTES) {
                bytes += job.message.content.len();
                messages.push(job.message);
                answers.push((job.taken_at, job.answer));
            }
            commit(store.as_ref(), bus.as_ref(), &metrics, &messages, answers).await;
        }
    }
}

async fn commit(
    store: &dyn Store,
    bus: &dyn Bus,
    metrics: &Metrics,
    messages: &[NewMessage],
    answers: Vec<(Instant, oneshot::Sender<Answer>)>,
) {
    let started = Instant::now();
    let results = match store.append(messages).await {
        Ok(results) => {
            metrics.store.committed(messages.len(), started.elapsed());
            results
        }
        Err(error) => {
            metrics.store.commit_failed(started.elapsed());
            tracing::error!(%error, messages = messages.len(), "the batch failed");
            // A commit that failed may have happened all the same: whoever is concerned looks.
            bus.publish(doubts(messages)).await;
            for (_, answer) in answers {
                // A connection that is gone needs no answer.
                let _ = answer.send(Err(SendError::Unavailable));
            }
            return;
        }
    };
    let mut publications = Vec::with_capacity(results.len());
    let mut settled = Vec::with_capacity(results.len());
    let taken = answers.iter().map(|(taken_at, _)| *taken_at);
    for ((result, message), taken_at) in results.into_iter().zip(messages).zip(taken) {
        settled.push(
            result
                .map_err(|Refused::UnknownRecipient| SendError::UnknownRecipient)
                .map(|appended| {
                    let event = appended.event(message.origin, Some(taken_at));
                    // A repeat, too: the node that stored it may have died before it said so. Who
                    // has heard of it knows its place.
                    let topics = appended.topics();
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
    for (result, (_, answer)) in settled.into_iter().zip(answers) {
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
