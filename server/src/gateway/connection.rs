//! One connection: one task that reads, answers, pushes and watches the time.
//!
//! Its duties, all in one `select!`: take frames while there is room to answer them; take events
//! from the hub; answer sends in their order as they are committed; write; and close the
//! connection when a deadline passes, the login ends or the server drains. Dropping the task is
//! the clean-up.

use super::answers::Answers;
use super::heartbeats::Device;
use super::pushes::{Bound, next_word};
use super::writer::Writer;
use crate::admission::{Place, share};
use crate::app::AppState;
use crate::auth::LoggedIn;
use crate::clock;
use crate::metrics::Open;
use crate::store::{Session, VISIT_EVERY};
use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, StreamExt};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::{ClientFrame, FrameError, ServerFrame};
use tidings_shared::{ErrorCode, Moment, api, limits};
use tokio::time::Instant;

/// Frames, events and answers that are dealt with before what they led to is written: gathered, a
/// burst of them costs one system call; beyond this the first would wait for the last.
const BURST: u32 = 32;
/// How long the sockets have to be looked at before a deadline is judged.
const SETTLING: Duration = Duration::from_millis(1);

/// Why a connection's loop ends.
pub(super) enum End {
    /// The other end is gone; there is nobody to tell.
    Gone,
    /// The other end has sent a close frame, which is to be answered.
    Left,
    /// Close with this code, after what is queued was written.
    Close(CloseCode),
}

/// A connection before and after its bind.
pub(super) struct Connection {
    pub(super) app: AppState,
    pub(super) session: Session,
    pub(super) user: api::User,
    pub(super) device: Device,
    pub(super) id: super::ConnectionId,
    pub(super) writer: Writer<SplitSink<WebSocket, Message>>,
    pub(super) answers: Answers,
    pub(super) bound: Option<Bound>,
    /// Counts it as open.
    pub(super) open: Open,
    /// Its place among the node's connections.
    _place: Place,
    /// How long the connection had been quiet in both directions when the present frame came.
    pub(super) quiet: Duration,
    /// When its login is to be noted as in use, at the first arrival from then on.
    note_at: Instant,
    /// Whether this client sends heartbeats.
    pub(super) beats: bool,
    pub(super) reader: SplitStream<WebSocket>,
    started: Instant,
    /// When the login ends.
    expires_at: Instant,
    pub(super) last_arrival: Instant,
    /// Its share of the drain: when it is told that the server goes away.
    leave_at: Option<Instant>,
    strikes: u32,
    /// A frame was put off; no other is read before this.
    pub(super) resume_at: Option<Instant>,
    /// The store failed; no read before this.
    pub(super) read_after: Option<Instant>,
}

impl Connection {
    pub(super) fn new(
        app: AppState,
        login: LoggedIn,
        address: IpAddr,
        place: Place,
        socket: WebSocket,
    ) -> Self {
        let LoggedIn { session, user } = login;
        let (sink, reader) = socket.split();
        let now = Instant::now();
        let left_ms = u64::try_from(session.expires_at - clock::now_ms()).unwrap_or(0);
        Self {
            id: app.hub.next_id(),
            open: Open::new(Arc::clone(&app.metrics)),
            _place: place,
            app,
            device: Device {
                session: session.hash,
                address,
            },
            session,
            user,
            writer: Writer::new(sink),
            answers: Answers::default(),
            bound: None,
            quiet: Duration::ZERO,
            // The handshake was noted.
            note_at: now + VISIT_EVERY,
            beats: false,
            reader,
            started: now,
            expires_at: now + Duration::from_millis(left_ms),
            last_arrival: now,
            leave_at: None,
            strikes: 0,
            resume_at: None,
            read_after: None,
        }
    }

    /// Serves until either end is done. Not cancelled but by the end of the process; a drain is
    /// asked for through the lifecycle's token. `first` has been read from the socket already.
    pub(super) async fn run(mut self: Box<Self>, first: Option<Message>) {
        tracing::debug!("opened");
        let begun = match first {
            Some(message) => self.handle_message(Some(Ok(message))).await,
            None => Ok(()),
        };
        let end = match begun {
            Ok(()) => self.serve().await,
            Err(end) => end,
        };
        let code = match end {
            End::Gone | End::Left => None,
            End::Close(code) => Some(code),
        };
        self.app.metrics.gateway.closed(code);
        match end {
            End::Gone => {}
            End::Left => self.answer_close().await,
            End::Close(code) => {
                tracing::debug!(code = code.code(), "closing");
                Box::pin(self.close(code)).await;
            }
        }
        tracing::debug!("closed");
    }

    async fn serve(&mut self) -> End {
        let mut draining = pin!(self.app.lifecycle.drain.clone().cancelled_owned());
        let mut timer = pin!(tokio::time::sleep_until(self.deadline()));
        let mut steps = 0;
        loop {
            if let Err(end) = self.run_feed().await {
                return end;
            }
            // Moved only when it must fire earlier: deadlines move away with every frame, and a
            // timer that fires early finds nothing due and is set anew.
            let deadline = self.deadline();
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
            let takes_frames = self.takes_frames();
            if steps >= BURST {
                steps = 0;
                if let Some(Err(_)) = self.writer.drive().now_or_never() {
                    return End::Gone;
                }
            }
            steps += 1;
            // In this order: what is written goes out in one piece when nothing else is ready.
            let step = tokio::select! {
                biased;
                () = &mut draining, if self.leave_at.is_none() => {
                    // Not all at once: the rest of the fleet takes them in.
                    let share = share(self.app.config.drain(), self.id.0);
                    self.leave_at = Some(Instant::now() + share);
                    Ok(())
                }
                () = &mut timer => {
                    let handled = match self.take_arrived().await {
                        Ok(()) => self.handle_deadline(Instant::now()),
                        end => end,
                    };
                    timer.as_mut().reset(self.deadline());
                    handled
                }
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => {
                    self.handle_answer(answer);
                    Ok(())
                }
                word = next_word(self.bound.as_mut()) => self.handle_word(word),
                message = self.reader.next(), if takes_frames => self.handle_message(message).await,
                written = self.writer.drive(), if self.writer.is_busy() => {
                    steps = 0;
                    written.map_err(|_| End::Gone)
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn takes_frames(&self) -> bool {
        self.writer.has_room()
            && self.answers.len() < limits::SENDS_IN_FLIGHT
            && self.resume_at.is_none()
    }

    /// Takes what has arrived before a deadline is judged: after a time in which this task, or the
    /// whole process, stood still, it may be the very frames that were waited for. At most as many
    /// as a window has acknowledgements, so that nobody keeps the deadline away.
    async fn take_arrived(&mut self) -> Result<(), End> {
        // Woken by SIGCONT, tokio looks at its timers before it looks at its sockets. Before the next
        // timer it has looked at them; after a mere yield another thread may be about to.
        tokio::time::sleep(SETTLING).await;
        for _ in 0..limits::WINDOW_PUSHES {
            if !self.takes_frames() {
                break;
            }
            let Some(message) = self.reader.next().now_or_never() else {
                break;
            };
            self.handle_message(message).await?;
        }
        Ok(())
    }

    /// The moment this connection's task has something to do by itself.
    fn deadline(&self) -> Instant {
        let idle = self.last_arrival + self.app.config.idle_timeout();
        let bind = self
            .bound
            .is_none()
            .then(|| self.started + limits::BIND_DEADLINE);
        let push = self.bound.as_ref().and_then(|bound| bound.feed.deadline());
        [
            bind,
            push.map(|moment| self.instant(moment)),
            self.writer.deadline(),
            self.read_after,
            self.resume_at,
            self.leave_at,
        ]
        .into_iter()
        .flatten()
        .fold(idle.min(self.expires_at), Instant::min)
    }

    fn handle_deadline(&mut self, now: Instant) -> Result<(), End> {
        let close = |code| Err(End::Close(code));
        let is_stuck = |writer: &Writer<_>| writer.deadline().is_some_and(|end| end <= now);
        if is_stuck(&self.writer) {
            // It may have been this task that stood still, and not the socket.
            if let Some(Err(_)) = self.writer.drive().now_or_never() {
                return Err(End::Gone);
            }
            if is_stuck(&self.writer) {
                return close(CloseCode::TooSlow);
            }
        }
        if self.leave_at.is_some_and(|moment| moment <= now) {
            return close(CloseCode::GoingAway);
        }
        if self.expires_at <= now {
            return close(CloseCode::NotLoggedIn);
        }
        if self.last_arrival + self.app.config.idle_timeout() <= now {
            if self.beats {
                self.app.heartbeats.fell_silent(self.device);
            }
            return close(CloseCode::Idle);
        }
        if self.bound.is_none() && self.started + limits::BIND_DEADLINE <= now {
            return Err(self.refuse_bind(ErrorCode::BindTimeout, CloseCode::Idle));
        }
        if self.read_after.is_some_and(|moment| moment <= now) {
            self.read_after = None;
            if let Some(bound) = &mut self.bound {
                bound.feed.handle_read_failed();
            }
        }
        if self.resume_at.is_some_and(|moment| moment <= now) {
            self.resume_at = None;
        }
        let moment = self.moment(now);
        if let Some(bound) = &mut self.bound
            && bound
                .feed
                .deadline()
                .is_some_and(|deadline| deadline <= moment)
        {
            bound.feed.handle_timer(moment);
        }
        Ok(())
    }

    async fn handle_message(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            // Longer than the socket takes, not UTF-8, not WebSocket, or cut off: nothing after it
            // can be read. Whoever is still there is told why.
            Some(Err(error)) => {
                tracing::debug!(%error, "unreadable");
                let words = format!(
                    "frames are UTF-8 text messages of at most {} bytes",
                    limits::FRAME_BYTES
                );
                self.push_frame(&ServerFrame::Error(FrameError::Malformed(words).into()));
                return Err(End::Close(CloseCode::ProtocolError));
            }
            None => return Err(End::Gone),
        };
        let now = Instant::now();
        let last_traffic = self.last_arrival.max(self.writer.moved_at());
        self.quiet = now.saturating_duration_since(last_traffic);
        if now >= self.note_at {
            self.note_at = now + VISIT_EVERY;
            self.app.visits.note(self.session.hash, clock::now_ms());
        }
        self.last_arrival = now;
        match message {
            Message::Text(text) => match ClientFrame::parse(&text) {
                Ok(frame) => self.handle_frame(frame).await,
                Err(error) => self.handle_nonsense(error),
            },
            Message::Binary(_) => {
                let body = FrameError::Malformed("frames are text messages".into());
                self.push_frame(&ServerFrame::Error(body.into()));
                Err(End::Close(CloseCode::ProtocolError))
            }
            Message::Close(_) => Err(End::Left),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    fn handle_nonsense(&mut self, error: FrameError) -> Result<(), End> {
        self.app.metrics.gateway.frame_in(u64::MAX);
        // A newer client may know types that this server does not; no client needs them all the time.
        let within = self.app.admission.allowances.request(self.user.uid, 1);
        let counts = !matches!(error, FrameError::UnknownType(_)) || within.is_err();
        self.push_frame(&ServerFrame::Error(error.into()));
        self.strikes += u32::from(counts);
        if self.strikes >= limits::STRIKES {
            return Err(End::Close(CloseCode::ProtocolError));
        }
        Ok(())
    }

    pub(super) fn push_frame(&mut self, frame: &ServerFrame) {
        let metrics = &self.app.metrics.gateway;
        metrics.frame_out(frame.kind());
        if let ServerFrame::Error(body) | ServerFrame::BindRefused(body) = frame {
            metrics.error(body.code);
        }
        self.writer.push(frame.to_json());
    }

    /// The feed's clock counts from the start of the connection.
    pub(super) fn moment(&self, instant: Instant) -> Moment {
        Moment::after_origin(instant.saturating_duration_since(self.started))
    }

    fn instant(&self, moment: Moment) -> Instant {
        self.started + moment.since(Moment::default())
    }
}
