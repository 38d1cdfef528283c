//! One connection: one task that reads, answers, pushes and watches the time.
//!
//! Its duties, all in one `select!`: take frames while there is room to answer them; take events
//! from the hub; answer sends in their order as they are committed; write; and close the
//! connection when a deadline passes, the login ends or the server drains. Dropping the task is
//! the clean-up.

use super::heartbeats::Device;
use super::hub::Membership;
use super::requests::Bound;
use super::writer::Writer;
use crate::app::AppState;
use crate::auth::LoggedIn;
use crate::bus::Event;
use crate::clock;
use crate::store::{Record, Session, Thread};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::StreamExt;
use futures_util::stream::{FuturesOrdered, SplitSink, SplitStream};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Effect, Feed, Item, ReadRequest};
use tidings_shared::frame::{ClientFrame, FrameError, ServerFrame, write_push};
use tidings_shared::{ConversationId, ErrorBody, ErrorCode, Moment, Seq, api, limits};
use tokio::time::Instant;

/// How long the other end may take to answer a close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// From a failed read of the store to the next one.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// The text of a push, shared by all who get it.
pub(super) type Payload = Arc<str>;

/// Why a connection's loop ends.
pub(super) enum End {
    /// The other end is gone; there is nobody to tell.
    Gone,
    /// Close with this code, after what is queued was written.
    Close(CloseCode),
}

/// The answer to a send.
pub(super) struct Answer {
    /// The text of its frame.
    pub(super) text: String,
    /// Where the message is, if it was stored.
    pub(super) place: Option<(ConversationId, Seq)>,
}

/// The answer to a send, on its way.
pub(super) type Answering = futures_util::future::BoxFuture<'static, Answer>;

/// A connection before and after its bind.
pub(super) struct Connection {
    pub(super) app: AppState,
    pub(super) session: Session,
    pub(super) user: api::User,
    pub(super) device: Device,
    pub(super) id: super::ConnectionId,
    pub(super) writer: Writer<SplitSink<WebSocket, Message>>,
    pub(super) answering: FuturesOrdered<Answering>,
    pub(super) bound: Option<Bound>,
    /// How long the connection had been quiet in both directions when the present frame came.
    pub(super) quiet: Duration,
    /// Whether this client sends heartbeats.
    pub(super) beats: bool,
    reader: SplitStream<WebSocket>,
    started: Instant,
    /// When the login ends.
    expires_at: Instant,
    last_arrival: Instant,
    strikes: u32,
    /// The store failed; no read before this.
    read_after: Option<Instant>,
}

impl Connection {
    pub(super) fn new(app: AppState, login: LoggedIn, address: IpAddr, socket: WebSocket) -> Self {
        let LoggedIn { session, user } = login;
        let (sink, reader) = socket.split();
        let now = Instant::now();
        let left_ms = u64::try_from(session.expires_at - clock::now_ms()).unwrap_or(0);
        Self {
            id: app.hub.next_id(),
            app,
            device: Device {
                session: session.hash,
                address,
            },
            session,
            user,
            writer: Writer::new(sink),
            answering: FuturesOrdered::new(),
            bound: None,
            quiet: Duration::ZERO,
            beats: false,
            reader,
            started: now,
            expires_at: now + Duration::from_millis(left_ms),
            last_arrival: now,
            strikes: 0,
            read_after: None,
        }
    }

    /// Serves until either end is done. Not cancelled but by the end of the process; a drain is
    /// asked for through the lifecycle's token.
    pub(super) async fn run(mut self) {
        let uid = self.user.uid;
        tracing::debug!(%uid, connection = self.id.0, "opened");
        let end = self.serve().await;
        if let End::Close(code) = end {
            tracing::debug!(%uid, connection = self.id.0, code = code.code(), "closing");
            self.close(code).await;
        }
        tracing::debug!(%uid, connection = self.id.0, "closed");
    }

    async fn serve(&mut self) -> End {
        let mut draining = pin!(self.app.lifecycle.drain.clone().cancelled_owned());
        let mut timer = pin!(tokio::time::sleep_until(self.deadline()));
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
            let takes_frames =
                self.writer.has_room() && self.answering.len() < limits::SENDS_IN_FLIGHT;
            let step = tokio::select! {
                written = self.writer.drive(), if self.writer.is_busy() => match written {
                    Ok(()) => Ok(()),
                    Err(_) => Err(End::Gone),
                },
                message = self.reader.next(), if takes_frames => self.handle_message(message).await,
                event = next_event(self.bound.as_mut()) => self.handle_event(&event),
                Some(answer) = self.answering.next(), if !self.answering.is_empty() => {
                    self.handle_answer(answer);
                    Ok(())
                }
                () = &mut timer => {
                    let handled = self.handle_deadline(Instant::now());
                    timer.as_mut().reset(self.deadline());
                    handled
                }
                () = &mut draining => Err(End::Close(CloseCode::GoingAway)),
            };
            if let Err(end) = step {
                return end;
            }
        }
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
        ]
        .into_iter()
        .flatten()
        .fold(idle.min(self.expires_at), Instant::min)
    }

    fn handle_deadline(&mut self, now: Instant) -> Result<(), End> {
        let close = |code| Err(End::Close(code));
        if self
            .writer
            .deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            return close(CloseCode::TooSlow);
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
            self.push_frame(&ServerFrame::BindRefused(
                ErrorBody::new(ErrorCode::BindTimeout).re(1),
            ));
            return close(CloseCode::Idle);
        }
        if self.read_after.is_some_and(|moment| moment <= now) {
            self.read_after = None;
            if let Some(bound) = &mut self.bound {
                bound.feed.handle_read_failed();
            }
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
            Message::Close(_) => Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    fn handle_nonsense(&mut self, error: FrameError) -> Result<(), End> {
        // A newer client may know types that this server does not.
        let counts = !matches!(error, FrameError::UnknownType(_));
        self.push_frame(&ServerFrame::Error(error.into()));
        self.strikes += u32::from(counts);
        if self.strikes >= limits::STRIKES {
            return Err(End::Close(CloseCode::ProtocolError));
        }
        Ok(())
    }

    fn handle_answer(&mut self, answer: Answer) {
        self.writer.push(answer.text);
        if let (Some(bound), Some((conversation, seq))) = (&mut self.bound, answer.place) {
            bound.feed.handle_answered(conversation, seq);
        }
    }

    fn handle_event(&mut self, event: &Event) -> Result<(), End> {
        let now = self.moment(Instant::now());
        let Some(bound) = &mut self.bound else {
            return Ok(());
        };
        if bound.membership.lagged() {
            bound.feed.handle_gap();
        }
        match event {
            Event::Message(message) => {
                let payload = message.json_for(self.user.uid);
                bound.feed.handle_message(
                    now,
                    Item {
                        conversation: message.conversation,
                        seq: message.seq,
                        mid: message.mid,
                        own: message.sender == self.user.uid,
                        from_here: false,
                        bytes: payload.len(),
                        payload,
                    },
                );
                Ok(())
            }
            Event::Read {
                conversation,
                mark,
                delivered,
            } => {
                if *delivered {
                    bound.feed.handle_read(*conversation, mark.seq);
                }
                if bound.lists {
                    self.push_frame(&ServerFrame::Read(*mark));
                }
                Ok(())
            }
            Event::LoggedOut(hash) if *hash == self.session.hash => {
                Err(End::Close(CloseCode::NotLoggedIn))
            }
            Event::Gap => {
                bound.feed.handle_gap();
                Ok(())
            }
            Event::LoggedOut(_) => Ok(()),
        }
    }

    /// Does what the feed asks for, as long as the writer has room for pushes.
    async fn run_feed(&mut self) -> Result<(), End> {
        while self.writer.has_room() && self.read_after.is_none() {
            let Some(bound) = &mut self.bound else { break };
            let Some(effect) = bound.feed.poll() else {
                break;
            };
            match effect {
                Effect::Push { tid, dup, payload } => {
                    self.writer.push(write_push(tid, dup, &payload));
                }
                Effect::Delivered(conversation, seq) => {
                    self.app
                        .positions
                        .delivered(conversation, self.user.uid, seq);
                }
                Effect::Read(request) => self.read_page(request).await,
                Effect::Reload => self.reload().await?,
                Effect::GiveUp => return Err(End::Close(CloseCode::AckMissing)),
            }
        }
        Ok(())
    }

    async fn read_page(&mut self, request: ReadRequest) {
        let uid = self.user.uid;
        let store = &self.app.store;
        let read = async {
            let thread = store.thread_by_id(uid, request.conversation).await?;
            let Some(thread) = thread else {
                return Ok(Vec::new());
            };
            let range = crate::store::Range {
                after: Some(request.after),
                before: None,
                before_mid: request.before,
                limit: u32::try_from(request.limit).unwrap_or(limits::PAGE_MAX),
            };
            let records = store.page(request.conversation, range).await?;
            Ok::<_, crate::store::StoreError>(
                records.iter().map(|record| item(&thread, record)).collect(),
            )
        };
        match read.await {
            Ok(items) => {
                self.await_answers(&items).await;
                let now = self.moment(Instant::now());
                if let Some(bound) = &mut self.bound {
                    bound.feed.handle_page(now, items);
                }
            }
            Err(error) => self.store_failed(&error),
        }
    }

    /// Own messages of a page may be sends of this connection whose answers are on their way, and
    /// which must not be pushed as well. They were committed before the page was read, so the wait
    /// is for this process only.
    async fn await_answers(&mut self, items: &[Item<Payload>]) {
        for own in items.iter().filter(|item| item.own) {
            loop {
                let known = self
                    .bound
                    .as_ref()
                    .is_none_or(|bound| bound.feed.has_answered(own.conversation, own.seq));
                if known {
                    break;
                }
                let Some(answer) = self.answering.next().await else {
                    return;
                };
                self.handle_answer(answer);
            }
        }
    }

    /// Events were lost: what moved on is read from the store, and so is whether the login was
    /// ended meanwhile.
    async fn reload(&mut self) -> Result<(), End> {
        let store = &self.app.store;
        let read = async {
            let session = store.session(self.session.hash, clock::now_ms()).await?;
            let positions = store.positions(self.user.uid).await?;
            Ok::<_, crate::store::StoreError>((session, positions))
        };
        match read.await {
            Ok((None, _)) => return Err(End::Close(CloseCode::NotLoggedIn)),
            Ok((Some(_), positions)) => {
                if let Some(bound) = &mut self.bound {
                    bound.feed.handle_positions(positions);
                }
            }
            Err(error) => self.store_failed(&error),
        }
        Ok(())
    }

    fn store_failed(&mut self, error: &crate::store::StoreError) {
        tracing::warn!(uid = %self.user.uid, %error, "cannot read on; will try again");
        self.read_after = Some(Instant::now() + STORE_RETRY);
    }

    /// Writes what is queued, answers what was committed, says goodbye and waits a moment for the
    /// other end to say it too: dropping a socket with unread input resets it, and what was
    /// written last might never be seen.
    async fn close(&mut self, code: CloseCode) {
        // The user's place is free at once, not only after the goodbye.
        self.bound = None;
        let Self {
            answering,
            writer,
            reader,
            ..
        } = self;
        let goodbye = async {
            while let Some(answer) = answering.next().await {
                writer.push(answer.text);
            }
            let frame = CloseFrame {
                code: code.code(),
                reason: code.reason().into(),
            };
            writer.push_message(Message::Close(Some(frame)));
            if writer.drive().await.is_ok() {
                while let Some(Ok(_)) = reader.next().await {}
            }
        };
        if tokio::time::timeout(CLOSE_LIMIT, goodbye).await.is_err() {
            tracing::debug!(uid = %self.user.uid, "the other end did not answer the close");
        }
    }

    pub(super) fn push_frame(&mut self, frame: &ServerFrame) {
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

/// Waits for ever before the bind.
async fn next_event(bound: Option<&mut Bound>) -> Arc<Event> {
    match bound {
        Some(Bound { membership, .. }) => event_of(membership).await,
        None => std::future::pending().await,
    }
}

async fn event_of(membership: &mut Membership) -> Arc<Event> {
    match membership.event().await {
        Some(event) => event,
        // The hub keeps the other half as long as this membership lives.
        None => std::future::pending().await,
    }
}

fn item(thread: &Thread, record: &Record) -> Item<Payload> {
    let payload: Payload = serde_json::to_string(&thread.pushed(record))
        .expect("plain structs with string keys always serialize")
        .into();
    Item {
        conversation: thread.conversation,
        seq: record.seq,
        mid: record.mid,
        own: record.sender == thread.me.uid,
        from_here: false,
        bytes: payload.len(),
        payload,
    }
}

/// The feed of a connection, for the requests.
pub(super) type ConnectionFeed = Feed<Payload>;

/// Opens a connection only to say why it is closed.
pub(super) async fn refuse(socket: WebSocket, error: ErrorCode, code: CloseCode) {
    let (sink, mut reader) = socket.split();
    let mut writer = Writer::new(sink);
    writer.push(ServerFrame::Error(error.into()).to_json());
    let frame = CloseFrame {
        code: code.code(),
        reason: code.reason().into(),
    };
    writer.push_message(Message::Close(Some(frame)));
    let goodbye = async {
        if writer.drive().await.is_ok() {
            while let Some(Ok(_)) = reader.next().await {}
        }
    };
    if tokio::time::timeout(CLOSE_LIMIT, goodbye).await.is_err() {
        tracing::debug!("the other end did not answer the close");
    }
}
