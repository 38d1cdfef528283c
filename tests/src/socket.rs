//! A client of plain WebSocket and JSON, without the types of `shared`.

use crate::TEST_TIMEOUT;
use crate::server::Server;
use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A connection.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a connection with a bearer token, or without any login.
    ///
    /// # Errors
    /// When the handshake is refused.
    pub async fn open(server: &Server, token: Option<&str>) -> Result<Self> {
        Self::open_with(server, token, None).await
    }

    /// The same at `/`, like the course's page, with any headers.
    ///
    /// # Errors
    /// When the handshake is refused.
    pub async fn open_at_root(server: &Server, headers: &[(&'static str, &str)]) -> Result<Self> {
        Self::dial(&format!("ws://{}/", server.address()), headers).await
    }

    /// The same with an `Origin`.
    ///
    /// # Errors
    /// When the handshake is refused.
    pub async fn open_with(
        server: &Server,
        token: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self> {
        Self::open_at(server.address(), token, origin).await
    }

    async fn open_at(address: &str, token: Option<&str>, origin: Option<&str>) -> Result<Self> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let bearer = bearer.as_deref().map(|bearer| ("authorization", bearer));
        let headers = [bearer, origin.map(|origin| ("origin", origin))];
        let headers: Vec<_> = headers.into_iter().flatten().collect();
        Self::dial(&format!("ws://{address}/ws"), &headers).await
    }

    async fn dial(url: &str, headers: &[(&'static str, &str)]) -> Result<Self> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value)?;
            request.headers_mut().insert(*name, value);
        }
        let opening = tokio_tungstenite::connect_async(request);
        let (stream, _) = timeout(TEST_TIMEOUT, opening)
            .await
            .context("no answer")??;
        Ok(Self { stream })
    }

    /// Logs in, opens a connection and binds it with `all`: everything is pushed to it.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn bound(server: &Server, user: (i64, &str)) -> Result<Self> {
        let token = server.login(user.1).await?;
        Self::bound_with(server, &token, json!({"uid": user.0, "all": true})).await
    }

    /// The same in the legacy (v0) protocol: only direct messages from others are pushed.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn bound_legacy(server: &Server, user: (i64, &str)) -> Result<Self> {
        let token = server.login(user.1).await?;
        Self::bound_with(server, &token, json!({"uid": user.0})).await
    }

    /// The same with a token and a given bind.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn bound_with(server: &Server, token: &str, bind: Value) -> Result<Self> {
        Self::bound_at(server.address(), token, bind).await
    }

    /// The same at one node of a fleet.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn bound_at(address: &str, token: &str, bind: Value) -> Result<Self> {
        let mut socket = Self::open_at(address, Some(token), None).await?;
        socket.send(json!({"type": 1, "data": bind})).await?;
        let answer = socket.frame(1).await?;
        ensure!(answer["status"] == "success", "{answer}");
        Ok(socket)
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, frame: Value) -> Result<()> {
        self.send_text(frame.to_string()).await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_text(&mut self, text: String) -> Result<()> {
        Ok(self.stream.send(Message::text(text)).await?)
    }

    /// Sends any bytes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        Ok(self.stream.send(Message::binary(bytes)).await?)
    }

    /// The next frame, of whatever type.
    ///
    /// # Errors
    /// When the connection is closed or nothing comes.
    pub async fn next(&mut self) -> Result<Value> {
        loop {
            let message = timeout(TEST_TIMEOUT, self.stream.next())
                .await
                .context("nothing comes")?;
            match message.context("the connection is gone")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next frame, which must be of this type.
    ///
    /// # Errors
    /// When it is of another, or none comes.
    pub async fn frame(&mut self, kind: u64) -> Result<Value> {
        let frame = self.next().await?;
        ensure!(frame["type"] == kind, "expected type {kind}: {frame}");
        Ok(frame)
    }

    /// The `data` of the next frame, which must be of this type.
    ///
    /// # Errors
    /// When it is of another, or none comes.
    pub async fn data(&mut self, kind: u64) -> Result<Value> {
        Ok(self.frame(kind).await?["data"].take())
    }

    /// Sends a request and returns the `data` of its answer, which must be the next frame.
    ///
    /// # Errors
    /// When it is not.
    pub async fn ask(&mut self, kind: u64, data: Value) -> Result<Value> {
        self.send(json!({"type": kind, "data": data})).await?;
        self.data(kind).await
    }

    /// Sends a frame that must be refused; returns the code of the error.
    ///
    /// # Errors
    /// When it is not refused.
    pub async fn refused(&mut self, frame: Value) -> Result<String> {
        self.send(frame).await?;
        let error = self.data(7).await?;
        Ok(error["code"].as_str().context("no code")?.to_owned())
    }

    /// Sends a text message and returns the message as answered.
    ///
    /// # Errors
    /// When the next frame is not the answer.
    pub async fn send_message(&mut self, from: i64, to: i64, content: &str) -> Result<Value> {
        let data = json!({"senderUid": from, "recipientUid": to, "content": content, "msgType": 1});
        self.ask(3, data).await
    }

    /// Acknowledges a push.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn ack(&mut self, tid: &Value) -> Result<()> {
        self.send(json!({"type": 6, "data": {"tid": tid}})).await
    }

    /// Checks that no frame is pending: sends a heartbeat and expects its answer first.
    ///
    /// # Errors
    /// When another frame comes before it.
    pub async fn nothing_more(&mut self, uid: i64) -> Result<()> {
        self.send(json!({"type": 0, "data": {"uid": uid, "timeout": 45_000}}))
            .await?;
        self.frame(0).await.map(drop)
    }

    /// Sends a close frame and reads on until it is answered; returns the code of the answer.
    ///
    /// # Errors
    /// When it is not answered, or the connection stays open after that.
    pub async fn close_handshake(mut self) -> Result<u16> {
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        // Not `close`, after which the library reads no more.
        self.stream.send(Message::Close(Some(close))).await?;
        let answer = loop {
            let message = timeout(TEST_TIMEOUT, self.stream.next())
                .await
                .context("not answered")?;
            if let Message::Close(frame) = message.context("cut off without an answer")?? {
                break frame.context("answered without a code")?;
            }
        };
        let after = timeout(TEST_TIMEOUT, self.stream.next()).await;
        ensure!(after.context("kept open")?.is_none(), "more came");
        Ok(answer.code.into())
    }

    /// Reads on until the connection is closed; returns the frames until then and the code.
    ///
    /// # Errors
    /// When it is not closed, or without a code.
    pub async fn closed(&mut self) -> Result<(Vec<Value>, u16)> {
        self.closed_within(TEST_TIMEOUT).await
    }

    /// The same with another time limit.
    ///
    /// # Errors
    /// When it is not closed in time, or without a code.
    pub async fn closed_within(&mut self, limit: Duration) -> Result<(Vec<Value>, u16)> {
        let mut frames = Vec::new();
        loop {
            let message = timeout(limit, self.stream.next())
                .await
                .context("not closed")?;
            match message {
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text)?),
                Some(Ok(Message::Close(Some(frame)))) => {
                    // Completes the handshake; the other end may be gone already.
                    let _ = self.stream.close(None).await;
                    return Ok((frames, frame.code.into()));
                }
                Some(Ok(Message::Close(None))) | None => bail!("closed without a code"),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!("cut off: {error}"),
            }
        }
    }
}

/// The HTTP status with which a handshake was refused.
///
/// # Errors
/// When it was not refused by an HTTP answer.
pub fn refused_status(opened: Result<Socket>) -> Result<u16> {
    let Err(error) = opened else {
        bail!("it was opened")
    };
    match error.downcast_ref::<Error>() {
        Some(Error::Http(response)) => Ok(response.status().as_u16()),
        _ => Err(error),
    }
}
