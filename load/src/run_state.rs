//! The state that the tasks of a run share: the phase, and the counts so far.

use crate::latency::Latency;
use crate::ledger::{Ledger, Outstanding};
use crate::tally::Tally;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The phase of a run, for all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Connect, bind, send heartbeats and acknowledge.
    Ready,
    /// Send on schedule from this moment on.
    Sending(Instant),
    /// Send no new messages; sent ones are still sent again until they are answered.
    Draining,
    /// Drop the connection (at this moment) and reconnect.
    Cut(Instant),
    /// Read what the server has written, then end.
    Finished,
}

/// Shared by all tasks of a run. Locks are held for a few instructions, never across an `await`.
#[derive(Debug)]
pub struct RunState {
    /// The origin of the times in stamps.
    pub start: Instant,
    /// The run id in stamps.
    pub run: u32,
    phase: watch::Sender<Phase>,
    bound: AtomicUsize,
    cut: AtomicUsize,
    measuring: AtomicBool,
    ledgers: Vec<Mutex<Ledger>>,
    tally: Mutex<Tally>,
    answer: Mutex<Latency>,
    push: Mutex<Latency>,
    reconnect: Mutex<Latency>,
}

impl RunState {
    /// The state of a run with this many senders, and this many recipients of each message.
    pub fn new(senders: u32, recipients: u32) -> Self {
        let ledger = if recipients > 1 {
            Ledger::with_fanout_times
        } else {
            Ledger::new
        };
        Self {
            start: Instant::now(),
            run: seed(),
            phase: watch::Sender::new(Phase::Ready),
            bound: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
            measuring: AtomicBool::new(false),
            ledgers: (0..senders)
                .map(|_| Mutex::new(ledger(recipients)))
                .collect(),
            tally: Mutex::default(),
            answer: Mutex::default(),
            push: Mutex::default(),
            reconnect: Mutex::default(),
        }
    }

    /// A receiver of the phase and its changes.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Sets the phase for all users. Messages that an earlier phase allowed are in the ledgers when
    /// this returns; later ones are allowed by this phase.
    pub fn set_phase(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Starts or stops the recording of latencies.
    pub fn measure(&self, on: bool) {
        self.measuring.store(on, Ordering::Relaxed);
    }

    /// The number of bound connections.
    pub fn bound(&self) -> usize {
        self.bound.load(Ordering::Relaxed)
    }

    /// Counts a connection as bound until the guard is dropped.
    pub fn bind(&self) -> BoundGuard<'_> {
        self.bound.fetch_add(1, Ordering::Relaxed);
        self.tally().binds += 1;
        BoundGuard(self)
    }

    /// Counts a connection that [`Phase::Cut`] closed.
    pub fn count_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of connections that [`Phase::Cut`] closed so far.
    pub fn cut(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }

    /// The counts so far.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    /// The ledger of a sender; `None`: no sender of this run has this number.
    pub fn ledger(&self, sender: u32) -> Option<MutexGuard<'_, Ledger>> {
        self.ledgers.get(sender as usize).map(lock)
    }

    /// The outstanding messages of all ledgers.
    pub fn outstanding(&self) -> Outstanding {
        let mut sum = Outstanding::default();
        for ledger in &self.ledgers {
            let outstanding = lock(ledger).outstanding();
            sum.missing += outstanding.missing;
            sum.unanswered += outstanding.unanswered;
        }
        sum
    }

    /// The times from each message's answer to its last push.
    pub fn fanout_times(&self) -> Vec<Duration> {
        let ledgers = self.ledgers.iter();
        ledgers
            .flat_map(|ledger| lock(ledger).fanout_times().to_vec())
            .collect()
    }

    /// Records send→answer.
    pub fn record_answer(&self, intended: Instant, now: Instant) {
        self.record(&self.answer, intended, now);
    }

    /// Records send→push.
    pub fn record_push(&self, intended: Duration, now: Instant) {
        self.record(&self.push, self.start + intended, now);
    }

    /// Records the time from a cut to the bind after it.
    pub fn record_reconnect(&self, cut: Instant, now: Instant) {
        lock(&self.reconnect).record(now.saturating_duration_since(cut));
    }

    /// Send→answer, send→push, cut→bound, so far.
    pub fn latencies(&self) -> (Latency, Latency, Latency) {
        let copy = |latency: &Mutex<Latency>| lock(latency).clone();
        (copy(&self.answer), copy(&self.push), copy(&self.reconnect))
    }

    fn record(&self, latency: &Mutex<Latency>, from: Instant, now: Instant) {
        if self.measuring.load(Ordering::Relaxed) {
            lock(latency).record(now.saturating_duration_since(from));
        }
    }
}

/// See [`RunState::bind`].
#[derive(Debug)]
pub struct BoundGuard<'a>(&'a RunState);

impl Drop for BoundGuard<'_> {
    fn drop(&mut self) {
        self.0.bound.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A random id that distinguishes this run's messages from those of earlier runs; not for security.
fn seed() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    let hash = RandomState::new().hash_one(std::process::id());
    u32::try_from(hash >> 32).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
