//! One user: a task that keeps a connection, in the course's way, but for asking for all messages.
//!
//! It binds, acknowledges what is pushed (as the page does: one for all of 80 ms), beats when it is
//! quiet, sends what its schedule says, and after every loss comes back with the protocol's backoff
//! and sends again what was not answered.

mod frames;
mod live;

use crate::board::{Board, Phase};
use crate::inbox::Inbox;
use crate::login::Login;
use crate::sender::Sender;
use crate::socket::{Lost, Socket};
use crate::target::Route;
use crate::wire::{self, Frame};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidings_shared::acks::Acks;
use tidings_shared::link::Backoff;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

/// How long the answer to a bind may take.
const BIND: Duration = Duration::from_secs(15);
/// After so long a connection counts as stable, and the backoff starts over.
const STABLE: Duration = Duration::from_secs(20);
/// The heartbeat interval if the server gives none.
const INTERVAL: Duration = Duration::from_secs(45);
/// The longest time for which a server is taken at its word when it asks not to be tried again.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// A user and its connection.
pub struct User {
    board: Arc<Board>,
    phase: watch::Receiver<Phase>,
    route: Route,
    login: Login,
    sender: Option<Sender>,
    inbox: Inbox,
    /// Set: this heartbeat interval in place of the server's.
    interval: Option<Duration>,
    backoff: Backoff,
    losses: usize,
    /// When the connection was cut on purpose and is not back yet.
    cut: Option<Instant>,
}

/// Why a connection ended.
enum End {
    Lost(Lost),
    /// By order of the phase.
    Cut(Instant),
    Over,
}

impl From<Lost> for End {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// What a live connection has to remember.
struct Live {
    interval: Duration,
    heard: Instant,
    /// A heartbeat went out and nothing came since.
    beat: Option<Instant>,
    /// Heartbeats whose own answer has not come.
    unanswered_beats: usize,
    /// The pushes that are not acknowledged, as the page gathers them.
    acks: Acks,
}

impl User {
    /// A user that is not connected yet.
    pub fn new(
        board: Arc<Board>,
        route: Route,
        login: Login,
        sender: Option<Sender>,
        interval: Option<Duration>,
    ) -> Self {
        let phase = board.phase();
        // Spreads the waits; the same users wait the same times in another run.
        let backoff = Backoff::new(login.uid.unsigned_abs());
        Self {
            board,
            phase,
            route,
            login,
            sender,
            inbox: Inbox::default(),
            interval,
            backoff,
            losses: 0,
            cut: None,
        }
    }

    /// Runs until the phase is over, or the server tells it not to come back. Dropping it drops
    /// the connection.
    pub async fn run(mut self) {
        loop {
            let started = Instant::now();
            let lost = match self.connection().await {
                End::Over => return,
                End::Cut(at) => {
                    self.board.count_cut();
                    self.cut = Some(at);
                    None
                }
                End::Lost(lost) => Some(lost),
            };
            if started.elapsed() >= STABLE {
                self.backoff.reset();
            }
            self.losses += 1;
            if lost.as_ref().is_some_and(|lost| self.count(lost)) {
                self.board.tally().visible_errors += 1;
                return;
            }
            let mut wait = self.backoff.next_wait();
            if let Some(Lost::Bind(_, asked)) = lost {
                wait = wait.max(asked.min(RETRY_MAX));
            }
            let until = tokio::time::Instant::now() + wait;
            loop {
                tokio::select! {
                    () = sleep_until(until) => break,
                    changed = self.phase.changed() => {
                        if changed.is_err() || *self.phase.borrow_and_update() == Phase::Over {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Counts a loss; true if the user must not come back.
    fn count(&self, lost: &Lost) -> bool {
        let mut tally = self.board.tally();
        match lost {
            Lost::Closed(code) => tally.close(*code),
            Lost::Cut(std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset) => {
                tally.close(1006);
            }
            other => tally.failure(&other.to_string()),
        }
        match lost {
            // The protocol's own range for "do not come back".
            Lost::Closed(code) => (4500..5000).contains(code),
            // Not logged in, or no such place; 429 and the 5xx are told to come back.
            Lost::Refused(status) => (400..500).contains(status) && *status != 429,
            Lost::Bind(code, _) => !is_passing(code),
            Lost::Protocol(_) => true,
            Lost::Timeout | Lost::Cut(_) => false,
        }
    }

    /// One connection, from its first to its last moment.
    async fn connection(&mut self) -> End {
        let board = Arc::clone(&self.board);
        let mut phase = self.phase.clone();
        let socket = tokio::select! {
            biased;
            () = over(&mut phase) => return End::Over,
            opened = self.open() => opened,
        };
        let (mut socket, live) = match socket {
            Ok(opened) => opened,
            Err(lost) => return lost.into(),
        };
        let _guard = board.bind();
        let now = Instant::now();
        if let Some(cut) = self.cut.take() {
            board.record_back(cut, now);
        }
        if let Some(sender) = &mut self.sender {
            sender.reconnected(now);
        }
        self.live(&mut socket, live).await
    }

    /// Opens a connection and binds it.
    async fn open(&self) -> Result<(Socket, Live), Lost> {
        let mut socket = Socket::open(&self.route, self.losses, Some(&self.login.token)).await?;
        socket.queue(wire::bind(self.login.uid))?;
        loop {
            let text = timeout(BIND, socket.next())
                .await
                .map_err(|_| Lost::Timeout)??;
            let frame = parse(&text)?;
            match frame.kind {
                1 if frame.status.as_deref() == Some("success") => {
                    let given = frame.data.timeout.map(Duration::from_millis);
                    let live = Live {
                        interval: self.interval.or(given).unwrap_or(INTERVAL),
                        heard: Instant::now(),
                        beat: None,
                        unanswered_beats: 0,
                        acks: Acks::default(),
                    };
                    return Ok((socket, live));
                }
                1 | 7 => {
                    let code = frame.data.code.as_deref().unwrap_or("no code").to_owned();
                    let retry = Duration::from_millis(frame.data.retry_ms.unwrap_or(0));
                    return Err(Lost::Bind(code, retry));
                }
                _ => {}
            }
        }
    }
}

/// Waits until the run is over.
async fn over(phase: &mut watch::Receiver<Phase>) {
    // Without a board nobody waits for this task either.
    let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
}

/// Whether a refusal says "later": the same will be taken then.
fn is_passing(code: &str) -> bool {
    matches!(
        code,
        "busy" | "too_many_requests" | "unavailable" | "too_many_connections" | "bind_timeout"
    )
}

fn parse(text: &str) -> Result<Frame<'_>, Lost> {
    Frame::parse(text).map_err(|error| Lost::Protocol(error.to_string()))
}
