//! Pushes of a connection: passes events and answers to its feed, and runs the feed's effects.
//!
//! When and in which order is the feed's decision (`tidings_shared::delivery`), never this
//! module's.

use super::connection::{Connection, End};
use super::hub::{ConnectionEvent, Membership};
use super::pending_sends::SendAnswer;
use super::position_pages::PositionPages;
use super::refresh::ReadDigest;
use crate::bus::BusEvent;
use crate::clock;
use crate::store::{Range, Record, StoreError, Thread};
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Feed, FeedEffect, FeedItem, ReadRequest};
use tidings_shared::frame::{ServerFrame, kind, write_push};
use tidings_shared::{api, limits};
use tokio::time::Instant;

/// Delay after a failed read of the store.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// The window's fill level is sampled with every 16th push.
const SAMPLE_EVERY: u64 = 16;

/// The JSON of a push, shared by all recipients.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    text: Arc<str>,
    /// When this node received the message, if it is live.
    received_at: Option<Instant>,
}

/// The state of a bound connection.
pub(super) struct Bound {
    pub(super) feed: Feed<Payload>,
    pub(super) membership: Membership,
    /// Bound with a request for the list: the client knows frames from 8 up.
    pub(super) lists: bool,
    /// Bound by the legacy (v0) protocol: gets only direct messages from others.
    pub(super) legacy: bool,
    /// The read cursors at the last full refresh.
    pub(super) read: ReadDigest,
}

impl Connection {
    pub(super) fn handle_answer(&mut self, answer: SendAnswer) {
        let metrics = &self.app.metrics.gateway;
        metrics.frame_out(answer.kind());
        metrics.send_answer.time(answer.arrived.elapsed());
        if let Some(code) = answer.error {
            metrics.error(code);
        }
        self.writer.push(answer.text);
        if let (Some(bound), Some((conversation, seq))) = (&mut self.bound, answer.stored_at) {
            bound.feed.handle_answered(conversation, seq);
        }
    }

    pub(super) fn handle_event(&mut self, event: ConnectionEvent) -> Result<(), End> {
        // Best-effort events are dropped when the client does not read.
        let has_capacity = self.writer.has_capacity();
        match event {
            ConnectionEvent::Bus(event) if has_capacity || !event.is_best_effort() => {
                self.handle_bus_event(&event)
            }
            ConnectionEvent::Bus(_) => Ok(()),
            ConnectionEvent::Presence(_) if !has_capacity => Ok(()),
            ConnectionEvent::Presence(presence) => {
                self.push_frame(&ServerFrame::Presence(api::PresenceList { presence }));
                Ok(())
            }
        }
    }

    fn handle_bus_event(&mut self, event: &BusEvent) -> Result<(), End> {
        let now = self.moment(Instant::now());
        let Some(bound) = &mut self.bound else {
            return Ok(());
        };
        if bound.membership.lagged() {
            bound.feed.handle_resync();
        }
        match event {
            BusEvent::Message(message) => {
                let text = message.json_for(self.user.uid);
                bound.feed.handle_message(
                    now,
                    FeedItem {
                        conversation: message.conversation,
                        seq: message.seq,
                        mid: message.mid,
                        from_self: message.sender == self.user.uid,
                        bytes: text.len(),
                        payload: Payload {
                            text,
                            received_at: message.received_at,
                        },
                    },
                );
                Ok(())
            }
            BusEvent::Read {
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
            BusEvent::Receipt(receipt) => {
                // The hub sends it only to clients that know it.
                self.push_frame(&ServerFrame::Receipt(*receipt));
                Ok(())
            }
            BusEvent::Profile(user) => {
                self.user = user.clone();
                self.push_frame(&ServerFrame::Profile(user.clone()));
                Ok(())
            }
            BusEvent::LoggedOut(hash) if *hash == self.session.hash => {
                Err(End::Close(CloseCode::NotLoggedIn))
            }
            BusEvent::Resync => {
                bound.feed.handle_resync();
                Ok(())
            }
            BusEvent::LoggedOut(_) => Ok(()),
        }
    }

    /// Runs the feed's effects while the writer has capacity.
    pub(super) async fn run_feed(&mut self) -> Result<(), End> {
        while self.writer.has_capacity() && self.read_after.is_none() {
            let Some(bound) = &mut self.bound else { break };
            let Some(effect) = bound.feed.poll_effect() else {
                break;
            };
            match effect {
                FeedEffect::Push { tid, dup, payload } => {
                    let metrics = &self.app.metrics.gateway;
                    metrics.frame_out(kind::PUSH);
                    if dup {
                        metrics.repushes.inc();
                    } else {
                        if let Some(received_at) = payload.received_at {
                            metrics.send_push.time(received_at.elapsed());
                        }
                        if tid.0 % SAMPLE_EVERY == 1 {
                            metrics.window.count(bound.feed.unacknowledged());
                        }
                    }
                    self.writer.push(write_push(tid, dup, &payload.text));
                }
                FeedEffect::Delivered(conversation, seq) => {
                    let side = (conversation, self.user.uid);
                    self.app.cursors.delivered(side, seq, true);
                }
                FeedEffect::Passed(conversation, seq) => {
                    let side = (conversation, self.user.uid);
                    self.app.cursors.delivered(side, seq, false);
                }
                FeedEffect::Read(request) => Box::pin(self.read_page(request)).await,
                FeedEffect::Reload => Box::pin(self.reload()).await?,
                FeedEffect::GiveUp => return Err(End::Close(CloseCode::AckMissing)),
            }
        }
        Ok(())
    }

    pub(super) async fn read_page(&mut self, request: ReadRequest) {
        let uid = self.user.uid;
        let store = &self.app.store;
        let read = async {
            let thread = store.thread_by_id(uid, request.conversation).await?;
            let Some(thread) = thread else {
                return Ok(Vec::new());
            };
            let range = Range {
                after: Some(request.after),
                before: None,
                before_mid: request.before,
                limit: u32::try_from(request.limit).unwrap_or(limits::PAGE_MAX),
            };
            let records = store.page(request.conversation, range).await?;
            Ok::<_, StoreError>(records.iter().map(|record| item(&thread, record)).collect())
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

    /// Messages from self in a page may be sends of this connection whose answers are pending, and
    /// which must not be pushed as well. They were committed before the page was read, so the wait
    /// is only for this process.
    pub(super) async fn await_answers(&mut self, items: &[FeedItem<Payload>]) {
        for item in items.iter().filter(|item| item.from_self) {
            loop {
                let known = self
                    .bound
                    .as_ref()
                    .is_none_or(|bound| bound.feed.has_answered(item.conversation, item.seq));
                if known {
                    break;
                }
                let Some(answer) = self.pending_sends.next().await else {
                    return;
                };
                self.handle_answer(answer);
            }
        }
    }

    /// After lost events, or for a new group: reads the cursors from the store, and whether the
    /// login has ended.
    pub(super) async fn reload(&mut self) -> Result<(), End> {
        match self.read_positions().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(End::Close(CloseCode::NotLoggedIn)),
            Err(error) => {
                self.store_failed(&error);
                Ok(())
            }
        }
    }

    /// Returns whether the login is still valid. If it is, updates the feed's cursors and sends the
    /// client what it missed.
    async fn read_positions(&mut self) -> Result<bool, StoreError> {
        let store = Arc::clone(&self.app.store);
        let uid = self.user.uid;
        let session = store.session(self.session.hash, clock::now_ms()).await?;
        let Some((_, user)) = session else {
            return Ok(false);
        };
        let Some(bound) = &mut self.bound else {
            return Ok(true);
        };
        let rate_limits = &self.app.admission.rate_limits;
        let mut pages = PositionPages::new(uid, bound.legacy);
        while let Some(mut page) = pages.read(store.as_ref()).await? {
            let Bound {
                feed, membership, ..
            } = &mut *bound;
            pages.join(&mut page, membership, rate_limits).await;
            // Also of a page that is read again: the feed has to know where this member's part of a
            // group begins before its first event.
            feed.handle_cursors(page.iter().map(|cursor| cursor.delivery));
        }
        let refreshed = self.refresh(user, pages.digest()).await;
        if let (Err(_), Some(bound)) = (&refreshed, &mut self.bound) {
            // Repeats everything once the store answers.
            bound.feed.handle_resync();
        }
        refreshed.map(|()| true)
    }

    pub(super) fn store_failed(&mut self, error: &StoreError) {
        tracing::warn!(uid = %self.user.uid, %error, "cannot read on; will try again");
        self.read_after = Some(Instant::now() + STORE_RETRY);
    }
}

/// Pending for ever before the bind.
pub(super) async fn next_event(bound: Option<&mut Bound>) -> ConnectionEvent {
    match bound {
        Some(Bound { membership, .. }) => next_event_of(membership).await,
        None => std::future::pending().await,
    }
}

async fn next_event_of(membership: &mut Membership) -> ConnectionEvent {
    match membership.next_event().await {
        Some(event) => event,
        // Unreachable: the hub keeps the sender as long as this membership lives.
        None => std::future::pending().await,
    }
}

fn item(thread: &Thread, record: &Record) -> FeedItem<Payload> {
    let text: Arc<str> = serde_json::to_string(&thread.pushed(record))
        .expect("plain structs with string keys always serialize")
        .into();
    FeedItem {
        conversation: thread.conversation,
        seq: record.seq,
        mid: record.mid,
        from_self: record.sender.uid == thread.me.uid,
        bytes: text.len(),
        payload: Payload {
            text,
            received_at: None,
        },
    }
}
