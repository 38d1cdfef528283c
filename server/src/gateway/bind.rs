//! Frame 1, the bind: from here on the connection receives pushes.

use super::connection::{Connection, End};
use super::position_pages::PositionPages;
use super::pushes::Bound;
use super::requests::{list_page, unread_for};
use crate::admission::with_jitter;
use crate::clock;
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{DeliveryCursor, Feed};
use tidings_shared::frame::{self, Bind, ServerFrame, kind};
use tidings_shared::{ErrorBody, ErrorCode};

/// Retry delay after a bind that could not be served: at least this, at most twice as long.
const RETRY: Duration = Duration::from_secs(3);

impl Connection {
    pub(super) async fn bind(&mut self, bind: &Bind) -> Result<(), End> {
        let uid = self.user.uid;
        if self.bound.is_some() {
            self.refuse(ErrorBody::new(ErrorCode::AlreadyBound).re(kind::BIND));
            return Ok(());
        }
        if bind.uid != uid {
            return Err(self.refuse_bind(ErrorCode::UidMismatch, CloseCode::NotLoggedIn));
        }
        let Ok(_permit) = self.app.admission.binds.acquire().await else {
            return Err(self.refuse_bind(ErrorCode::Busy, CloseCode::RateLimited));
        };
        // Subscribe first, then read: what is committed in between arrives as an event.
        let (lists, legacy) = (bind.conversations, bind.is_plain());
        let Ok(mut membership) = self.app.hub.join(uid, self.id, lists).await else {
            return Err(self.refuse_bind(ErrorCode::TooManyConnections, CloseCode::RateLimited));
        };
        let store = Arc::clone(&self.app.store);
        // The login may have ended since the handshake, before the hub knew this connection.
        match store.session(self.session.hash, clock::now_ms()).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                return Err(self.refuse_bind(ErrorCode::NotLoggedIn, CloseCode::NotLoggedIn));
            }
            Err(error) => {
                tracing::warn!(%uid, %error, "cannot bind");
                return Err(self.refuse_bind(ErrorCode::Unavailable, CloseCode::RateLimited));
            }
        }
        // Acknowledged a moment ago on another connection, and perhaps not written to the store
        // yet.
        let pending = self.app.cursors.pending(uid);
        let rate_limits = &self.app.admission.rate_limits;
        let read = async {
            let (mut pages, mut cursors) = (PositionPages::new(uid, legacy), Vec::new());
            while let Some(mut page) = pages.read(store.as_ref()).await? {
                if pages.join(&mut page, &mut membership, rate_limits).await {
                    cursors.extend(page.iter().map(|cursor| cursor.delivery));
                }
            }
            let unread = store.unread_total(uid).await?;
            let list = if bind.conversations {
                Some(list_page(store.as_ref(), uid, None).await?)
            } else {
                None
            };
            Ok::<_, StoreError>((cursors, pages.digest(), unread, list))
        };
        let (cursors, read_digest, unread, list) = match read.await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%uid, %error, "cannot bind");
                return Err(self.refuse_bind(ErrorCode::Unavailable, CloseCode::RateLimited));
            }
        };
        self.mark_own_read(&unread.from_self);
        let cursors = cursors.into_iter().map(|cursor| DeliveryCursor {
            delivered_seq: pending
                .get(&cursor.conversation)
                .map_or(cursor.delivered_seq, |seq| cursor.delivered_seq.max(*seq)),
            ..cursor
        });
        let timing = self.app.config.timing();
        let feed = if bind.conversations {
            Feed::from_latest(timing, cursors)
        } else if legacy {
            Feed::legacy(timing, cursors)
        } else {
            Feed::from_acknowledged(timing, cursors)
        };
        let missed = bind.missed.map(Duration::from_millis);
        let interval = self.app.heartbeats.bound(self.device, missed);
        self.push_frame(&ServerFrame::Bound(Box::new(frame::Bound {
            uid,
            username: self.user.username.clone(),
            timeout: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            unread: unread_for(&unread, legacy),
            list,
        })));
        self.open.bound();
        let time = self.last_arrival.elapsed();
        self.app.metrics.gateway.bound(Ok(()), time);
        self.bound = Some(Bound {
            feed,
            membership,
            lists,
            legacy,
            read: read_digest,
        });
        Ok(())
    }

    pub(super) fn refuse_bind(&mut self, code: ErrorCode, close: CloseCode) -> End {
        let mut body = ErrorBody::new(code).re(kind::BIND);
        if close == CloseCode::RateLimited {
            body = body.retry_after(with_jitter(RETRY, self.id.0));
        }
        self.refuse_bind_with(body, close)
    }

    pub(super) fn refuse_bind_with(&mut self, body: ErrorBody, close: CloseCode) -> End {
        let time = self.last_arrival.elapsed();
        self.app.metrics.gateway.bound(Err(body.code), time);
        self.push_frame(&ServerFrame::BindRefused(body));
        End::Close(close)
    }
}
