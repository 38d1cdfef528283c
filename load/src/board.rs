//! What the tasks of a run share: when to do what, and what happened.

use crate::latency::Latency;
use crate::ledger::{Book, Open};
use crate::tally::Tally;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What all users do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Connect, bind, beat and acknowledge.
    Ready,
    /// Send on schedule from this moment on.
    Sending(Instant),
    /// Send nothing new; what was sent is still sent again until it is answered.
    Quiet,
    /// Drop the connection (at this moment) and come back.
    Cut(Instant),
    /// Read what the server has written, then end.
    Over,
}

/// Shared by all tasks of a run. Locks are held for a few instructions, never across a wait.
#[derive(Debug)]
pub struct Board {
    /// Stamps count from here.
    pub start: Instant,
    /// Of the stamps.
    pub run: u32,
    phase: watch::Sender<Phase>,
    bound: AtomicUsize,
    cut: AtomicUsize,
    measuring: AtomicBool,
    books: Vec<Mutex<Book>>,
    tally: Mutex<Tally>,
    answer: Mutex<Latency>,
    push: Mutex<Latency>,
    back: Mutex<Latency>,
}

impl Board {
    /// A board for so many senders, whose messages have so many recipients each.
    pub fn new(senders: u32, recipients: u32) -> Self {
        let book = if recipients > 1 {
            Book::with_reach
        } else {
            Book::new
        };
        Self {
            start: Instant::now(),
            run: seed(),
            phase: watch::Sender::new(Phase::Ready),
            bound: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
            measuring: AtomicBool::new(false),
            books: (0..senders).map(|_| Mutex::new(book(recipients))).collect(),
            tally: Mutex::default(),
            answer: Mutex::default(),
            push: Mutex::default(),
            back: Mutex::default(),
        }
    }

    /// The phase, to wait for its changes.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Everybody goes on to this phase; what is sent from now on is in the books already, or allowed
    /// by it.
    pub fn go(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Latencies count from now on, or no longer.
    pub fn measure(&self, on: bool) {
        self.measuring.store(on, Ordering::Relaxed);
    }

    /// Connections that are bound now.
    pub fn bound(&self) -> usize {
        self.bound.load(Ordering::Relaxed)
    }

    /// A connection is bound; it is one fewer when the guard is dropped.
    pub fn bind(&self) -> BoundGuard<'_> {
        self.bound.fetch_add(1, Ordering::Relaxed);
        self.tally().binds += 1;
        BoundGuard(self)
    }

    /// A connection was cut by order of the phase.
    pub fn count_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// Connections cut by order of the phase so far.
    pub fn cut(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }

    /// The counts so far.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    /// A sender's book; `None` for a stamp that no sender of this run made.
    pub fn book(&self, sender: u32) -> Option<MutexGuard<'_, Book>> {
        self.books.get(sender as usize).map(lock)
    }

    /// What all books have open.
    pub fn open(&self) -> Open {
        let mut sum = Open::default();
        for book in &self.books {
            let open = lock(book).open();
            sum.missing += open.missing;
            sum.unanswered += open.unanswered;
        }
        sum
    }

    /// How long after its answer each message had reached everybody.
    pub fn reached(&self) -> Vec<Duration> {
        let books = self.books.iter();
        books
            .flat_map(|book| lock(book).reached().to_vec())
            .collect()
    }

    /// Send→answer.
    pub fn record_answer(&self, intended: Instant, now: Instant) {
        self.record(&self.answer, intended, now);
    }

    /// Send→push.
    pub fn record_push(&self, intended: Duration, now: Instant) {
        self.record(&self.push, self.start + intended, now);
    }

    /// From a cut to the bind after it.
    pub fn record_back(&self, cut: Instant, now: Instant) {
        lock(&self.back).record(now.saturating_duration_since(cut));
    }

    /// Send→answer, send→push, cut→bound, so far.
    pub fn latencies(&self) -> (Latency, Latency, Latency) {
        let copy = |latency: &Mutex<Latency>| lock(latency).clone();
        (copy(&self.answer), copy(&self.push), copy(&self.back))
    }

    fn record(&self, latency: &Mutex<Latency>, from: Instant, now: Instant) {
        if self.measuring.load(Ordering::Relaxed) {
            lock(latency).record(now.saturating_duration_since(from));
        }
    }
}

/// See [`Board::bind`].
#[derive(Debug)]
pub struct BoundGuard<'a>(&'a Board);

impl Drop for BoundGuard<'_> {
    fn drop(&mut self) {
        self.0.bound.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells this run's messages from those an earlier one left; guards nothing.
fn seed() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    let hash = RandomState::new().hash_one(std::process::id());
    u32::try_from(hash >> 32).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
