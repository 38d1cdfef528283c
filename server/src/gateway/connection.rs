//! The task of one connection: reads, answers, pushes and keeps deadlines.
//!
//! Its duties, all in one `select!`: receive frames while there is capacity to answer them; handle
//! events from the hub; answer sends in their order as they are committed; write; and close the
//! connection when a deadline passes, the login ends or the server drains. Dropping the task cleans
//! up.

use super::heartbeats::Device;
use super::pending_sends::PendingSends;
use super::pushes::{Bound, next_event};
use super::writer::Writer;
use crate::admission::{ConnectionPermit, jitter};
use crate::app::AppState;
use crate::auth::LoggedIn;
use crate::clock;
use crate::metrics::Open;
use crate::store::{Session, TOUCH_INTERVAL};
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

/// Frames, events and answers handled before the output is written: batched, they cost one system
/// call; a larger batch would delay the first.
const BURST: u32 = 32;
/// Time for the runtime to poll the sockets before a deadline is judged.
const SETTLE_DELAY: Duration = Duration::from_millis(1);

/// Why a connection's loop ends.
pub(super) enum End {
    /// The socket is gone; nothing can be sent.
    Disconnected,
    /// The client has sent a close frame, which must be answered.
    ClosedByPeer,
    /// Close with this code after the queue is written.
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
    pub(super) pending_sends: PendingSends,
    pub(super) bound: Option<Bound>,
    /// Counts this connection in the metrics.
    pub(super) open: Open,
    /// Its permit among the node's connections.
    _permit: ConnectionPermit,
    /// How long the connection was idle in both directions before the current frame.
    pub(super) idle_before: Duration,
    /// When the login's last use is updated next, at the first frame from then on.
    touch_at: Instant,
    /// Whether this client sends heartbeats.
    pub(super) sends_heartbeats: bool,
    pub(super) reader: SplitStream<WebSocket>,
    started: Instant,
    /// When the login ends.
    expires_at: Instant,
    pub(super) last_arrival: Instant,
    /// When this connection closes during a drain, spread by jitter.
    drain_at: Option<Instant>,
    protocol_errors: u32,
    /// No frame is received before this, because one was deferred by rate limits.
    pub(super) resume_at: Option<Instant>,
    /// After a store error: no read before this.
    pub(super) read_after: Option<Instant>,
}

impl Connection {
    pub(super) fn new(
        app: AppState,
        login: LoggedIn,
        address: IpAddr,
        permit: ConnectionPermit,
        socket: WebSocket,
    ) -> Self {
        let LoggedIn { session, user } = login;
        let (sink, reader) = socket.split();
        let now = Instant::now();
        let left_ms = u64::try_from(session.expires_at - clock::now_ms()).unwrap_or(0);
        Self {
            id: app.hub.next_id(),
            open: Open::new(Arc::clone(&app.metrics)),
            _permit: permit,
            app,
            device: Device {
                session: session.hash,
                address,
            },
            session,
            user,
            writer: Writer::new(sink),
            pending_sends: PendingSends::default(),
            bound: None,
            idle_before: Duration::ZERO,
            // The handshake updated the last use already.
            touch_at: now + TOUCH_INTERVAL,
            sends_heartbeats: false,
            reader,
            started: now,
            expires_at: now + Duration::from_millis(left_ms),
            last_arrival: now,
            drain_at: None,
            protocol_errors: 0,
            resume_at: None,
            read_after: None,
        }
    }

    /// Serves until either end closes. Cancelled only by the end of the process; a drain is
    /// requested by the lifecycle's token. `first` has been read from the socket already.
    pub(super) async fn run(mut self: Box<Self>, first: Option<Message>) {
        tracing::debug!("opened");
        let result = match first {
            Some(message) => self.handle_message(Some(Ok(message))).await,
            None => Ok(()),
        };
        let end = match result {
            Ok(()) => self.serve().await,
            Err(end) => end,
        };
        let code = match end {
            End::Disconnected | End::ClosedByPeer => None,
            End::Close(code) => Some(code),
        };
        self.app.metrics.gateway.closed(code);
        match end {
            End::Disconnected => {}
            End::ClosedByPeer => self.answer_close().await,
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
            // Reset only when it must fire earlier: deadlines move later with every frame, and a
            // timer that fires early finds nothing due and is reset.
            let deadline = self.deadline();
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
            let can_receive = self.can_receive();
            if steps >= BURST {
                steps = 0;
                if let Some(Err(_)) = self.writer.drive().now_or_never() {
                    return End::Disconnected;
                }
            }
            steps += 1;
            // Biased: writing comes last, so that output is batched.
            let step = tokio::select! {
                biased;
                () = &mut draining, if self.drain_at.is_none() => {
                    // Spread by jitter, because the other nodes take these clients.
                    let delay = jitter(self.app.config.drain(), self.id.0);
                    self.drain_at = Some(Instant::now() + delay);
                    Ok(())
                }
                () = &mut timer => {
                    let handled = match self.receive_pending().await {
                        Ok(()) => self.handle_deadline(Instant::now()),
                        end => end,
                    };
                    timer.as_mut().reset(self.deadline());
                    handled
                }
                Some(answer) = self.pending_sends.next(), if !self.pending_sends.is_empty() => {
                    self.handle_answer(answer);
                    Ok(())
                }
                event = next_event(self.bound.as_mut()) => self.handle_event(event),
                message = self.reader.next(), if can_receive => self.handle_message(message).await,
                written = self.writer.drive(), if self.writer.is_busy() => {
                    steps = 0;
                    written.map_err(|_| End::Disconnected)
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn can_receive(&self) -> bool {
        self.writer.has_capacity()
            && self.pending_sends.len() < limits::SENDS_IN_FLIGHT
            && self.resume_at.is_none()
    }

    /// Receives pending frames before a deadline is judged: after a pause of this task, or of the
    /// whole process, the awaited frames may have arrived already. Limited to as many frames as a
    /// window has acknowledgements, so that a client cannot delay the deadline.
    async fn receive_pending(&mut self) -> Result<(), End> {
        // After SIGCONT tokio fires timers before it polls sockets; by the next timer it has polled
        // them. A mere yield would not do: another thread may be the one that polls.
        tokio::time::sleep(SETTLE_DELAY).await;
        for _ in 0..limits::WINDOW_PUSHES {
            if !self.can_receive() {
                break;
            }
            let Some(message) = self.reader.next().now_or_never() else {
                break;
            };
            self.handle_message(message).await?;
        }
        Ok(())
    }

    /// The next time this connection's task has to act.
    fn deadline(&self) -> Instant {
        let idle = self.last_arrival + self.app.config.idle_timeout();
        let bind = self
            .bound
            .is_none()
            .then(|| self.started + limits::BIND_DEADLINE);
        let push = self
            .bound
            .as_ref()
            .and_then(|bound| bound.feed.poll_timeout());
        [
            bind,
            push.map(|moment| self.instant(moment)),
            self.writer.deadline(),
            self.read_after,
            self.resume_at,
            self.drain_at,
        ]
        .into_iter()
        .flatten()
        .fold(idle.min(self.expires_at), Instant::min)
    }

    fn handle_deadline(&mut self, now: Instant) -> Result<(), End> {
        let close = |code| Err(End::Close(code));
        let is_stalled = |writer: &Writer<_>| writer.deadline().is_some_and(|end| end <= now);
        if is_stalled(&self.writer) {
            // The task may have been paused, and not the socket: try once more.
            if let Some(Err(_)) = self.writer.drive().now_or_never() {
                return Err(End::Disconnected);
            }
            if is_stalled(&self.writer) {
                return close(CloseCode::TooSlow);
            }
        }
        if self.drain_at.is_some_and(|moment| moment <= now) {
            return close(CloseCode::GoingAway);
        }
        if self.expires_at <= now {
            return close(CloseCode::NotLoggedIn);
        }
        if self.last_arrival + self.app.config.idle_timeout() <= now {
            if self.sends_heartbeats {
                self.app.heartbeats.timed_out(self.device);
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
                .poll_timeout()
                .is_some_and(|deadline| deadline <= moment)
        {
            bound.feed.handle_timeout(moment);
        }
        Ok(())
    }

    async fn handle_message(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            // Too long, not UTF-8, not WebSocket, or cut off: nothing after it can be read. The
            // client is told why.
            Some(Err(error)) => {
                tracing::debug!(%error, "unreadable");
                let reason = format!(
                    "frames are UTF-8 text messages of at most {} bytes",
                    limits::FRAME_BYTES
                );
                self.push_frame(&ServerFrame::Error(FrameError::Malformed(reason).into()));
                return Err(End::Close(CloseCode::ProtocolError));
            }
            None => return Err(End::Disconnected),
        };
        let now = Instant::now();
        let last_traffic = self.last_arrival.max(self.writer.last_progress());
        self.idle_before = now.saturating_duration_since(last_traffic);
        if now >= self.touch_at {
            self.touch_at = now + TOUCH_INTERVAL;
            self.app.last_use.touch(self.session.hash, clock::now_ms());
        }
        self.last_arrival = now;
        match message {
            Message::Text(text) => match ClientFrame::parse(&text) {
                Ok(frame) => self.handle_frame(frame).await,
                Err(error) => self.handle_invalid_frame(error),
            },
            Message::Binary(_) => {
                let body = FrameError::Malformed("frames are text messages".into());
                self.push_frame(&ServerFrame::Error(body.into()));
                Err(End::Close(CloseCode::ProtocolError))
            }
            Message::Close(_) => Err(End::ClosedByPeer),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    fn handle_invalid_frame(&mut self, error: FrameError) -> Result<(), End> {
        self.app.metrics.gateway.frame_in(u64::MAX);
        // A newer client may use types unknown to this server, but not all the time.
        let within = self
            .app
            .admission
            .rate_limits
            .charge_request(self.user.uid, 1);
        let is_violation = !matches!(error, FrameError::UnknownType(_)) || within.is_err();
        self.push_frame(&ServerFrame::Error(error.into()));
        self.protocol_errors += u32::from(is_violation);
        if self.protocol_errors >= limits::STRIKES {
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
