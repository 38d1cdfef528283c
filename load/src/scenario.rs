//! The scenarios, one file each, and their common part: [`Run`].
//!
//! Each is a function of the common options, the users and its own options, so that a test can run
//! it; `stop` ends it early, with a report.

pub mod echo;
pub mod flood;
pub mod group;
pub mod idle;
pub mod pairs;
pub mod soak;
pub mod storm;

use crate::descriptors;
use crate::login::Login;
use crate::options::Common;
use crate::progress::Progress;
use crate::report::Report;
use crate::run_state::{Phase, RunState};
use crate::sender::Sender;
use crate::target::{Route, Target, source};
use crate::user::User;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The poll interval for conditions without an event.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// From one batch of new connections to the next during the ramp-up.
const RAMP_TICK: Duration = Duration::from_millis(10);

/// A run: its users, each a task, and the watches of the processes.
pub struct Run<'a> {
    common: &'a Common,
    stop: &'a CancellationToken,
    targets: Arc<[Target]>,
    /// The state that the tasks share.
    pub state: Arc<RunState>,
    /// The watches of the processes.
    pub progress: Progress,
    users: JoinSet<()>,
}

/// A user of a run.
pub struct Member<'a> {
    /// The user.
    pub login: &'a Login,
    /// The index of its URL, modulo their number.
    pub node: usize,
    /// Its sender; `None`: it only receives.
    pub sender: Option<Sender>,
}

/// The counts at the start of the measured time.
struct Begin {
    at: Instant,
    answered: u64,
    shown: u64,
}

impl<'a> Run<'a> {
    /// A run of at most this many connections.
    ///
    /// # Errors
    /// When the system does not allow that many, or a server's process does not exist.
    pub fn new(
        common: &'a Common,
        stop: &'a CancellationToken,
        connections: usize,
        state: RunState,
    ) -> Result<Self> {
        ensure!(!common.urls.is_empty(), "no --url");
        descriptors::raise_limit(connections)?;
        let state = Arc::new(state);
        let progress = Progress::start(Arc::clone(&state), &common.server_pids, common.quiet)?;
        Ok(Self {
            common,
            stop,
            targets: common.urls.clone().into(),
            state,
            progress,
            users: JoinSet::new(),
        })
    }

    /// The route of the connection with this number, starting at this node.
    pub fn route(&self, number: usize, node: usize) -> Route {
        let first = node % self.targets.len();
        Route {
            targets: Arc::clone(&self.targets),
            first,
            rotate: self.common.any_node,
            source: source(&self.targets[first], number),
        }
    }

    /// Starts the users at the ramp's pace and waits until all are bound.
    ///
    /// # Errors
    /// When they are not bound in time, with the reasons.
    pub async fn connect(&mut self, members: Vec<Member<'_>>) -> Result<()> {
        let wanted = members.len();
        let mut ticks = interval(RAMP_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let per_tick = (self.common.ramp as usize / 100).max(1);
        for (number, member) in members.into_iter().enumerate() {
            if number % per_tick == 0 {
                ticks.tick().await;
                if self.stop.is_cancelled() {
                    break;
                }
            }
            let route = self.route(number, member.node);
            let state = Arc::clone(&self.state);
            let login = member.login.clone();
            let user = User::new(state, route, login, member.sender, self.common.heartbeat());
            // Boxed, because the set moves it.
            self.users.spawn(Box::pin(user.run()));
        }
        self.all_bound(wanted).await
    }

    /// Waits until this many connections are bound.
    ///
    /// # Errors
    /// When they are not bound in time, with the reasons.
    pub async fn all_bound(&self, wanted: usize) -> Result<()> {
        let bound = self.until(self.common.wait_limit(), || self.state.bound() >= wanted);
        if !bound.await && !self.stop.is_cancelled() {
            let tally = self.state.tally();
            anyhow::bail!(
                "only {} of {wanted} connections were bound within {} s: closes {:?}, not opened {:?}",
                self.state.bound(),
                self.common.patience_s,
                tally.closes,
                tally.failures
            );
        }
        Ok(())
    }

    /// Waits until the condition holds, the time limit is reached, or the run is stopped. Returns
    /// whether it holds.
    pub async fn until(&self, limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
        let polling = async {
            while !condition() && !self.stop.is_cancelled() {
                sleep(POLL_INTERVAL).await;
            }
        };
        // The condition decides, timeout or not.
        let _ = timeout(limit, polling).await;
        condition()
    }

    /// Waits for this time, or until the run is stopped.
    pub async fn pass(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Measures during `work` and returns a report of that time.
    pub async fn measure(&self, scenario: &str, work: impl Future<Output = ()>) -> Report {
        let begin = self.begin();
        work.await;
        self.end(scenario, &begin)
    }

    fn begin(&self) -> Begin {
        self.progress.begin();
        self.state.measure(true);
        let tally = self.state.tally();
        Begin {
            at: Instant::now(),
            answered: tally.answered,
            shown: tally.shown,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn end(&self, scenario: &str, begin: &Begin) -> Report {
        let seconds = begin.at.elapsed().as_secs_f64();
        self.progress.end();
        let tally = self.state.tally();
        Report {
            scenario: scenario.to_owned(),
            seconds,
            connections: self.state.bound(),
            answered_per_second: (tally.answered - begin.answered) as f64 / seconds,
            shown_per_second: (tally.shown - begin.shown) as f64 / seconds,
            ..Report::default()
        }
    }

    /// Stops new messages, waits for missing answers and pushes, ends the users, and completes the
    /// report.
    pub async fn finish(mut self, mut report: Report) -> Report {
        self.state.set_phase(Phase::Draining);
        let nothing_outstanding = || {
            let outstanding = self.state.outstanding();
            outstanding.missing == 0 && outstanding.unanswered == 0
        };
        // Not ended by a stop: pushes would be reported as lost that were only not waited for.
        let settling = async {
            while !nothing_outstanding() {
                sleep(POLL_INTERVAL * 4).await;
            }
        };
        let _ = timeout(self.common.wait_limit(), settling).await;
        self.state.measure(false);
        self.state.set_phase(Phase::Finished);
        while self.users.join_next().await.is_some() {}
        let outstanding = self.state.outstanding();
        report.reached_ms = self
            .state
            .fanout_times()
            .iter()
            .map(|time| time.as_secs_f64() * 1000.0)
            .collect();
        (report.servers, report.tool) = self.progress.usage();
        let (answer, push, reconnect) = self.state.latencies();
        report.answer = answer.percentiles();
        report.push = push.percentiles();
        report.reconnect = reconnect.percentiles();
        report.tally = self.state.tally().clone();
        report.tally.lost = outstanding.missing;
        report.tally.unanswered = outstanding.unanswered;
        report
    }
}
