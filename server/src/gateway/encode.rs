//! Turns the frames of a session into WebSocket messages, and counts them.

use crate::heartbeats::{Device, Heartbeats};
use crate::metrics::Metrics;
use axum::extract::ws::{CloseFrame, Message};
use std::sync::Arc;
use tidings_shared::frame::{ServerFrame, kind, write_page, write_push, write_sent};
use tidings_shared::session::{Outgoing, Payload, Session};
use tokio::time::Instant;

/// The window's fill level is sampled with every 16th push.
const SAMPLE_EVERY: u64 = 16;

/// The JSON of a message, shared by all its recipients.
#[derive(Debug, Clone)]
pub(super) struct MessageText {
    pub(super) text: Arc<str>,
    /// When this node received the message, if it is live.
    pub(super) received_at: Option<Instant>,
}

impl Payload for MessageText {
    fn bytes(&self) -> usize {
        self.text.len()
    }
}

impl AsRef<str> for MessageText {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Encodes the frames of one connection.
pub(super) struct Encoder {
    pub(super) metrics: Arc<Metrics>,
    pub(super) heartbeats: Heartbeats,
    pub(super) device: Device,
}

impl Encoder {
    /// The message of a frame that `session` returned.
    pub(super) fn encode(
        &self,
        frame: Outgoing<MessageText>,
        session: &Session<MessageText>,
    ) -> Message {
        let metrics = &self.metrics.gateway;
        let (kind, text) = match frame {
            Outgoing::Frame(frame) => {
                if let ServerFrame::Error(body) | ServerFrame::BindRefused(body) = &frame {
                    metrics.error(body.code);
                }
                (frame.kind(), frame.to_json())
            }
            Outgoing::Heartbeat(idle) => {
                let interval = self.heartbeats.answered(self.device, idle);
                (kind::HEARTBEAT, ServerFrame::Heartbeat(interval).to_json())
            }
            Outgoing::Bound { mut bound, missed } => {
                let interval = self.heartbeats.bound(self.device, missed);
                bound.timeout = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
                (kind::BIND, ServerFrame::Bound(bound).to_json())
            }
            Outgoing::Page {
                reference,
                messages,
            } => (kind::QUERY, write_page(reference, &messages)),
            Outgoing::Sent(message) => (kind::SEND, write_sent(&message.text)),
            Outgoing::Push { tid, dup, message } => {
                if dup {
                    metrics.repushes.inc();
                } else {
                    if let Some(received_at) = message.received_at {
                        metrics.send_push.time(received_at.elapsed());
                    }
                    if tid.0 % SAMPLE_EVERY == 1 {
                        metrics.window.count(session.unacknowledged());
                    }
                }
                (kind::PUSH, write_push(tid, dup, &message.text))
            }
            Outgoing::Close(code) => {
                return Message::Close(Some(CloseFrame {
                    code: code.code(),
                    reason: code.reason().into(),
                }));
            }
        };
        metrics.frame_out(kind);
        Message::text(text)
    }
}
