//! The task of one connection: drives a [`Session`] with a WebSocket, the store, the hub and the
//! committer.
//!
//! Its duties, all in one `select!`: receive frames while the session can answer them; pass on
//! events of the hub and the outcomes of sends; write; and keep the session's deadlines. It decides
//! nothing: what is answered, pushed or refused, and when the connection closes, is the session's
//! decision. Dropping the task cleans up.

use super::encode::{Encoder, MessageText};
use super::pending_sends::{PendingSends, SendOutcome};
use super::writer::Writer;
use crate::admission::{BindPermit, ConnectionPermit};
use crate::app::AppState;
use crate::clock;
use crate::domain::{BusEvent, ConnectionId, SessionHash};
use crate::heartbeats::Device;
use crate::hub::{ConnectionEvent, Membership};
use crate::logging;
use crate::metrics::Open;
use crate::store::{self, TOUCH_INTERVAL};
use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, StreamExt};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::delivery::FeedItem;
use tidings_shared::frame::ClientFrame;
use tidings_shared::session::{AppendedSend, Config, Event, Session, cost};
use tidings_shared::{Moment, UserId, api, limits};
use tokio::time::Instant;
use tracing::Instrument as _;

/// Frames, events and answers handled before the output is written: batched, they cost one system
/// call; a larger batch would delay the first.
const BURST: u32 = 32;
/// Time for the runtime to poll the sockets before a deadline is judged.
const SETTLE_DELAY: Duration = Duration::from_millis(1);

/// An accepted handshake with its login.
pub struct Opening {
    /// The node.
    pub app: AppState,
    /// The login.
    pub session: store::Session,
    /// Its user.
    pub user: api::User,
    /// The client address.
    pub address: IpAddr,
    /// The permit, held as long as the connection.
    pub permit: ConnectionPermit,
}

/// Serves a connection until either end closes. `first` has been read from the socket already.
/// Cancelled only by the end of the process; a drain is requested by the lifecycle's token.
pub fn serve(
    opening: Opening,
    socket: WebSocket,
    first: Option<Message>,
) -> impl Future<Output = ()> {
    // Boxed before the future exists, which would otherwise be as large for its whole life.
    let connection = Box::new(Connection::new(opening, socket));
    let span = logging::connection(connection.id.0, connection.uid.0);
    connection.run(first).instrument(span)
}

/// A connection before and after its bind.
pub(super) struct Connection {
    pub(super) app: AppState,
    pub(super) id: ConnectionId,
    pub(super) uid: UserId,
    /// The login it belongs to.
    pub(super) login: SessionHash,
    pub(super) device: Device,
    pub(super) session: Session<MessageText>,
    pub(super) sends: PendingSends,
    /// Its registration in the hub, from its bind on.
    pub(super) membership: Option<Membership>,
    /// Its permit while it binds.
    pub(super) bind_permit: Option<BindPermit>,
    /// Counts this connection in the metrics.
    pub(super) open: Open,
    /// Its permit among the node's connections.
    _permit: ConnectionPermit,
    writer: Writer<SplitSink<WebSocket, Message>>,
    reader: SplitStream<WebSocket>,
    /// The session's clock counts from here.
    started: Instant,
    /// When the login's last use is updated next, at the first message from then on.
    touch_at: Instant,
}

impl Connection {
    fn new(opening: Opening, socket: WebSocket) -> Self {
        let Opening {
            app,
            session,
            user,
            address,
            permit,
        } = opening;
        let (sink, reader) = socket.split();
        let now = Instant::now();
        let id = app.hub.next_id();
        let device = Device {
            session: session.hash,
            address,
        };
        let config = Config {
            timing: app.config.timing(),
            idle_timeout: app.config.idle_timeout(),
            drain: app.config.drain(),
        };
        let left_ms = u64::try_from(session.expires_at - clock::now_ms()).unwrap_or(0);
        let encoder = Encoder {
            metrics: Arc::clone(&app.metrics),
            heartbeats: app.heartbeats.clone(),
            device,
        };
        Self {
            id,
            uid: user.uid,
            login: session.hash,
            device,
            session: Session::new(config, user, Duration::from_millis(left_ms), id.0),
            sends: PendingSends::default(),
            membership: None,
            bind_permit: None,
            open: Open::new(Arc::clone(&app.metrics)),
            _permit: permit,
            writer: Writer::new(sink, encoder),
            reader,
            started: now,
            // The handshake updated the last use already.
            touch_at: now + TOUCH_INTERVAL,
            app,
        }
    }

    async fn run(mut self: Box<Self>, first: Option<Message>) {
        tracing::debug!("opened");
        if let Some(message) = first {
            self.handle_message(Some(Ok(message)));
        }
        self.serve().await;
        tracing::debug!("closed");
    }

    async fn serve(&mut self) {
        let mut draining = pin!(self.app.lifecycle.drain.clone().cancelled_owned());
        let mut drains = false;
        let mut timer = pin!(tokio::time::sleep_until(
            self.started + limits::BIND_DEADLINE
        ));
        let mut steps = 0;
        loop {
            if steps >= BURST {
                steps = 0;
                self.write_now();
            }
            steps += 1;
            self.run_outputs().await;
            if self.session.is_ended() {
                return;
            }
            // Reset only when it must fire earlier: deadlines move later with every frame, and a
            // timer that fires early finds nothing due and is reset.
            if let Some(deadline) = self.deadline()
                && deadline < timer.deadline()
            {
                timer.as_mut().reset(deadline);
            }
            // Biased: writing comes last, so that output is batched.
            tokio::select! {
                biased;
                () = &mut draining, if !drains => {
                    drains = true;
                    self.session.handle_drain(self.now());
                }
                () = &mut timer => {
                    self.catch_up().await;
                    self.session.handle_timeout(self.now());
                    let next = Instant::now() + self.app.config.idle_timeout();
                    timer.as_mut().reset(self.deadline().unwrap_or(next));
                }
                Some(outcome) = self.sends.next(), if !self.sends.is_empty() => {
                    self.handle_outcome(outcome);
                }
                event = next_event(self.membership.as_mut()), if self.session.wants_events() => {
                    self.handle_event(event);
                }
                message = self.reader.next(), if self.session.can_receive() => {
                    self.handle_message(message);
                }
                written = self.writer.drive(&mut self.session, self.started),
                    if self.session.is_writing() =>
                {
                    steps = 0;
                    if written.is_err() {
                        self.session.handle_disconnected();
                    }
                }
            }
        }
    }

    fn handle_message(&mut self, message: Option<Result<Message, axum::Error>>) {
        let now = self.now();
        let message = match message {
            Some(Ok(message)) => message,
            // Too long, not UTF-8, not WebSocket, or cut off.
            Some(Err(error)) => {
                tracing::debug!(%error, "unreadable");
                let reason = format!(
                    "frames are UTF-8 text messages of at most {} bytes",
                    limits::FRAME_BYTES
                );
                return self.session.handle_unreadable(now, &reason);
            }
            None => return self.session.handle_disconnected(),
        };
        if Instant::now() >= self.touch_at {
            self.touch_at = Instant::now() + TOUCH_INTERVAL;
            self.app.last_use.touch(self.login, clock::now_ms());
        }
        match message {
            // Nothing of it is answered any more.
            Message::Text(_) | Message::Binary(_) if !self.session.is_open() => {}
            Message::Text(text) => {
                let frame = ClientFrame::parse(&text);
                let kind = frame.as_ref().map_or(u64::MAX, ClientFrame::kind);
                self.app.metrics.gateway.frame_in(kind);
                let rate_limits = &self.app.admission.rate_limits;
                let charged = rate_limits.charge(self.uid, cost(&frame));
                self.session.handle_frame(now, frame, charged);
            }
            Message::Binary(_) => {
                self.session
                    .handle_unreadable(now, "frames are text messages");
            }
            Message::Close(_) => self.session.handle_close(now),
            Message::Ping(_) | Message::Pong(_) => self.session.handle_arrival(now),
        }
    }

    fn handle_event(&mut self, event: ConnectionEvent) {
        let now = self.now();
        if self.membership.as_ref().is_some_and(Membership::lagged) {
            self.session.handle_event(now, Event::Resync);
        }
        let event = match event {
            ConnectionEvent::Presence(presence) => Event::Presence(presence),
            ConnectionEvent::Bus(event) => match &*event {
                BusEvent::Message(message) => {
                    let text = message.json_for(self.uid);
                    Event::Message(FeedItem {
                        conversation: message.conversation,
                        seq: message.seq,
                        mid: message.mid,
                        from_self: message.sender == self.uid,
                        bytes: text.len(),
                        payload: MessageText {
                            text,
                            received_at: message.received_at,
                        },
                    })
                }
                BusEvent::Read {
                    conversation,
                    mark,
                    delivered,
                } => Event::Read {
                    conversation: *conversation,
                    mark: *mark,
                    delivered: *delivered,
                },
                BusEvent::Receipt(receipt) => Event::Receipt(*receipt),
                BusEvent::Profile(user) => Event::Profile(user.clone()),
                BusEvent::LoggedOut(login) if *login == self.login => Event::LoginEnded,
                BusEvent::LoggedOut(_) => return,
                BusEvent::Resync => Event::Resync,
            },
        };
        self.session.handle_event(now, event);
    }

    fn handle_outcome(&mut self, SendOutcome { result, arrived }: SendOutcome) {
        self.app.metrics.gateway.send_answer.time(arrived.elapsed());
        let appended = result.map(|event| AppendedSend {
            conversation: event.conversation,
            seq: event.seq,
            message: MessageText {
                text: Arc::clone(&event.for_sender),
                received_at: None,
            },
        });
        self.session.handle_appended(self.now(), appended);
    }

    /// Before a deadline is judged, receives and writes what it can: after a pause of this task, or
    /// of the whole process, the awaited frames may have arrived already. Limited to as many frames
    /// as a window has acknowledgements, so that a client cannot delay the deadline.
    async fn catch_up(&mut self) {
        // After SIGCONT tokio fires timers before it polls sockets; by the next timer it has polled
        // them. A mere yield would not do: another thread may be the one that polls.
        tokio::time::sleep(SETTLE_DELAY).await;
        for _ in 0..limits::WINDOW_PUSHES {
            if !self.session.can_receive() {
                break;
            }
            let Some(message) = self.reader.next().now_or_never() else {
                break;
            };
            self.handle_message(message);
            Box::pin(self.run_outputs()).await;
        }
        self.write_now();
    }

    /// Writes as much as the socket takes without waiting.
    fn write_now(&mut self) {
        if self.session.is_writing() {
            let written = self.writer.drive(&mut self.session, self.started);
            if let Some(Err(_)) = written.now_or_never() {
                self.session.handle_disconnected();
            }
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment::after_origin(self.started.elapsed())
    }

    fn deadline(&self) -> Option<Instant> {
        let moment = self.session.poll_timeout()?;
        Some(self.started + moment.since(Moment::default()))
    }
}

/// Pending for ever before the bind.
async fn next_event(membership: Option<&mut Membership>) -> ConnectionEvent {
    let event = match membership {
        Some(membership) => membership.next_event().await,
        None => None,
    };
    match event {
        Some(event) => event,
        // The hub keeps the sender as long as the membership lives.
        None => std::future::pending().await,
    }
}
