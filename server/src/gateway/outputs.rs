//! Runs the outputs of a connection's session, and answers its requests from the store, the hub and
//! the admission control.

use super::connection::Connection;
use super::encode::MessageText;
use crate::clock;
use crate::domain::{BusEvent, Publication, Topic};
use crate::store::{
    AdvanceCursor, CURSORS_PAGE, ListCursor, NewMessage, Range, Record, Store, StoreError, Thread,
};
use std::sync::Arc;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{FeedItem, ReadRequest};
use tidings_shared::frame::{self, ConversationList, ReadMark};
use tidings_shared::session::{
    Answer, ConversationCursor, Output, Position, Request, StoreUnavailable,
};
use tidings_shared::{ConversationId, ErrorCode, Message, Peer, UserId, limits};

impl Connection {
    /// Runs everything that the session wants now. While it waits for a request, so does this
    /// connection's task: a request takes as long as the store, which has its own limits.
    pub(super) async fn run_outputs(&mut self) {
        while let Some(output) = self.session.poll_output(self.now()) {
            // Futures that wait for the store are boxed: they are needed rarely, and would
            // otherwise enlarge every connection for its whole life.
            match output {
                Output::Request(request) => {
                    let answer = Box::pin(self.answer(request)).await.map_err(|error| {
                        tracing::warn!(uid = %self.uid, %error, "cannot answer a connection");
                        StoreUnavailable
                    });
                    self.session.handle_answer(self.now(), answer);
                }
                Output::Append(send) => self.append(send),
                Output::Delivered {
                    conversation,
                    seq,
                    acknowledged,
                } => {
                    let side = (conversation, self.uid);
                    self.app.cursors.delivered(side, seq, acknowledged);
                }
                Output::OwnRead(conversations) => {
                    for (conversation, last) in conversations {
                        let side = (conversation, self.uid);
                        self.app.cursors.mark_own_read(side, last);
                    }
                }
                Output::PublishRead {
                    conversation,
                    mark,
                    delivered,
                } => Box::pin(self.publish_read(conversation, mark, delivered)).await,
                Output::Watch(uids) => {
                    if let Some(membership) = &mut self.membership {
                        membership.watch(uids);
                    }
                }
                Output::Charge(requests) => {
                    // Done already: later requests wait for it.
                    let rate_limits = &self.app.admission.rate_limits;
                    let _ = rate_limits.charge_request(self.uid, requests);
                }
                Output::HeartbeatMissed => self.app.heartbeats.timed_out(self.device),
                Output::BindAnswered(outcome, time) => {
                    if outcome.is_ok() {
                        self.open.bound();
                    }
                    self.app.metrics.gateway.bound(outcome, time);
                    self.bind_permit = None;
                }
                Output::Ended(code) => self.end(code),
            }
        }
    }

    fn end(&mut self, code: Option<CloseCode>) {
        if let Some(code) = code {
            tracing::debug!(code = code.code(), "closing");
        }
        self.app.metrics.gateway.closed(code);
        self.membership = None;
        self.bind_permit = None;
    }

    fn append(&mut self, send: frame::Send) {
        let pending = if self.app.disk.is_full() {
            Err(ErrorCode::Unavailable)
        } else {
            let message = NewMessage {
                sender: self.uid,
                peer: send.peer,
                body: send.body,
                client_msg_id: send.client_msg_id,
                origin: self.id,
                created_at: clock::now_ms(),
            };
            self.app.committer.send(message).map_err(ErrorCode::from)
        };
        self.sends.push(pending);
    }

    async fn publish_read(&self, conversation: ConversationId, mark: ReadMark, delivered: bool) {
        let publication = Publication {
            topics: vec![Topic::User(self.uid)],
            event: Arc::new(BusEvent::Read {
                conversation,
                mark,
                delivered,
            }),
        };
        self.app.bus.publish(vec![publication]).await;
    }

    async fn answer(&mut self, request: Request) -> Result<Answer<MessageText>, StoreError> {
        let uid = self.uid;
        let store = self.app.store.as_ref();
        Ok(match request {
            Request::Admit => {
                self.bind_permit = self.app.admission.binds.acquire().await.ok();
                Answer::Admitted(self.bind_permit.is_some())
            }
            Request::Subscribe { lists } => {
                self.membership = self.app.hub.join(uid, self.id, lists).await.ok();
                Answer::Subscribed(self.membership.is_some())
            }
            Request::JoinGroups(groups) => match &mut self.membership {
                Some(membership) => Answer::Joined(membership.join_groups(groups).await),
                None => Answer::Joined(false),
            },
            Request::Login => {
                let session = store.session(self.login, clock::now_ms()).await?;
                Answer::Login(session.map(|(_, user)| user))
            }
            Request::Epoch => Answer::Epoch(store.epoch().await?),
            Request::Cursors { after } => {
                // Read before the store's: what is written in between is then in both.
                let pending = self.app.cursors.pending(uid);
                let mut page = store.cursors(uid, after).await?;
                for ConversationCursor { delivery, .. } in &mut page {
                    if let Some(seq) = pending.get(&delivery.conversation) {
                        // Of another history, before a restore, it may be beyond the end.
                        let seq = (*seq).min(delivery.last_seq);
                        delivery.delivered_seq = delivery.delivered_seq.max(seq);
                    }
                }
                let is_last = u32::try_from(page.len()).is_ok_and(|rows| rows < CURSORS_PAGE);
                Answer::Cursors { page, is_last }
            }
            Request::Unread => Answer::Unread(store.unread_total(uid).await?),
            Request::List { after } => match after.as_deref().map(ListCursor::parse) {
                Some(None) => Answer::List(None),
                after => Answer::List(Some(list(store, uid, after.flatten()).await?)),
            },
            Request::Query {
                peer,
                after,
                before,
                limit,
            } => {
                let range = Range {
                    after,
                    before,
                    before_mid: None,
                    limit,
                };
                Answer::Query(query(store, uid, peer, range).await?)
            }
            Request::Position(peer) => {
                let thread = store.thread(uid, peer).await?;
                Answer::Position(thread.as_ref().map(position))
            }
            Request::Advance {
                conversation,
                read,
                delivered,
            } => {
                let advance = AdvanceCursor {
                    conversation,
                    uid,
                    read,
                    delivered,
                };
                store.advance(&[advance]).await?;
                self.app.receipts.advanced(&[advance]);
                let (unread, total) = store.unread(uid, conversation).await?;
                Answer::Advanced { unread, total }
            }
            Request::Page(request) => Answer::Page(page(store, uid, request).await?),
        })
    }
}

async fn list(
    store: &dyn Store,
    uid: UserId,
    after: Option<ListCursor>,
) -> Result<ConversationList, StoreError> {
    let rows = store.list(uid, after, limits::LIST_MAX).await?;
    let full = u32::try_from(rows.len()).is_ok_and(|n| n >= limits::LIST_MAX);
    let next = rows.last().filter(|_| full).map(|row| row.cursor.to_text());
    let conversations = rows.into_iter().map(|row| row.conversation(uid)).collect();
    Ok(ConversationList {
        conversations,
        next,
        epoch: None,
    })
}

async fn query(
    store: &dyn Store,
    uid: UserId,
    peer: Peer,
    range: Range,
) -> Result<Option<(Vec<MessageText>, Option<Position>)>, StoreError> {
    let Some(thread) = store.thread(uid, peer).await? else {
        let is_known = match peer {
            Peer::User(other) => store.user(other).await?.is_some(),
            Peer::Group(_) => false,
        };
        return Ok(is_known.then_some((Vec::new(), None)));
    };
    let records = store.page(thread.conversation, range).await?;
    let messages = records.iter().map(|record| text(&thread.queried(record)));
    Ok(Some((messages.collect(), Some(position(&thread)))))
}

async fn page(
    store: &dyn Store,
    uid: UserId,
    request: ReadRequest,
) -> Result<Vec<FeedItem<MessageText>>, StoreError> {
    let Some(thread) = store.thread_by_id(uid, request.conversation).await? else {
        return Ok(Vec::new());
    };
    let range = Range {
        after: Some(request.after),
        before: None,
        before_mid: request.before,
        limit: u32::try_from(request.limit).unwrap_or(limits::PAGE_MAX),
    };
    let records = store.page(request.conversation, range).await?;
    Ok(records.iter().map(|record| item(&thread, record)).collect())
}

fn item(thread: &Thread, record: &Record) -> FeedItem<MessageText> {
    let payload = text(&thread.pushed(record));
    FeedItem {
        conversation: thread.conversation,
        seq: record.seq,
        mid: record.mid,
        from_self: record.sender.uid == thread.me.uid,
        bytes: payload.text.len(),
        payload,
    }
}

fn text(message: &Message) -> MessageText {
    let text = serde_json::to_string(message)
        .expect("plain structs with string keys always serialize")
        .into();
    MessageText {
        text,
        received_at: None,
    }
}

const fn position(thread: &Thread) -> Position {
    Position {
        conversation: thread.conversation,
        peer: thread.other.peer,
        last_seq: thread.last_seq,
        read_seq: thread.read_seq,
    }
}
