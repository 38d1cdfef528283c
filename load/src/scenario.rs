//! The scenarios, one file each, and what they have in common: [`Run`].
//!
//! Each is a function of the common options, the users and its own options, so that a test can run
//! it; `stop` ends it early and in order.

pub mod echo;
pub mod flood;
pub mod group;
pub mod idle;
pub mod pairs;
pub mod soak;
pub mod storm;

use crate::board::{Board, Phase};
use crate::descriptors;
use crate::login::Login;
use crate::options::Common;
use crate::progress::Progress;
use crate::report::Report;
use crate::sender::Sender;
use crate::target::{Route, Target, source};
use crate::user::User;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often a condition is looked at that no event tells of.
const LOOK: Duration = Duration::from_millis(5);
/// How often connections are opened at the beginning: a share of the ramp each time.
const RAMP: Duration = Duration::from_millis(10);

/// A run: its users, each a task, and who watches.
pub struct Run<'a> {
    common: &'a Common,
    stop: &'a CancellationToken,
    targets: Arc<[Target]>,
    /// What the tasks share.
    pub board: Arc<Board>,
    /// Who watches.
    pub progress: Progress,
    users: JoinSet<()>,
}

/// A user of a run.
pub struct Member<'a> {
    /// Who.
    pub login: &'a Login,
    /// Which URL, counted round.
    pub node: usize,
    /// What it sends.
    pub sender: Option<Sender>,
}

/// What was counted when the measured time began.
struct Begin {
    at: Instant,
    answered: u64,
    shown: u64,
}

impl<'a> Run<'a> {
    /// A run of at most so many connections.
    ///
    /// # Errors
    /// When the system does not allow that many, or a server's process does not exist.
    pub fn new(
        common: &'a Common,
        stop: &'a CancellationToken,
        connections: usize,
        board: Board,
    ) -> Result<Self> {
        ensure!(!common.urls.is_empty(), "no --url");
        descriptors::allow(connections)?;
        let board = Arc::new(board);
        let progress = Progress::start(Arc::clone(&board), &common.server_pids, common.quiet)?;
        Ok(Self {
            common,
            stop,
            targets: common.urls.clone().into(),
            board,
            progress,
            users: JoinSet::new(),
        })
    }

    /// The route of the connection with this number to this node.
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
    /// When they are not in time, with what happened to them.
    pub async fn connect(&mut self, members: Vec<Member<'_>>) -> Result<()> {
        let wanted = members.len();
        let mut ticks = interval(RAMP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let share = (self.common.ramp as usize / 100).max(1);
        for (number, member) in members.into_iter().enumerate() {
            if number % share == 0 {
                ticks.tick().await;
                if self.stop.is_cancelled() {
                    break;
                }
            }
            let route = self.route(number, member.node);
            let board = Arc::clone(&self.board);
            let login = member.login.clone();
            let user = User::new(board, route, login, member.sender, self.common.heartbeat());
            // Boxed: the set moves it about.
            self.users.spawn(Box::pin(user.run()));
        }
        self.all_bound(wanted).await
    }

    /// Waits until so many connections are bound.
    ///
    /// # Errors
    /// When they are not in time, with what happened to them.
    pub async fn all_bound(&self, wanted: usize) -> Result<()> {
        let bound = self.until(self.common.patience(), || self.board.bound() >= wanted);
        if !bound.await && !self.stop.is_cancelled() {
            let tally = self.board.tally();
            anyhow::bail!(
                "only {} of {wanted} connections were bound within {} s: closes {:?}, not opened {:?}",
                self.board.bound(),
                self.common.patience_s,
                tally.closes,
                tally.failures
            );
        }
        Ok(())
    }

    /// Waits until the condition holds, the time is over, or the run is stopped; whether it holds.
    pub async fn until(&self, limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
        let looking = async {
            while !condition() && !self.stop.is_cancelled() {
                sleep(LOOK).await;
            }
        };
        // Either way the condition decides.
        let _ = timeout(limit, looking).await;
        condition()
    }

    /// Lets time pass, or until the run is stopped.
    pub async fn pass(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Measures while `work` lasts; the figures of that time are in the report.
    pub async fn measure(&self, scenario: &str, work: impl Future<Output = ()>) -> Report {
        let begin = self.begin();
        work.await;
        self.end(scenario, &begin)
    }

    fn begin(&self) -> Begin {
        self.progress.begin();
        self.board.measure(true);
        let tally = self.board.tally();
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
        let tally = self.board.tally();
        Report {
            scenario: scenario.to_owned(),
            seconds,
            connections: self.board.bound(),
            answered_per_second: (tally.answered - begin.answered) as f64 / seconds,
            shown_per_second: (tally.shown - begin.shown) as f64 / seconds,
            ..Report::default()
        }
    }

    /// Sends nothing new, waits for answers and pushes that are missing, ends the users, and
    /// completes the report.
    pub async fn finish(mut self, mut report: Report) -> Report {
        self.board.go(Phase::Quiet);
        let nothing_open = || {
            let open = self.board.open();
            open.missing == 0 && open.unanswered == 0
        };
        // Not cut short by a stop: what is missing then was only not waited for.
        let settling = async {
            while !nothing_open() {
                sleep(LOOK * 4).await;
            }
        };
        let _ = timeout(self.common.patience(), settling).await;
        self.board.measure(false);
        self.board.go(Phase::Over);
        while self.users.join_next().await.is_some() {}
        let open = self.board.open();
        report.reached_ms = self
            .board
            .reached()
            .iter()
            .map(|reached| reached.as_secs_f64() * 1000.0)
            .collect();
        (report.servers, report.tool) = self.progress.usage();
        let (answer, push, back) = self.board.latencies();
        report.answer = answer.percentiles();
        report.push = push.percentiles();
        report.back = back.percentiles();
        report.tally = self.board.tally().clone();
        report.tally.lost = open.missing;
        report.tally.unanswered = open.unanswered;
        report
    }
}
