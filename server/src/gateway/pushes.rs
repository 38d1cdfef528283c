//! What a connection is pushed: hands events and answers to its feed, and does what the feed asks.
//!
//! When and in which order is the feed's decision (`tidings_shared::delivery`), never this
//! module's.

use super::answers::Answer;
use super::connection::{Connection, End};
use super::hub::{Membership, Word};
use super::positions::PositionPages;
use super::refresh::ReadDigest;
use crate::bus::Event;
use crate::clock;
use crate::store::{Range, Record, StoreError, Thread};
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Effect, Feed, Item, ReadRequest};
use tidings_shared::frame::{ServerFrame, kind, write_push};
use tidings_shared::{api, limits};
use tokio::time::Instant;

/// From a failed read of the store to the next one.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// With every so manieth push the window is looked at.
const SAMPLE_EVERY: u64 = 16;

/// The text of a push, shared by all who get it.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    text: Arc<str>,
    /// When this node took the message in, if it did so just now.
    taken_at: Option<Instant>,
}

/// What a connection has after its bind.
pub(super) struct Bound {
    pub(super) feed: Feed<Payload>,
    pub(super) membership: Membership,
    /// Bound by asking for the list: it knows the frames from 8 up.
    pub(super) lists: bool,
    /// Bound in the course's way: it gets direct messages from others and no more.
    pub(super) plain: bool,
    /// How far its user had read when it was last told all of that.
    pub(super) read: ReadDigest,
}

impl Connection {
    pub(super) fn handle_answer(&mut self, answer: Answer) {
        let metrics = &self.app.metrics.gateway;
        metrics.frame_out(answer.kind());
        metrics.send_answer.time(answer.arrived.elapsed());
        if let Some(code) = answer.refused {
            metrics.error(code);
        }
        self.writer.push(answer.text);
        if let (Some(bound), Some((conversation, seq))) = (&mut self.bound, answer.place) {
            bound.feed.handle_answered(conversation, seq);
        }
    }

    pub(super) fn handle_word(&mut self, word: Word) -> Result<(), End> {
        // Hints are not queued for who does not read.
        let has_room = self.writer.has_room();
        match word {
            Word::Event(event) if has_room || !event.is_hint() => self.handle_event(&event),
            Word::Event(_) => Ok(()),
            Word::Presence(_) if !has_room => Ok(()),
            Word::Presence(presence) => {
                self.push_frame(&ServerFrame::Presence(api::PresenceList { presence }));
                Ok(())
            }
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
                let text = message.json_for(self.user.uid);
                bound.feed.handle_message(
                    now,
                    Item {
                        conversation: message.conversation,
                        seq: message.seq,
                        mid: message.mid,
                        own: message.sender == self.user.uid,
                        bytes: text.len(),
                        payload: Payload {
                            text,
                            taken_at: message.taken_at,
                        },
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
            Event::Receipt(receipt) => {
                // The hub tells nobody else.
                self.push_frame(&ServerFrame::Receipt(*receipt));
                Ok(())
            }
            Event::Profile(user) => {
                self.user = user.clone();
                self.push_frame(&ServerFrame::Profile(user.clone()));
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
    pub(super) async fn run_feed(&mut self) -> Result<(), End> {
        while self.writer.has_room() && self.read_after.is_none() {
            let Some(bound) = &mut self.bound else { break };
            let Some(effect) = bound.feed.poll() else {
                break;
            };
            match effect {
                Effect::Push { tid, dup, payload } => {
                    let metrics = &self.app.metrics.gateway;
                    metrics.frame_out(kind::PUSH);
                    if dup {
                        metrics.repushes.inc();
                    } else {
                        if let Some(taken_at) = payload.taken_at {
                            metrics.send_push.time(taken_at.elapsed());
                        }
                        if tid.0 % SAMPLE_EVERY == 1 {
                            metrics.window.count(bound.feed.unacknowledged());
                        }
                    }
                    self.writer.push(write_push(tid, dup, &payload.text));
                }
                Effect::Delivered(conversation, seq) => {
                    let side = (conversation, self.user.uid);
                    self.app.positions.delivered(side, seq, true);
                }
                Effect::Passed(conversation, seq) => {
                    let side = (conversation, self.user.uid);
                    self.app.positions.delivered(side, seq, false);
                }
                Effect::Read(request) => Box::pin(self.read_page(request)).await,
                Effect::Reload => Box::pin(self.reload()).await?,
                Effect::GiveUp => return Err(End::Close(CloseCode::AckMissing)),
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

    /// Own messages of a page may be sends of this connection whose answers are on their way, and
    /// which must not be pushed as well. They were committed before the page was read, so the wait
    /// is for this process only.
    pub(super) async fn await_answers(&mut self, items: &[Item<Payload>]) {
        for own in items.iter().filter(|item| item.own) {
            loop {
                let known = self
                    .bound
                    .as_ref()
                    .is_none_or(|bound| bound.feed.has_answered(own.conversation, own.seq));
                if known {
                    break;
                }
                let Some(answer) = self.answers.next().await else {
                    return;
                };
                self.handle_answer(answer);
            }
        }
    }

    /// Events were lost, or the user is in a new group: what moved on is read from the store, and
    /// so is whether the login was ended meanwhile.
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

    /// Whether the login still stands; if it does, the feed knows the positions now, and the client what
    /// it missed.
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
        let allowances = &self.app.admission.allowances;
        let mut pages = PositionPages::new(uid, bound.plain);
        while let Some(mut page) = pages.read(store.as_ref()).await? {
            let Bound {
                feed, membership, ..
            } = &mut *bound;
            pages.join(&mut page, membership, allowances).await;
            // Also of a page that is read again: the feed is to know where this member's part of a group
            // begins before it is given the group's first event.
            feed.handle_positions(page.iter().map(|standing| standing.position));
        }
        let refreshed = self.refresh(user, pages.digest()).await;
        if let (Err(_), Some(bound)) = (&refreshed, &mut self.bound) {
            // All of it again, once the store answers.
            bound.feed.handle_gap();
        }
        refreshed.map(|()| true)
    }

    pub(super) fn store_failed(&mut self, error: &StoreError) {
        tracing::warn!(uid = %self.user.uid, %error, "cannot read on; will try again");
        self.read_after = Some(Instant::now() + STORE_RETRY);
    }
}

/// Waits for ever before the bind.
pub(super) async fn next_word(bound: Option<&mut Bound>) -> Word {
    match bound {
        Some(Bound { membership, .. }) => word_of(membership).await,
        None => std::future::pending().await,
    }
}

async fn word_of(membership: &mut Membership) -> Word {
    match membership.word().await {
        Some(word) => word,
        // The hub keeps the other half as long as this membership lives.
        None => std::future::pending().await,
    }
}

fn item(thread: &Thread, record: &Record) -> Item<Payload> {
    let text: Arc<str> = serde_json::to_string(&thread.pushed(record))
        .expect("plain structs with string keys always serialize")
        .into();
    Item {
        conversation: thread.conversation,
        seq: record.seq,
        mid: record.mid,
        own: record.sender.uid == thread.me.uid,
        bytes: text.len(),
        payload: Payload {
            text,
            taken_at: None,
        },
    }
}
