//! One user: a task that keeps a connection, in the course's plain way.
//!
//! It binds, acknowledges what is pushed (as the page does: one ack for all of 80 ms), beats when it is quiet, sends what its schedule says, and
//! after every loss comes back with the protocol's backoff and sends again what was not answered.

use crate::board::{Board, Phase};
use crate::inbox::{Arrival, Inbox};
use crate::login::Login;
use crate::sender::Sender;
use crate::socket::{Lost, Socket};
use crate::stamp::{self, Stamp};
use crate::target::Route;
use crate::wire::{self, Frame};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidings_shared::acks::Acks;
use tidings_shared::link::Backoff;
use tidings_shared::{Moment, Tid};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

/// How long the answer to a bind may take.
const BIND: Duration = Duration::from_secs(15);
/// How long the answer to a heartbeat may take.
const BEAT: Duration = Duration::from_secs(10);
/// After so long a connection counts as stable, and the backoff starts over.
const STABLE: Duration = Duration::from_secs(20);
/// The heartbeat interval if the server gives none.
const INTERVAL: Duration = Duration::from_secs(45);
/// The longest a timer sleeps; then it looks again.
const LONG: Duration = Duration::from_hours(1);
/// The longest time for which a server is taken at its word when it asks not to be tried again.
const RETRY_MAX: Duration = Duration::from_mins(5);
/// Frames handled before what they lead to is written.
const BATCH: usize = 256;

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

    async fn live(&mut self, socket: &mut Socket, mut live: Live) -> End {
        let mut phase = *self.phase.borrow_and_update();
        if phase == Phase::Over {
            return End::Over;
        }
        let timer = sleep_until(self.wake(&live, phase).into());
        tokio::pin!(timer);
        loop {
            if let Err(lost) = self.write(socket, &mut live, phase) {
                return lost.into();
            }
            let wake = self.wake(&live, phase).into();
            if wake < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(wake);
            }
            tokio::select! {
                biased;
                changed = self.phase.changed() => {
                    phase = *self.phase.borrow_and_update();
                    match phase {
                        _ if changed.is_err() => return End::Over,
                        Phase::Over => return End::Over,
                        Phase::Cut(at) => return End::Cut(at),
                        Phase::Ready | Phase::Sending(_) | Phase::Quiet => {}
                    }
                }
                text = socket.next() => {
                    if let Err(lost) = self.read(text, socket, &mut live) {
                        return lost.into();
                    }
                }
                () = timer.as_mut() => {
                    if live.beat.is_some_and(|beat| beat.elapsed() >= BEAT) {
                        return Lost::Timeout.into();
                    }
                }
            }
        }
    }

    /// Handles a frame and whatever else is here already.
    fn read(
        &mut self,
        first: Result<impl AsRef<str>, Lost>,
        socket: &mut Socket,
        live: &mut Live,
    ) -> Result<(), Lost> {
        live.heard = Instant::now();
        live.beat = None;
        self.handle(first?.as_ref(), live)?;
        for _ in 1..BATCH {
            let Some(text) = socket.next_now()? else {
                break;
            };
            self.handle(text.as_str(), live)?;
        }
        Ok(())
    }

    fn handle(&mut self, text: &str, live: &mut Live) -> Result<(), Lost> {
        let frame = parse(text)?;
        match frame.kind {
            0 => {
                if let (None, Some(given)) = (self.interval, frame.timeout) {
                    live.interval = Duration::from_millis(given);
                }
            }
            3 => self.answered(&frame),
            4 => {
                live.acks.arrived(self.moment(live.heard), Tid(frame.tid));
                self.pushed(&frame);
            }
            7 => self.refused(&frame),
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, frame: &Frame<'_>) {
        let Some(sender) = &mut self.sender else {
            return;
        };
        let id = frame.data.client_msg_id.as_deref().unwrap_or_default();
        let Some(counter) = stamp::counter_of(id, self.board.run, sender.index) else {
            return;
        };
        let now = Instant::now();
        // A second answer comes to what was sent again although the first was on its way.
        if let Some(intended) = sender.settle(counter) {
            self.board.record_answer(intended, now);
            self.board.tally().answered += 1;
            if let Some(mut book) = self.board.book(sender.index) {
                book.answered(counter, now);
            }
        }
    }

    fn pushed(&mut self, frame: &Frame<'_>) {
        let content = frame.data.content.as_deref().unwrap_or_default();
        let stamp = Stamp::parse(content).filter(|stamp| stamp.run == self.board.run);
        let Some(stamp) = stamp else {
            self.board.tally().foreign += 1;
            return;
        };
        let now = Instant::now();
        let arrival = self.inbox.arrive(&stamp, frame.data.seq);
        let mut tally = self.board.tally();
        match arrival {
            Arrival::Repeat => tally.repeats_removed += 1,
            Arrival::Twice => tally.shown_twice += 1,
            Arrival::Shown { late } => {
                tally.shown += 1;
                tally.out_of_order += u64::from(late);
                drop(tally);
                self.board.record_push(stamp.intended, now);
                if let Some(mut book) = self.board.book(stamp.sender) {
                    book.received(stamp.counter, now);
                }
            }
        }
    }

    fn refused(&mut self, frame: &Frame<'_>) {
        let code = frame.data.code.as_deref().unwrap_or("no code");
        let mut tally = self.board.tally();
        tally.error(code);
        let Some(sender) = &mut self.sender else {
            return;
        };
        let id = frame.data.client_msg_id.as_deref().unwrap_or_default();
        let Some(counter) = stamp::counter_of(id, self.board.run, sender.index) else {
            return;
        };
        if is_passing(code) {
            sender.retry(counter, Instant::now());
        } else if sender.settle(counter).is_some() {
            tally.refused += 1;
            tally.visible_errors += 1;
            if let Some(mut book) = self.board.book(sender.index) {
                book.refused(counter);
            }
        }
    }

    /// Queues what is due: the acknowledgement, a heartbeat, messages.
    fn write(&mut self, socket: &mut Socket, live: &mut Live, phase: Phase) -> Result<(), Lost> {
        let now = Instant::now();
        if socket.ready()?
            && let Some(ack) = live.acks.take_due(self.moment(now))
        {
            socket.queue(wire::ack(ack.tid.0))?;
        }
        if live.beat.is_none() && now >= live.heard + live.interval && socket.ready()? {
            let interval_ms = live.interval.as_millis();
            socket.queue(wire::heartbeat(self.login.uid, interval_ms))?;
            live.beat = Some(now);
            self.board.tally().heartbeats += 1;
        }
        let Some(sender) = &mut self.sender else {
            return Ok(());
        };
        let board = &self.board;
        while socket.ready()? {
            let (counter, again) = if let Some(counter) = sender.take_again(now) {
                (counter, true)
            } else if let Phase::Sending(begin) = phase
                && let Some(counter) = sender.take_due(begin, now)
            {
                (counter, false)
            } else {
                break;
            };
            if again {
                board.tally().resent += 1;
            } else {
                board.tally().sent += 1;
                if let Some(mut book) = board.book(sender.index) {
                    book.sent(counter);
                }
            }
            if let Some(frame) = sender.frame(board.run, board.start, counter) {
                socket.queue(frame)?;
            }
        }
        Ok(())
    }

    fn moment(&self, now: Instant) -> Moment {
        Moment::after_origin(now.saturating_duration_since(self.board.start))
    }

    /// When something is due without a frame coming.
    fn wake(&self, live: &Live, phase: Phase) -> Instant {
        let beat = match live.beat {
            Some(beat) => beat + BEAT,
            None => live.heard + live.interval,
        };
        let begin = match phase {
            Phase::Sending(begin) => Some(begin),
            _ => None,
        };
        let send = self.sender.as_ref().and_then(|sender| sender.wake(begin));
        let ack = live.acks.deadline();
        let ack = ack.map(|due| self.board.start + due.since(Moment::default()));
        let far = Instant::now() + LONG;
        [send, ack]
            .into_iter()
            .flatten()
            .fold(beat.min(far), Instant::min)
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
        "busy" | "unavailable" | "too_many_connections" | "bind_timeout"
    )
}

fn parse(text: &str) -> Result<Frame<'_>, Lost> {
    Frame::parse(text).map_err(|error| Lost::Protocol(error.to_string()))
}
