//! A progress line per second during a run, and the figures of the processes.

use crate::process::{ProcessWatch, Usage};
use crate::run_state::RunState;
use anyhow::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// From one sample of the processes to the next.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(250);
/// Samples from one line to the next.
const SAMPLES_PER_LINE: u32 = 4;

/// The watches of the servers and of this process; they end when this is dropped.
pub struct Progress {
    watches: Arc<Mutex<Vec<ProcessWatch>>>,
    task: JoinHandle<()>,
}

impl Progress {
    /// Starts to watch and, unless `quiet`, to write lines to standard error.
    ///
    /// # Errors
    /// When a process does not exist.
    pub fn start(state: Arc<RunState>, pids: &[u32], quiet: bool) -> Result<Self> {
        // This process comes last.
        let pids = pids.iter().copied().chain([std::process::id()]);
        let watches = pids.map(ProcessWatch::new).collect::<Result<Vec<_>>>()?;
        let watches = Arc::new(Mutex::new(watches));
        let task = tokio::spawn(watch(state, Arc::clone(&watches), quiet));
        Ok(Self { watches, task })
    }

    /// The measured time begins now.
    pub fn begin(&self) {
        self.each(ProcessWatch::begin);
    }

    /// The measured time ends now.
    pub fn end(&self) {
        self.each(ProcessWatch::end);
    }

    /// The memory of all servers now, in bytes.
    pub fn memory(&self) -> u64 {
        let mut watches = lock(&self.watches);
        let servers = watches.len() - 1;
        watches[..servers]
            .iter_mut()
            .map(|watch| watch.refresh().1)
            .sum()
    }

    /// The figures of the servers, and of this process.
    pub fn usage(&self) -> (Vec<Usage>, Option<Usage>) {
        let mut usages: Vec<Usage> = lock(&self.watches)
            .iter()
            .map(ProcessWatch::usage)
            .collect();
        let this_process = usages.pop();
        (usages, this_process)
    }

    fn each(&self, action: fn(&mut ProcessWatch)) {
        lock(&self.watches).iter_mut().for_each(action);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(state: Arc<RunState>, watches: Arc<Mutex<Vec<ProcessWatch>>>, quiet: bool) {
    let mut ticks = tokio::time::interval(SAMPLE_INTERVAL);
    let started = Instant::now();
    let (mut answered, mut shown) = (0, 0);
    let mut samples = 0;
    loop {
        ticks.tick().await;
        let figures: Vec<(f64, u64)> = lock(&watches)
            .iter_mut()
            .map(ProcessWatch::refresh)
            .collect();
        samples += 1;
        if quiet || samples % SAMPLES_PER_LINE != 0 {
            continue;
        }
        let tally = state.tally().clone();
        let outstanding = state.outstanding();
        let (servers, _) = figures.split_at(figures.len() - 1);
        let parts: Vec<String> = servers
            .iter()
            .map(|(percent, rss)| format!("{percent:.0} % {} MiB", rss >> 20))
            .collect();
        eprintln!(
            "{:>5} s  {} bound  {} answered/s  {} shown/s  {} waiting  {} missing  {} lost connections  [{}]",
            started.elapsed().as_secs(),
            state.bound(),
            tally.answered - answered,
            tally.shown - shown,
            outstanding.unanswered,
            outstanding.missing,
            tally.closes.values().sum::<u64>() + tally.failures.values().sum::<u64>(),
            parts.join(", ")
        );
        (answered, shown) = (tally.answered, tally.shown);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
