//! Frame 1: from a login to a connection that is pushed to.

use super::connection::{Connection, End};
use super::positions::PositionPages;
use super::pushes::Bound;
use super::requests::{list_page, unread_for};
use crate::admission::spread;
use crate::clock;
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Feed, Position};
use tidings_shared::frame::{self, Bind, ServerFrame, kind};
use tidings_shared::{ErrorBody, ErrorCode};

/// After how long a bind that could not be served is to be tried again, at least; at most twice
/// as long.
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
        let Ok(_turn) = self.app.admission.binds.turn().await else {
            return Err(self.refuse_bind(ErrorCode::Busy, CloseCode::RateLimited));
        };
        // Subscribe first, then read: what is committed in between arrives as an event.
        let (lists, plain) = (bind.conversations, bind.is_plain());
        let Ok(mut membership) = self.app.hub.join(uid, self.id, lists).await else {
            return Err(self.refuse_bind(ErrorCode::TooManyConnections, CloseCode::RateLimited));
        };
        let store = Arc::clone(&self.app.store);
        // Ended since the handshake, when nobody could be told through the hub?
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
        // Acknowledged a moment ago on another connection, and perhaps not written yet.
        let pending = self.app.positions.pending(uid);
        let allowances = &self.app.admission.allowances;
        let read = async {
            let (mut pages, mut positions) = (PositionPages::new(uid, plain), Vec::new());
            while let Some(mut page) = pages.read(store.as_ref()).await? {
                if pages.join(&mut page, &mut membership, allowances).await {
                    positions.extend(page.iter().map(|standing| standing.position));
                }
            }
            let unread = store.unread_total(uid).await?;
            let list = if bind.conversations {
                Some(list_page(store.as_ref(), uid, None).await?)
            } else {
                None
            };
            Ok::<_, StoreError>((positions, pages.digest(), unread, list))
        };
        let (positions, digest, unread, list) = match read.await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%uid, %error, "cannot bind");
                return Err(self.refuse_bind(ErrorCode::Unavailable, CloseCode::RateLimited));
            }
        };
        self.wrote(&unread.own);
        let positions = positions.into_iter().map(|position| Position {
            delivered_seq: pending
                .get(&position.conversation)
                .map_or(position.delivered_seq, |seq| {
                    position.delivered_seq.max(*seq)
                }),
            ..position
        });
        let timing = self.app.config.timing();
        let feed = if bind.conversations {
            Feed::from_latest(timing, positions)
        } else if plain {
            Feed::legacy(timing, positions)
        } else {
            Feed::from_acknowledged(timing, positions)
        };
        let missed = bind.missed.map(Duration::from_millis);
        let interval = self.app.heartbeats.bound(self.device, missed);
        self.push_frame(&ServerFrame::Bound(Box::new(frame::Bound {
            uid,
            username: self.user.username.clone(),
            timeout: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            unread: unread_for(&unread, plain),
            list,
        })));
        self.open.bound();
        let time = self.last_arrival.elapsed();
        self.app.metrics.gateway.bound(Ok(()), time);
        self.bound = Some(Bound {
            feed,
            membership,
            lists,
            plain,
            read: digest,
        });
        Ok(())
    }

    pub(super) fn refuse_bind(&mut self, code: ErrorCode, close: CloseCode) -> End {
        let mut body = ErrorBody::new(code).re(kind::BIND);
        if close == CloseCode::RateLimited {
            body = body.retry_after(spread(RETRY, self.id.0));
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
