//! `GET /ws`, or `/` with an upgrade: opens connections.

use super::extract::{ClientAddress, LoggedIn, logged_in};
use super::{Failure, site};
use crate::admission::ConnectionPermit;
use crate::app::AppState;
use crate::auth::Token;
use crate::gateway::{self, Opening};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::net::IpAddr;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ClientFrame;
use tidings_shared::{ErrorCode, limits};

/// Read buffer in bytes, allocated per connection for its whole life: some five chat frames. The
/// default of 128 KiB takes 1.3 GB for 10,000 idle connections.
const READ_BUFFER: usize = 1024;
/// Frames are flushed as they are queued; a larger buffer saves nothing.
const WRITE_BUFFER: usize = 4 * 1024;
/// Maximum bytes buffered for a peer that does not read: one largest answer and a push.
const WRITE_BUFFER_MAX: usize = 4 * limits::FRAME_BYTES;

/// Refuses with 503 or 429 when a connection limit is reached; opens everything else. A socket
/// without a valid login is opened and then closed with 4500, because a browser's script cannot see
/// why a handshake was refused. From a page of another allowed site, the login may come with the
/// bind instead.
pub(super) async fn upgrade(
    State(app): State<AppState>,
    ClientAddress(address): ClientAddress,
    permit: ConnectionPermit,
    login: Option<LoggedIn>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !has_valid_key(&headers) {
        let reason = "Sec-WebSocket-Key is 16 bytes in Base64 (RFC 6455 §4.1)";
        return Failure::BadRequest(reason.into()).into_response();
    }
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(limits::SOCKET_MESSAGE_BYTES)
        .max_frame_size(limits::SOCKET_MESSAGE_BYTES);
    let tracker = app.lifecycle.connections.clone();
    match login {
        Some(login) => {
            let opening = opening(app, login, address, permit);
            upgrade.on_upgrade(move |socket| {
                tracker.track_future(gateway::serve(opening, socket, None))
            })
        }
        None if site::is_other_site(&app.config, &headers) => upgrade.on_upgrade(move |socket| {
            let serving = login_with_bind(app, address, permit, socket);
            tracker.track_future(serving)
        }),
        None => upgrade.on_upgrade(move |socket| {
            tracker.track_future(async move {
                refuse(&app, socket).await;
                drop(permit);
            })
        }),
    }
}

fn opening(
    app: AppState,
    LoggedIn { session, user }: LoggedIn,
    address: IpAddr,
    permit: ConnectionPermit,
) -> Opening {
    Opening {
        app,
        session,
        user,
        address,
        permit,
    }
}

async fn refuse(app: &AppState, socket: WebSocket) {
    app.metrics.gateway.error(ErrorCode::NotLoggedIn);
    app.metrics.gateway.closed(Some(CloseCode::NotLoggedIn));
    gateway::refuse(socket, ErrorCode::NotLoggedIn, CloseCode::NotLoggedIn).await;
}

/// Waits for the bind up to the bind deadline, and serves the login of its token.
async fn login_with_bind(
    app: AppState,
    address: IpAddr,
    permit: ConnectionPermit,
    mut socket: WebSocket,
) {
    let first = tokio::select! {
        () = app.lifecycle.drain.cancelled() => return,
        first = tokio::time::timeout(limits::BIND_DEADLINE, socket.recv()) => first,
    };
    let Ok(Some(Ok(first))) = first else {
        return refuse(&app, socket).await;
    };
    let login = match token(&first) {
        Some(token) => logged_in(&app, &token).await,
        None => Ok(None),
    };
    match login {
        Ok(Some(login)) => {
            let opening = opening(app, login, address, permit);
            gateway::serve(opening, socket, Some(first)).await;
        }
        Ok(None) => refuse(&app, socket).await,
        Err(error) => {
            tracing::warn!(%error, "cannot look up a login");
            app.metrics.gateway.error(ErrorCode::Unavailable);
            app.metrics.gateway.closed(Some(CloseCode::RateLimited));
            gateway::refuse(socket, ErrorCode::Unavailable, CloseCode::RateLimited).await;
        }
    }
}

fn token(message: &Message) -> Option<Token> {
    let Message::Text(text) = message else {
        return None;
    };
    match ClientFrame::parse(text) {
        Ok(ClientFrame::Bind(bind)) => Token::parse(&bind.token?.0),
        _ => None,
    }
}

/// Whether the handshake has a valid nonce: the library only copies it into its answer.
fn has_valid_key(headers: &HeaderMap) -> bool {
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    key.and_then(|key| BASE64_STANDARD.decode(key).ok())
        .is_some_and(|nonce| nonce.len() == 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshake_key_must_be_sixteen_bytes() {
        for (key, right) in [
            ("dGhlIHNhbXBsZSBub25jZQ==", true),
            ("", false),
            ("dGhlIHNhbXBsZSBub25j", false),
            ("????????????????????????", false),
        ] {
            let value = key.parse().expect("valid");
            let headers = HeaderMap::from_iter([(header::SEC_WEBSOCKET_KEY, value)]);
            assert_eq!(has_valid_key(&headers), right, "{key}");
        }
        assert!(!has_valid_key(&HeaderMap::new()));
    }
}
