//! A plain WebSocket to any address, for many messages or through a proxy.

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tidings_shared::Peer;
use tidings_tests::TEST_TIMEOUT;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// A bound connection.
pub(crate) struct Plain {
    stream: WebSocketStream<TcpStream>,
}

/// What a connection receives.
pub(crate) enum Incoming {
    Text(Utf8Bytes),
    /// Closed with this code.
    Closed(u16),
    /// Ended without one.
    Gone,
}

impl Plain {
    /// Opens a connection and binds it; returns the data of the answer too.
    pub(crate) async fn bound(
        address: SocketAddr,
        token: &str,
        bind: Value,
    ) -> Result<(Self, Value)> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        request.headers_mut().insert("authorization", bearer);
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let opening = tokio_tungstenite::client_async(request, stream);
        let (stream, _) = timeout(TEST_TIMEOUT, opening)
            .await
            .context("no answer")??;
        let mut plain = Self { stream };
        plain.feed(&json!({"type": 1, "data": bind})).await?;
        plain.flush().await?;
        let mut answer = plain.frame().await?;
        ensure!(answer["status"] == "success", "{answer}");
        let data = answer["data"].take();
        Ok((plain, data))
    }

    /// Queues a frame. It is sent by the next [`Self::flush`], or when a buffer is full.
    pub(crate) async fn feed(&mut self, frame: &Value) -> Result<()> {
        Ok(self.stream.feed(Message::text(frame.to_string())).await?)
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        Ok(self.stream.flush().await?)
    }

    /// Queries the messages after a `seq`.
    pub(crate) async fn page(&mut self, owner: i64, peer: Peer, after: i64) -> Result<Vec<Value>> {
        let mut data = json!({"ownerUid": owner, "afterSeq": after, "limit": 200});
        match peer {
            Peer::User(uid) => data["otherUid"] = json!(uid),
            Peer::Group(group) => data["groupId"] = json!(group),
        }
        self.feed(&json!({"type": 2, "data": data})).await?;
        self.flush().await?;
        loop {
            let mut frame = self.frame().await?;
            if frame["type"] == 2 {
                return Ok(serde_json::from_value(frame["data"].take())?);
            }
        }
    }

    pub(crate) async fn frame(&mut self) -> Result<Value> {
        match self.recv().await? {
            Incoming::Text(text) => Ok(serde_json::from_str(&text)?),
            Incoming::Closed(code) => bail!("closed with {code}"),
            Incoming::Gone => bail!("cut off"),
        }
    }

    /// Receives the next text or the end of the connection; an error when nothing comes.
    pub(crate) async fn recv(&mut self) -> Result<Incoming> {
        loop {
            let message = timeout(TEST_TIMEOUT, self.stream.next()).await;
            return Ok(match message.context("nothing comes")? {
                Some(Ok(Message::Text(text))) => Incoming::Text(text),
                Some(Ok(Message::Close(Some(frame)))) => Incoming::Closed(frame.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => Incoming::Gone,
                Some(Ok(_)) => continue,
            });
        }
    }
}
