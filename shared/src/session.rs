//! The server's end of one connection: what is answered, pushed and refused, and when it closes.
//!
//! A [`Session`] knows no socket, store, bus or clock. It is a [state machine](crate#state-machines)
//! with two kinds of output: frames for the socket ([`Session::poll_transmit`]) and requests and
//! notifications for the rest of the server ([`Session::poll_output`]). A driver runs both, and
//! passes in frames, events, answers and the time. The server's driver is its gateway; the simulator
//! drives the same sessions in virtual time.
//!
//! Requests of a connection are answered in their order: at most one [`Request`] waits for its
//! [`Answer`], and until then no frame is received and no deadline is judged. Sends are the
//! exception: up to [`limits::SENDS_IN_FLIGHT`] wait for the store, and are answered in their order
//! among themselves.

mod bind;
mod cost;
mod cursor_pages;
mod interface;
mod pushes;
mod queue;
mod reload;
mod requests;
mod sends;

pub use cost::{Cost, cost};
pub use interface::{
    Answer, AppendedSend, ConversationCursor, Event, Outgoing, Output, Payload, Position, Request,
    StoreUnavailable, UnreadCounts,
};

use crate::api::User;
use crate::close::CloseCode;
use crate::delivery::{Feed, FeedItem, Timing};
use crate::frame::{ClientFrame, FrameError, Query, ServerFrame};
use crate::jitter::jitter;
use crate::{ErrorBody, ErrorCode, Moment, limits};
use bind::Binding;
use cursor_pages::ReadDigest;
use queue::WriteQueue;
use reload::Reloading;
use requests::Advance;
use sends::PendingSends;
use std::collections::VecDeque;
use std::time::Duration;

/// How long the client may take to answer a close frame, and the socket to accept one.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What an operator may set.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// When pushes are repeated, and when the connection is given up.
    pub timing: Timing,
    /// A connection on which nothing arrives for so long is closed (4000).
    pub idle_timeout: Duration,
    /// The time over which a draining server closes its connections (1001).
    pub drain: Duration,
}

/// Where a session is between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The queue is written and committed sends are answered, then this code is sent. The client
    /// has until then to answer it.
    Closing(CloseCode, Moment),
    /// The client closed: its close frame is answered by then, and nothing else is sent.
    ClosedByPeer(Moment),
    Ended,
}

/// What the session waits for.
#[derive(Debug)]
enum Waiting<P> {
    Bind(Binding),
    Query(Query),
    Unread,
    List,
    /// Where a conversation stands that the client has read up to this `seq`.
    Position(crate::Seq),
    Advance(Advance),
    Page,
    /// A page has messages from self, which may be sends of this connection that are not answered
    /// yet and which must not be pushed as well. They were committed before the page was read.
    SendAnswers(Vec<FeedItem<P>>),
    Reload(Reloading),
}

/// The state of a session after its bind.
#[derive(Debug)]
struct Bound<P> {
    feed: Feed<P>,
    /// Bound with a request for the list: the client knows frames from 8 up.
    lists: bool,
    /// Bound by the legacy (v0) protocol: gets only direct messages from others.
    legacy: bool,
    /// The store's epoch at the bind.
    epoch: String,
    /// The read cursors at the last full refresh.
    read: ReadDigest,
}

/// The server's end of one connection.
#[derive(Debug)]
pub struct Session<P> {
    config: Config,
    user: User,
    /// Distributes delays among connections.
    seed: u64,
    phase: Phase,
    queue: WriteQueue<P>,
    outputs: VecDeque<Output>,
    sends: PendingSends,
    /// Boxed: rarely needed, and it would enlarge every connection for its whole life.
    waiting: Option<Box<Waiting<P>>>,
    bound: Option<Bound<P>>,
    /// When the login ends.
    expires_at: Moment,
    last_arrival: Moment,
    /// How long the connection was idle in both directions before the current frame.
    idle_before: Duration,
    /// Whether this client sends heartbeats.
    sends_heartbeats: bool,
    protocol_errors: u32,
    /// When this connection closes during a drain.
    drain_at: Option<Moment>,
    /// No frame is received before this, because one was deferred by rate limits.
    resume_at: Option<Moment>,
    /// After a store error: the feed does not read before this.
    read_after: Option<Moment>,
}

impl<P: Payload> Session<P> {
    /// A session that starts at [`Moment::default`], of a login that lasts for another `lifetime`.
    /// The `seed` differs between connections; it spreads delays.
    pub fn new(config: Config, user: User, lifetime: Duration, seed: u64) -> Self {
        Self {
            config,
            user,
            seed,
            phase: Phase::Open,
            queue: WriteQueue::new(),
            outputs: VecDeque::new(),
            sends: PendingSends::default(),
            waiting: None,
            bound: None,
            expires_at: Moment::default() + lifetime,
            last_arrival: Moment::default(),
            idle_before: Duration::ZERO,
            sends_heartbeats: false,
            protocol_errors: 0,
            drain_at: None,
            resume_at: None,
            read_after: None,
        }
    }

    /// A text message arrived. `charged`: whether the user's rate limits allow its [`cost`], else
    /// how long until they do. Call it only if [`Self::can_receive`].
    pub fn handle_frame(
        &mut self,
        now: Moment,
        frame: Result<ClientFrame, FrameError>,
        charged: Result<(), Duration>,
    ) {
        if self.phase != Phase::Open {
            return;
        }
        self.handle_arrival(now);
        match frame {
            Err(error) => self.handle_invalid_frame(now, error, charged.is_ok()),
            Ok(frame) if self.bound.is_none() && !matches!(frame, ClientFrame::Bind(_)) => {
                self.refuse(now, ErrorBody::new(ErrorCode::NotBound).re(frame.kind()));
            }
            Ok(frame) => match charged {
                Ok(()) => self.handle_request(now, frame),
                Err(wait) => self.defer(now, frame, wait),
            },
        }
    }

    /// A ping or a pong arrived, or anything else that only proves that the client is there.
    pub fn handle_arrival(&mut self, now: Moment) {
        let last_traffic = self.last_arrival.max(self.queue.last_progress());
        self.idle_before = now.since(last_traffic);
        self.last_arrival = now;
    }

    /// What arrived is not a text message, or cannot be read at all: nothing after it can be. The
    /// client is told why, and the connection closed.
    pub fn handle_unreadable(&mut self, now: Moment, reason: &str) {
        if self.phase == Phase::Open {
            self.refuse(now, FrameError::Malformed(reason.into()).into());
            self.close(now, CloseCode::ProtocolError);
        }
    }

    /// The client's close frame arrived (RFC 6455 §5.5.1). The driver answers it; nothing may follow
    /// that answer.
    pub fn handle_close(&mut self, now: Moment) {
        if self.phase == Phase::Open {
            self.end(None);
            self.queue.clear();
            self.phase = Phase::ClosedByPeer(now + CLOSE_LIMIT);
        }
    }

    /// The socket is gone.
    pub fn handle_disconnected(&mut self) {
        if self.phase == Phase::Open {
            self.end(None);
        }
        self.phase = Phase::Ended;
    }

    /// The server drains: the connection closes within [`Config::drain`], each at another time,
    /// because the other nodes take these clients.
    pub fn handle_drain(&mut self, now: Moment) {
        if self.drain_at.is_none() {
            self.drain_at = Some(now + jitter(self.config.drain, self.seed));
        }
    }

    /// [`Self::poll_timeout`] has come. Before, the driver passes in what has arrived already: after
    /// a pause of the process the awaited frame may be among it.
    pub fn handle_timeout(&mut self, now: Moment) {
        let is_due = |moment: Option<Moment>| moment.is_some_and(|moment| moment <= now);
        match self.phase {
            Phase::Open if self.waiting.is_some() => {}
            Phase::Open if is_due(self.queue.deadline()) => self.close(now, CloseCode::TooSlow),
            Phase::Open if is_due(self.drain_at) => self.close(now, CloseCode::GoingAway),
            Phase::Open if is_due(Some(self.expires_at)) => {
                self.close(now, CloseCode::NotLoggedIn);
            }
            Phase::Open if is_due(Some(self.idle_deadline())) => {
                if self.sends_heartbeats {
                    self.outputs.push_back(Output::HeartbeatMissed);
                }
                self.close(now, CloseCode::Idle);
            }
            Phase::Open if is_due(self.bind_deadline()) => {
                self.refuse_bind(now, ErrorCode::BindTimeout, CloseCode::Idle);
            }
            Phase::Open => {
                let reads_again = is_due(self.read_after);
                self.read_after.take_if(|moment| *moment <= now);
                self.resume_at.take_if(|moment| *moment <= now);
                if let Some(Bound { feed, .. }) = &mut self.bound {
                    if reads_again {
                        feed.handle_read_failed();
                    }
                    if is_due(feed.poll_timeout()) {
                        feed.handle_timeout(now);
                    }
                }
            }
            Phase::Closing(_, until) | Phase::ClosedByPeer(until) => {
                if until <= now {
                    self.phase = Phase::Ended;
                }
            }
            Phase::Ended => {}
        }
    }

    /// When to call [`Self::handle_timeout`]; `None`: not before another input.
    pub fn poll_timeout(&self) -> Option<Moment> {
        match self.phase {
            Phase::Open if self.waiting.is_some() => None,
            Phase::Open => {
                let feed = self.bound.as_ref().map(|bound| &bound.feed);
                [
                    self.bind_deadline(),
                    feed.and_then(Feed::poll_timeout),
                    self.queue.deadline(),
                    self.read_after,
                    self.resume_at,
                    self.drain_at,
                    Some(self.expires_at),
                    Some(self.idle_deadline()),
                ]
                .into_iter()
                .flatten()
                .min()
            }
            Phase::Closing(_, until) | Phase::ClosedByPeer(until) => Some(until),
            Phase::Ended => None,
        }
    }

    /// The next output for the rest of the server.
    pub fn poll_output(&mut self, now: Moment) -> Option<Output> {
        if self.outputs.is_empty() {
            self.run_feed(now);
        }
        self.outputs.pop_front()
    }

    /// The next frame for the socket; call it when the socket can take one, which counts as progress
    /// of the client.
    pub fn poll_transmit(&mut self, now: Moment) -> Option<Outgoing<P>> {
        self.queue.pop(now)
    }

    /// Everything of [`Self::poll_transmit`] was flushed to the socket.
    pub fn handle_flushed(&mut self) {
        self.queue.handle_flushed();
        if self.outputs.is_empty() {
            self.outputs.shrink_to(queue::KEPT);
        }
    }

    /// Whether [`Self::poll_transmit`] has a frame.
    pub fn has_frames(&self) -> bool {
        self.queue.has_frames()
    }

    /// Whether there is something to write or to flush.
    pub fn is_writing(&self) -> bool {
        self.queue.is_busy()
    }

    /// Whether there is capacity for frames that can be produced later.
    pub fn has_capacity(&self) -> bool {
        self.queue.has_capacity()
    }

    /// Whether the next frame may be received: it can be answered.
    pub fn can_receive(&self) -> bool {
        match self.phase {
            Phase::Open => {
                self.waiting.is_none()
                    && self.queue.has_capacity()
                    && self.sends.len() < limits::SENDS_IN_FLIGHT
                    && self.resume_at.is_none()
            }
            Phase::Closing(..) => !self.queue.is_busy(),
            Phase::ClosedByPeer(_) => true,
            Phase::Ended => false,
        }
    }

    /// Whether frames are still answered: neither end has begun to close.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether the connection is over, and its socket can be dropped.
    pub fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The user of the login.
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// Pushes that wait for their acknowledgement.
    pub fn unacknowledged(&self) -> usize {
        self.bound
            .as_ref()
            .map_or(0, |bound| bound.feed.unacknowledged())
    }

    fn idle_deadline(&self) -> Moment {
        self.last_arrival + self.config.idle_timeout
    }

    fn bind_deadline(&self) -> Option<Moment> {
        let deadline = Moment::default() + limits::BIND_DEADLINE;
        self.bound.is_none().then_some(deadline)
    }

    fn handle_invalid_frame(&mut self, now: Moment, error: FrameError, within_limits: bool) {
        // A newer client may use types unknown to this server, but not all the time.
        let is_violation = !matches!(error, FrameError::UnknownType(_)) || !within_limits;
        self.refuse(now, error.into());
        self.protocol_errors += u32::from(is_violation);
        if self.protocol_errors >= limits::STRIKES {
            self.close(now, CloseCode::ProtocolError);
        }
    }

    /// Ends the session in order: what is queued is written, sends that are being committed are
    /// answered, then the close frame follows.
    fn close(&mut self, now: Moment, code: CloseCode) {
        if self.phase == Phase::Open {
            self.end(Some(code));
            self.phase = Phase::Closing(code, now + CLOSE_LIMIT);
            self.close_if_answered(now);
        }
    }

    /// Queues the close frame once no send waits for its answer any more.
    fn close_if_answered(&mut self, now: Moment) {
        if let Phase::Closing(code, _) = self.phase
            && self.sends.is_empty()
        {
            self.queue.push(now, Outgoing::Close(code));
        }
    }

    /// Frees what the rest of the server holds for this connection at once, not only after the close
    /// handshake.
    fn end(&mut self, code: Option<CloseCode>) {
        self.bound = None;
        self.waiting = None;
        self.outputs.push_back(Output::Ended(code));
    }

    fn send(&mut self, now: Moment, frame: ServerFrame) {
        self.queue.push(now, Outgoing::Frame(frame));
    }

    fn refuse(&mut self, now: Moment, body: ErrorBody) {
        self.send(now, ServerFrame::Error(body));
    }

    fn request(&mut self, request: Request, waiting: Waiting<P>) {
        self.outputs.push_back(Output::Request(request));
        self.waiting = Some(Box::new(waiting));
    }
}

#[cfg(test)]
mod tests;
