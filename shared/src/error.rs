//! The body of a type-7 error.

use crate::{ClientMsgId, limits};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The code of an error: stable, for programs to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not a JSON object of the documented shape.
    Malformed,
    /// The frame is longer than [`limits::FRAME_BYTES`].
    TooLarge,
    /// The frame nests deeper than [`limits::FRAME_DEPTH`].
    TooDeep,
    /// No frame has this type.
    UnknownType,
    /// The connection must bind before anything else.
    NotBound,
    /// The connection is bound already.
    AlreadyBound,
    /// The bind did not come in time.
    BindTimeout,
    /// A uid in the frame is not the one logged in.
    UidMismatch,
    /// No valid login, or not any more.
    NotLoggedIn,
    /// Too many connections of this user.
    TooManyConnections,
    /// No user or group has this id, or the user is not a member of the group.
    UnknownRecipient,
    /// The recipient is the sender.
    InvalidRecipient,
    /// The text has no visible characters.
    Empty,
    /// The text is longer than [`limits::CONTENT_BYTES`].
    TooLong,
    /// The text holds U+0000, which no SQL text can.
    InvalidContent,
    /// `msgType` is not between 1 and 65535, or is reserved for the server.
    InvalidMsgType,
    /// The `clientMsgId` is empty, too long or not printable ASCII.
    InvalidClientMsgId,
    /// The server is overloaded; the same request may succeed in a moment.
    Busy,
    /// The user exceeds the rate limit of a user; the same request may succeed after `retryMs`.
    TooManyRequests,
    /// The store cannot be reached or refuses to write; the same request may succeed later.
    Unavailable,
    /// A code this version does not know.
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// Every code, in the order of declaration.
    pub const ALL: [Self; 21] = [
        Self::Malformed,
        Self::TooLarge,
        Self::TooDeep,
        Self::UnknownType,
        Self::NotBound,
        Self::AlreadyBound,
        Self::BindTimeout,
        Self::UidMismatch,
        Self::NotLoggedIn,
        Self::TooManyConnections,
        Self::UnknownRecipient,
        Self::InvalidRecipient,
        Self::Empty,
        Self::TooLong,
        Self::InvalidContent,
        Self::InvalidMsgType,
        Self::InvalidClientMsgId,
        Self::Busy,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Unknown,
    ];

    /// Whether the same request, sent again later, may succeed. A client keeps such a message in
    /// its outbox and shows any other as failed.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::TooManyRequests
                | Self::Unavailable
                | Self::NotBound
                | Self::BindTimeout
                | Self::NotLoggedIn
                | Self::TooManyConnections
        )
    }

    /// The message for people who read the frame.
    pub fn message(self) -> String {
        match self {
            Self::Malformed => "the frame is not of the documented shape".into(),
            Self::TooLarge => format!("a frame is at most {} bytes", limits::FRAME_BYTES),
            Self::TooDeep => format!("a frame nests at most {} levels", limits::FRAME_DEPTH),
            Self::UnknownType => "no frame has this type".into(),
            Self::NotBound => "bind first: {\"type\":1,\"data\":{\"uid\":YOUR_UID}}".into(),
            Self::AlreadyBound => "this connection is bound already".into(),
            Self::BindTimeout => format!(
                "bind within {} s of connecting",
                limits::BIND_DEADLINE.as_secs()
            ),
            Self::UidMismatch => "this uid is not the one logged in".into(),
            Self::NotLoggedIn => "log in first".into(),
            Self::TooManyConnections => {
                "too many connections of this user; close one and try again".into()
            }
            Self::UnknownRecipient => "there is no such user or group".into(),
            Self::InvalidRecipient => "one cannot send to oneself".into(),
            Self::Empty => "the text is empty".into(),
            Self::TooLong => format!("a text is at most {} bytes", limits::CONTENT_BYTES),
            Self::InvalidContent => "the text holds the character U+0000".into(),
            Self::InvalidMsgType => {
                "msgType is a number from 1 to 65535, but for 1000 to 1999".into()
            }
            Self::InvalidClientMsgId => format!(
                "clientMsgId is 1 to {} printable ASCII characters",
                limits::CLIENT_MSG_ID_BYTES
            ),
            Self::Busy => "the server is busy; send it again in a moment".into(),
            Self::TooManyRequests => {
                "too much of one user at once; send it again after retryMs".into()
            }
            Self::Unavailable => "the store is unavailable; send it again later".into(),
            Self::Unknown => "unknown error".into(),
        }
    }
}

/// The `data` of a type-7 frame and of a refused bind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The type of the frame this answers, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<u64>,
    /// The `clientMsgId` of the send this answers, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// The `ref` of the query this answers, if it had one.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// The earliest time to try again, in ms from now, if the server knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

impl ErrorBody {
    /// An error with the standard message of its code.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            message: code.message(),
            re: None,
            client_msg_id: None,
            reference: None,
            retry_ms: None,
        }
    }

    /// Sets the type of the frame this answers.
    #[must_use]
    pub fn re(mut self, re: u64) -> Self {
        self.re = Some(re);
        self
    }

    /// Sets the time after which to try again, rounded up to whole milliseconds: earlier would be in
    /// vain.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let ms = wait.as_micros().div_ceil(1000);
        self.retry_ms = Some(u64::try_from(ms).unwrap_or(u64::MAX));
        self
    }

    /// The time after which to try again, if the server named one.
    pub fn retry(&self) -> Option<Duration> {
        self.retry_ms.map(Duration::from_millis)
    }
}

impl From<ErrorCode> for ErrorBody {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}
