//! A line a second while a run lasts, and the figures of the processes.

use crate::board::Board;
use crate::process::{Usage, Watch};
use anyhow::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often processes are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Looks from one line to the next.
const LOOKS: u32 = 4;

/// The servers and this process, watched; ends when dropped.
pub struct Progress {
    watches: Arc<Mutex<Vec<Watch>>>,
    task: JoinHandle<()>,
}

impl Progress {
    /// Begins to watch and, unless `quiet`, to write lines to standard error.
    ///
    /// # Errors
    /// When a process does not exist.
    pub fn start(board: Arc<Board>, pids: &[u32], quiet: bool) -> Result<Self> {
        // This process comes last.
        let pids = pids.iter().copied().chain([std::process::id()]);
        let watches = pids.map(Watch::new).collect::<Result<Vec<_>>>()?;
        let watches = Arc::new(Mutex::new(watches));
        let task = tokio::spawn(watch(board, Arc::clone(&watches), quiet));
        Ok(Self { watches, task })
    }

    /// The measured time begins now.
    pub fn begin(&self) {
        self.each(Watch::begin);
    }

    /// The measured time ends now.
    pub fn end(&self) {
        self.each(Watch::end);
    }

    /// The memory of all servers now, in bytes.
    pub fn memory(&self) -> u64 {
        let mut watches = lock(&self.watches);
        let servers = watches.len() - 1;
        watches[..servers]
            .iter_mut()
            .map(|watch| watch.look().1)
            .sum()
    }

    /// The figures of the servers, and of this process.
    pub fn usage(&self) -> (Vec<Usage>, Option<Usage>) {
        let mut usages: Vec<Usage> = lock(&self.watches).iter().map(Watch::usage).collect();
        let own = usages.pop();
        (usages, own)
    }

    fn each(&self, act: fn(&mut Watch)) {
        lock(&self.watches).iter_mut().for_each(act);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(board: Arc<Board>, watches: Arc<Mutex<Vec<Watch>>>, quiet: bool) {
    let mut ticks = tokio::time::interval(LOOK);
    let started = Instant::now();
    let (mut answered, mut shown) = (0, 0);
    let mut looks = 0;
    loop {
        ticks.tick().await;
        let figures: Vec<(f64, u64)> = lock(&watches).iter_mut().map(Watch::look).collect();
        looks += 1;
        if quiet || looks % LOOKS != 0 {
            continue;
        }
        let tally = board.tally().clone();
        let open = board.open();
        let (servers, _) = figures.split_at(figures.len() - 1);
        let words: Vec<String> = servers
            .iter()
            .map(|(percent, rss)| format!("{percent:.0} % {} MiB", rss >> 20))
            .collect();
        eprintln!(
            "{:>5} s  {} bound  {} answered/s  {} shown/s  {} waiting  {} missing  {} lost connections  [{}]",
            started.elapsed().as_secs(),
            board.bound(),
            tally.answered - answered,
            tally.shown - shown,
            open.unanswered,
            open.missing,
            tally.closes.values().sum::<u64>() + tally.failures.values().sum::<u64>(),
            words.join(", ")
        );
        (answered, shown) = (tally.answered, tally.shown);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
