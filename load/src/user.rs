//! One user: a task that keeps a connection of the legacy (v0) protocol, but asks for all messages.
//!
//! It binds, acknowledges pushes (as the page does: one ack for all within 80 ms), sends heartbeats
//! when the connection is quiet, and sends messages on its schedule. After every loss it reconnects
//! with the protocol's backoff and sends unanswered messages again.

mod frames;
mod live;

use crate::inbox::Inbox;
use crate::login::Login;
use crate::run_state::{Phase, RunState};
use crate::sender::Sender;
use crate::socket::{Socket, SocketError};
use crate::target::Route;
use crate::wire::{self, Frame};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidings_shared::acks::Acks;
use tidings_shared::link::Backoff;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

/// The time limit for the answer to a bind.
const BIND_TIMEOUT: Duration = Duration::from_secs(15);
/// A connection that lasted this long resets the backoff.
const STABLE_AFTER: Duration = Duration::from_secs(20);
/// The heartbeat interval if the server names none.
const INTERVAL: Duration = Duration::from_secs(45);
/// The upper bound of the retry delay that a server may ask for.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// A user and its connection.
pub struct User {
    state: Arc<RunState>,
    phase: watch::Receiver<Phase>,
    route: Route,
    login: Login,
    sender: Option<Sender>,
    inbox: Inbox,
    /// A heartbeat interval in place of the server's.
    interval: Option<Duration>,
    backoff: Backoff,
    losses: usize,
    /// When [`Phase::Cut`] closed the connection, until it is bound again.
    cut: Option<Instant>,
}

/// Why a connection ended.
enum End {
    Lost(SocketError),
    /// Closed by [`Phase::Cut`].
    Cut(Instant),
    Finished,
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        Self::Lost(error)
    }
}

/// The state of a live connection.
struct Live {
    interval: Duration,
    last_received: Instant,
    /// When a heartbeat was sent, if no frame arrived since.
    heartbeat_sent: Option<Instant>,
    /// Heartbeats without an answer.
    unanswered_heartbeats: usize,
    /// The pushes to acknowledge, batched as in the page.
    acks: Acks,
}

impl User {
    /// A user that is not connected yet.
    pub fn new(
        state: Arc<RunState>,
        route: Route,
        login: Login,
        sender: Option<Sender>,
        interval: Option<Duration>,
    ) -> Self {
        let phase = state.phase();
        // Jitter by user, so that the waits of a user are the same in every run.
        let backoff = Backoff::new(login.uid.unsigned_abs());
        Self {
            state,
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

    /// Runs until [`Phase::Finished`], or an error after which it must not reconnect. Dropping it
    /// drops the connection.
    pub async fn run(mut self) {
        loop {
            let started = Instant::now();
            let error = match self.connection().await {
                End::Finished => return,
                End::Cut(at) => {
                    self.state.count_cut();
                    self.cut = Some(at);
                    None
                }
                End::Lost(error) => Some(error),
            };
            if started.elapsed() >= STABLE_AFTER {
                self.backoff.reset();
            }
            self.losses += 1;
            if error.as_ref().is_some_and(|error| self.count(error)) {
                self.state.tally().visible_errors += 1;
                return;
            }
            let mut wait = self.backoff.next_wait();
            if let Some(SocketError::BindRefused(_, retry_after)) = error {
                wait = wait.max(retry_after.min(RETRY_MAX));
            }
            let until = tokio::time::Instant::now() + wait;
            loop {
                tokio::select! {
                    () = sleep_until(until) => break,
                    changed = self.phase.changed() => {
                        if changed.is_err() || *self.phase.borrow_and_update() == Phase::Finished {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Counts a loss; true if the user must not reconnect.
    fn count(&self, error: &SocketError) -> bool {
        let mut tally = self.state.tally();
        match error {
            SocketError::Closed(code) => tally.close(*code),
            SocketError::Io(
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset,
            ) => {
                tally.close(1006);
            }
            other => tally.failure(&other.to_string()),
        }
        match error {
            // The range of the protocol for "do not reconnect".
            SocketError::Closed(code) => (4500..5000).contains(code),
            // Not logged in, or no such path; 429 and 5xx may be retried.
            SocketError::Refused(status) => (400..500).contains(status) && *status != 429,
            SocketError::BindRefused(code, _) => !is_transient(code),
            SocketError::Protocol(_) => true,
            SocketError::Timeout | SocketError::Io(_) => false,
        }
    }

    /// Runs one connection from open to close.
    async fn connection(&mut self) -> End {
        let state = Arc::clone(&self.state);
        let mut phase = self.phase.clone();
        let socket = tokio::select! {
            biased;
            () = run_finished(&mut phase) => return End::Finished,
            opened = self.open() => opened,
        };
        let (mut socket, live) = match socket {
            Ok(opened) => opened,
            Err(error) => return error.into(),
        };
        let _guard = state.bind();
        let now = Instant::now();
        if let Some(cut) = self.cut.take() {
            state.record_reconnect(cut, now);
        }
        if let Some(sender) = &mut self.sender {
            sender.reconnected(now);
        }
        self.live(&mut socket, live).await
    }

    /// Opens a connection and binds it.
    async fn open(&self) -> Result<(Socket, Live), SocketError> {
        let mut socket = Socket::open(&self.route, self.losses, Some(&self.login.token)).await?;
        socket.queue(wire::bind(self.login.uid))?;
        loop {
            let text = timeout(BIND_TIMEOUT, socket.next())
                .await
                .map_err(|_| SocketError::Timeout)??;
            let frame = parse(&text)?;
            match frame.kind {
                1 if frame.status.as_deref() == Some("success") => {
                    let given = frame.data.timeout.map(Duration::from_millis);
                    let live = Live {
                        interval: self.interval.or(given).unwrap_or(INTERVAL),
                        last_received: Instant::now(),
                        heartbeat_sent: None,
                        unanswered_heartbeats: 0,
                        acks: Acks::default(),
                    };
                    return Ok((socket, live));
                }
                1 | 7 => {
                    let code = frame.data.code.as_deref().unwrap_or("no code").to_owned();
                    let retry = Duration::from_millis(frame.data.retry_ms.unwrap_or(0));
                    return Err(SocketError::BindRefused(code, retry));
                }
                _ => {}
            }
        }
    }
}

/// Waits until the run is finished.
async fn run_finished(phase: &mut watch::Receiver<Phase>) {
    // An error means that the run state is gone, so nobody waits for this task.
    let _ = phase.wait_for(|phase| *phase == Phase::Finished).await;
}

/// Whether an error is transient, so that the same request may succeed later.
fn is_transient(code: &str) -> bool {
    matches!(
        code,
        "busy" | "too_many_requests" | "unavailable" | "too_many_connections" | "bind_timeout"
    )
}

fn parse(text: &str) -> Result<Frame<'_>, SocketError> {
    Frame::parse(text).map_err(|error| SocketError::Protocol(error.to_string()))
}
