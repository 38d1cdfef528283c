//! Handles the frames of a client.
//!
//! Requests of a connection are answered in their order; sends are queued for the committer and
//! answered in their order among themselves. Every uid in a frame is compared with the login,
//! never believed.

use super::connection::{Connection, End};
use crate::bus::{BusEvent, Publication, Topic};
use crate::store::{AdvanceCursor, ListCursor, Range, StoreError, Thread, Unread};
use std::sync::Arc;
use tidings_shared::frame::{
    self, ClientFrame, ConversationList, Query, Read, ReadMark, ServerFrame, UnreadTotal, kind,
};
use tidings_shared::{ConversationId, ErrorBody, ErrorCode, Peer, Seq, UserId, limits};

/// Bytes of a frame reserved for the rest of a page.
const PAGE_OVERHEAD: usize = 64;

impl Connection {
    pub(super) async fn handle_frame(&mut self, frame: ClientFrame) -> Result<(), End> {
        self.app.metrics.gateway.frame_in(type_of(&frame));
        if self.bound.is_none() && !matches!(frame, ClientFrame::Bind(_)) {
            self.refuse(ErrorBody::new(ErrorCode::NotBound).re(type_of(&frame)));
            return Ok(());
        }
        if let Err(wait) = self.charge(&frame) {
            return self.defer(frame, wait);
        }
        // Futures that wait for the store are boxed: they are needed rarely, and would otherwise
        // enlarge every connection for its whole life.
        match frame {
            ClientFrame::Bind(bind) => return Box::pin(self.bind(&bind)).await,
            ClientFrame::Heartbeat(heartbeat) => {
                if self.check_uid(heartbeat.uid, kind::HEARTBEAT) {
                    self.sends_heartbeats = true;
                    let interval = self.app.heartbeats.answered(self.device, self.idle_before);
                    self.push_frame(&ServerFrame::Heartbeat(interval));
                }
            }
            ClientFrame::Query(query) => Box::pin(self.query(&query)).await,
            ClientFrame::Send(send) => self.send(send),
            ClientFrame::Unread(unread) => Box::pin(self.unread(&unread)).await,
            ClientFrame::Ack(ack) => {
                if let Some(bound) = &mut self.bound {
                    bound.feed.handle_ack(ack.tid, ack.cumulative);
                }
            }
            ClientFrame::ListConversations(request) => {
                Box::pin(self.list_conversations(request.after.as_deref())).await;
            }
            ClientFrame::Read(read) => Box::pin(self.read(&read)).await,
            ClientFrame::Watch(watch) => self.watch(watch.uids),
        }
        Ok(())
    }

    async fn unread(&mut self, unread: &frame::Unread) {
        if self.check_uid(unread.uid, kind::UNREAD) {
            match self.app.store.unread_total(self.user.uid).await {
                Ok(unread) => {
                    self.mark_own_read(&unread.from_self);
                    let legacy = self.bound.as_ref().is_some_and(|bound| bound.legacy);
                    let unread = unread_for(&unread, legacy);
                    self.push_frame(&ServerFrame::Unread(UnreadTotal { unread }));
                }
                Err(error) => self.unavailable(kind::UNREAD, None, &error),
            }
        }
    }

    /// Marks trailing messages from self as read, so that they are not counted again.
    pub(super) fn mark_own_read(&self, from_self: &[(ConversationId, Seq)]) {
        for &(conversation, last) in from_self {
            let side = (conversation, self.user.uid);
            self.app.cursors.mark_own_read(side, last);
        }
    }

    async fn query(&mut self, query: &Query) {
        let uid = self.user.uid;
        let refuse = |code: ErrorCode| {
            let mut body = ErrorBody::new(code).re(kind::QUERY);
            body.reference = query.reference;
            body
        };
        if query.owner_uid != uid {
            self.refuse(refuse(ErrorCode::UidMismatch));
            return;
        }
        let store = Arc::clone(&self.app.store);
        let read = async {
            let Some(thread) = store.thread(uid, query.peer).await? else {
                let known = match query.peer {
                    Peer::User(other) => store.user(other).await?.is_some(),
                    Peer::Group(_) => false,
                };
                return Ok::<_, StoreError>(known.then_some((None, Vec::new())));
            };
            let range = Range {
                after: query.after_seq,
                before: query.before_seq,
                before_mid: None,
                limit: query
                    .limit
                    .unwrap_or(limits::PAGE_DEFAULT)
                    .clamp(1, limits::PAGE_MAX),
            };
            let records = store.page(thread.conversation, range).await?;
            Ok(Some((Some(thread), records)))
        };
        match read.await {
            Ok(Some((thread, records))) => {
                let messages = thread.iter().flat_map(|thread| {
                    records.iter().map(|record| {
                        serde_json::to_string(&thread.queried(record))
                            .expect("plain structs with string keys always serialize")
                    })
                });
                let page = fit_in_frame(messages.collect(), query.after_seq.is_some());
                self.app.metrics.gateway.frame_out(kind::QUERY);
                self.writer.push(frame::write_page(query.reference, &page));
                if let Some(thread) = thread.filter(|_| query.is_plain()) {
                    // A page does not acknowledge earlier messages.
                    self.mark_read(&thread, thread.last_seq, false, kind::QUERY)
                        .await;
                }
            }
            Ok(None) => self.refuse(refuse(ErrorCode::UnknownRecipient)),
            Err(error) => self.unavailable(kind::QUERY, query.reference, &error),
        }
    }

    async fn list_conversations(&mut self, after: Option<&str>) {
        let cursor = match after.map(ListCursor::parse) {
            Some(None) => {
                let mut body = ErrorBody::new(ErrorCode::Malformed).re(kind::CONVERSATIONS);
                body.message = "after is the next of the page before, unchanged".into();
                self.refuse(body);
                return;
            }
            Some(cursor) => cursor,
            None => None,
        };
        match list_page(self.app.store.as_ref(), self.user.uid, cursor).await {
            Ok(list) => self.push_frame(&ServerFrame::Conversations(list)),
            Err(error) => self.unavailable(kind::CONVERSATIONS, None, &error),
        }
    }

    async fn read(&mut self, read: &Read) {
        match self.app.store.thread(self.user.uid, read.peer).await {
            Ok(Some(thread)) => self.mark_read(&thread, read.seq, true, kind::READ).await,
            Ok(None) => self.refuse(ErrorBody::new(ErrorCode::UnknownRecipient).re(kind::READ)),
            Err(error) => self.unavailable(kind::READ, None, &error),
        }
    }

    fn watch(&mut self, uids: Vec<UserId>) {
        if uids.len() > limits::WATCHED_MAX {
            let mut body = ErrorBody::new(ErrorCode::Malformed).re(kind::PRESENCE);
            body.message = format!("uids are at most {}", limits::WATCHED_MAX);
            self.refuse(body);
        } else if let Some(bound) = self.bound.as_mut().filter(|bound| bound.lists) {
            bound.membership.watch(uids);
        }
    }

    /// Advances the read cursor and notifies the user's devices.
    async fn mark_read(&mut self, thread: &Thread, seq: Seq, delivered: bool, re: u64) {
        let uid = self.user.uid;
        let seq = seq.min(thread.last_seq);
        // A read message may still be undelivered: it was only queried.
        let is_delivery = delivered && seq == thread.read_seq && seq > Seq(0);
        if seq <= thread.read_seq && !is_delivery {
            return;
        }
        let store = Arc::clone(&self.app.store);
        let advanced = async {
            let advance = AdvanceCursor {
                conversation: thread.conversation,
                uid,
                read: seq,
                delivered: if delivered { seq } else { Seq(0) },
            };
            store.advance(&[advance]).await?;
            self.app.receipts.advanced(&[advance]);
            store.unread(uid, thread.conversation).await
        };
        match advanced.await {
            Ok((unread, total)) => {
                let mark = ReadMark {
                    peer: thread.other.peer,
                    seq,
                    unread,
                    total,
                };
                let publication = Publication {
                    topics: vec![Topic::User(uid)],
                    event: Arc::new(BusEvent::Read {
                        conversation: thread.conversation,
                        mark,
                        delivered,
                    }),
                };
                self.app.bus.publish(vec![publication]).await;
            }
            Err(error) => self.unavailable(re, None, &error),
        }
    }

    fn check_uid(&mut self, uid: UserId, re: u64) -> bool {
        let same = uid == self.user.uid;
        if !same {
            self.refuse(ErrorBody::new(ErrorCode::UidMismatch).re(re));
        }
        same
    }

    pub(super) fn refuse(&mut self, body: ErrorBody) {
        self.push_frame(&ServerFrame::Error(body));
    }

    fn unavailable(&mut self, re: u64, reference: Option<u64>, error: &StoreError) {
        tracing::warn!(uid = %self.user.uid, frame = re, %error, "cannot answer");
        let mut body = ErrorBody::new(ErrorCode::Unavailable).re(re);
        body.reference = reference;
        self.refuse(body);
    }
}

/// The unread total for a connection. Without groups for a legacy client, which does not receive
/// groups: its user could not bring the total to zero.
pub(super) const fn unread_for(unread: &Unread, legacy: bool) -> u64 {
    if legacy { unread.direct } else { unread.total }
}

pub(super) async fn list_page(
    store: &dyn crate::store::Store,
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
    })
}

/// As many of these texts as fit in a frame: from the front when paging upwards, else from the
/// back.
fn fit_in_frame(mut messages: Vec<String>, upward: bool) -> Vec<String> {
    let mut left = limits::FRAME_BYTES - PAGE_OVERHEAD;
    let mut fits = |text: &String| {
        let needed = text.len() + 1;
        let fits = needed <= left;
        left = left.saturating_sub(needed);
        fits
    };
    if upward {
        let count = messages.iter().take_while(|text| fits(text)).count();
        messages.truncate(count);
        messages
    } else {
        let count = messages.iter().rev().take_while(|text| fits(text)).count();
        messages.split_off(messages.len() - count)
    }
}

pub(super) const fn type_of(frame: &ClientFrame) -> u64 {
    match frame {
        ClientFrame::Heartbeat(_) => kind::HEARTBEAT,
        ClientFrame::Bind(_) => kind::BIND,
        ClientFrame::Query(_) => kind::QUERY,
        ClientFrame::Send(_) => kind::SEND,
        ClientFrame::Unread(_) => kind::UNREAD,
        ClientFrame::Ack(_) => kind::ACK,
        ClientFrame::ListConversations(_) => kind::CONVERSATIONS,
        ClientFrame::Read(_) => kind::READ,
        ClientFrame::Watch(_) => kind::PRESENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_fits_in_a_frame_and_keeps_the_requested_end() {
        let texts: Vec<_> = (0..10)
            .map(|n| n.to_string().repeat(limits::FRAME_BYTES / 4))
            .collect();
        let first = fit_in_frame(texts.clone(), true);
        assert_eq!(first, texts[..3]);
        let last = fit_in_frame(texts.clone(), false);
        assert_eq!(last, texts[7..]);
        assert!(frame::write_page(Some(u64::MAX), &first).len() <= limits::FRAME_BYTES);
        assert_eq!(fit_in_frame(texts[..2].to_vec(), true), texts[..2]);
    }
}
