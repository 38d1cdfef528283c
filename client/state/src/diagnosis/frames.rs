//! A recorded frame: numbers only, formatted when it is shown.
//!
//! The names are the protocol's own (`docs/protocol.md`), the same in every language. They contain
//! no user and no message text.

use std::fmt;
use tidings_shared::frame::{ClientFrame, ServerFrame, kind};
use tidings_shared::{ErrorCode, Moment, Seq, Tid};

/// The direction of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameDirection {
    /// To the server.
    Out,
    /// From the server.
    In,
}

/// A frame that was sent or arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRecord {
    /// When.
    pub at: Moment,
    /// The direction of a frame.
    pub direction: FrameDirection,
    /// Its length in bytes of JSON.
    pub bytes: u32,
    /// Its type and numbers.
    pub summary: FrameSummary,
}

/// The type of a frame and its numbers. [`fmt::Display`] writes the type's number, its name and the
/// important fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is a frame and each field one of its numbers"
)]
pub enum FrameSummary {
    Heartbeat {
        ms: u64,
    },
    Bind {
        missed: Option<u64>,
    },
    Bound {
        ms: u64,
        unread: u64,
        listed: usize,
    },
    BindRefused(ErrorCode),
    Query {
        before: Option<Seq>,
        after: Option<Seq>,
        limit: Option<u32>,
    },
    Page {
        messages: usize,
        ends: Option<(Seq, Seq)>,
    },
    Send {
        text_bytes: usize,
    },
    Sent {
        seq: Seq,
    },
    Push {
        tid: Tid,
        seq: Seq,
        dup: bool,
        text_bytes: usize,
    },
    AskUnread,
    Unread(u64),
    Ack {
        tid: Tid,
        cumulative: bool,
    },
    Error {
        code: ErrorCode,
        re: Option<u64>,
    },
    AskConversations,
    Conversations {
        listed: usize,
        more: bool,
    },
    Read {
        seq: Seq,
    },
    WasRead {
        seq: Seq,
        unread: u64,
    },
    Watch(usize),
    Presence(usize),
    Receipt {
        delivered: Seq,
        read: Seq,
    },
    Profile,
    Unknown,
}

impl FrameSummary {
    pub(super) fn of_sent(frame: &ClientFrame) -> Self {
        match frame {
            ClientFrame::Heartbeat(heartbeat) => Self::Heartbeat {
                ms: heartbeat.timeout,
            },
            ClientFrame::Bind(bind) => Self::Bind {
                missed: bind.missed,
            },
            ClientFrame::Query(query) => Self::Query {
                before: query.before_seq,
                after: query.after_seq,
                limit: query.limit,
            },
            ClientFrame::Send(send) => Self::Send {
                text_bytes: send.content.len(),
            },
            ClientFrame::Unread(_) => Self::AskUnread,
            ClientFrame::Ack(ack) => Self::Ack {
                tid: ack.tid,
                cumulative: ack.cumulative,
            },
            ClientFrame::ListConversations(_) => Self::AskConversations,
            ClientFrame::Read(read) => Self::Read { seq: read.seq },
            ClientFrame::Watch(watch) => Self::Watch(watch.uids.len()),
        }
    }

    pub(super) fn of_received(frame: &ServerFrame) -> Self {
        match frame {
            ServerFrame::Heartbeat(interval) => Self::Heartbeat {
                ms: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            },
            ServerFrame::Bound(bound) => Self::Bound {
                ms: bound.timeout,
                unread: bound.unread,
                listed: bound.list.as_ref().map_or(0, |l| l.conversations.len()),
            },
            ServerFrame::BindRefused(error) => Self::BindRefused(error.code),
            ServerFrame::Page(page) => Self::Page {
                messages: page.messages.len(),
                ends: page
                    .messages
                    .first()
                    .zip(page.messages.last())
                    .map(|(first, last)| (first.seq, last.seq)),
            },
            ServerFrame::Sent(message) => Self::Sent { seq: message.seq },
            ServerFrame::Push(push) => Self::Push {
                tid: push.tid,
                seq: push.message.seq,
                dup: push.dup,
                text_bytes: push.message.content.len(),
            },
            ServerFrame::Unread(total) => Self::Unread(total.unread),
            ServerFrame::Error(error) => Self::Error {
                code: error.code,
                re: error.re,
            },
            ServerFrame::Conversations(list) => Self::Conversations {
                listed: list.conversations.len(),
                more: list.next.is_some(),
            },
            ServerFrame::Read(mark) => Self::WasRead {
                seq: mark.seq,
                unread: mark.unread,
            },
            ServerFrame::Presence(list) => Self::Presence(list.presence.len()),
            ServerFrame::Receipt(receipt) => Self::Receipt {
                delivered: receipt.delivered,
                read: receipt.read,
            },
            ServerFrame::Profile(_) => Self::Profile,
        }
    }

    /// The frame's type and its name.
    pub const fn kind(self) -> Option<(u64, &'static str)> {
        Some(match self {
            Self::Heartbeat { .. } => (kind::HEARTBEAT, "heartbeat"),
            Self::Bind { .. } | Self::Bound { .. } | Self::BindRefused(_) => (kind::BIND, "bind"),
            Self::Query { .. } | Self::Page { .. } => (kind::QUERY, "query"),
            Self::Send { .. } | Self::Sent { .. } => (kind::SEND, "send"),
            Self::Push { .. } => (kind::PUSH, "push"),
            Self::AskUnread | Self::Unread(_) => (kind::UNREAD, "unread"),
            Self::Ack { .. } => (kind::ACK, "ack"),
            Self::Error { .. } => (kind::ERROR, "error"),
            Self::AskConversations | Self::Conversations { .. } => {
                (kind::CONVERSATIONS, "conversations")
            }
            Self::Read { .. } | Self::WasRead { .. } => (kind::READ, "read"),
            Self::Watch(_) | Self::Presence(_) => (kind::PRESENCE, "presence"),
            Self::Receipt { .. } => (kind::RECEIPT, "receipt"),
            Self::Profile => (kind::PROFILE, "profile"),
            Self::Unknown => return None,
        })
    }
}

impl fmt::Display for FrameSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((number, name)) = self.kind() else {
            return f.write_str("? unknown");
        };
        write!(f, "{number} {name}")?;
        match self {
            Self::Heartbeat { ms } => write!(f, " {ms} ms"),
            Self::Bind { missed: Some(ms) } => write!(f, " missed {ms} ms"),
            Self::Bound { ms, unread, listed } => {
                write!(f, " ok, {ms} ms, unread {unread}, listed {listed}")
            }
            Self::BindRefused(code) => write!(f, " refused: {}", on_the_wire(*code)),
            Self::Query {
                before: Some(seq), ..
            } => write!(f, " before seq {seq}"),
            Self::Query {
                after: Some(seq), ..
            } => write!(f, " after seq {seq}"),
            Self::Query {
                limit: Some(limit), ..
            } => write!(f, " latest {limit}"),
            Self::Page {
                ends: Some((first, last)),
                messages,
            } => {
                write!(f, " → {messages}: seq {first} to {last}")
            }
            Self::Page { .. } => f.write_str(" → none"),
            Self::Send { text_bytes } => write!(f, " {text_bytes} B of text"),
            Self::Sent { seq } => write!(f, " → seq {seq}"),
            Self::Push {
                tid,
                seq,
                dup,
                text_bytes,
            } => {
                let dup = if *dup { " dup" } else { "" };
                write!(f, " tid {tid}{dup} → seq {seq}, {text_bytes} B of text")
            }
            Self::Unread(unread) => write!(f, " → {unread}"),
            Self::Ack { tid, cumulative } => {
                let upto = if *cumulative { " up to" } else { "" };
                write!(f, "{upto} tid {tid}")
            }
            Self::Error { code, re: Some(re) } => write!(f, " {} re {re}", on_the_wire(*code)),
            Self::Error { code, re: None } => write!(f, " {}", on_the_wire(*code)),
            Self::Conversations { listed, more } => {
                write!(f, " → {listed}{}", if *more { ", more" } else { "" })
            }
            Self::Read { seq } => write!(f, " up to seq {seq}"),
            Self::WasRead { seq, unread } => write!(f, " up to seq {seq}, unread {unread}"),
            Self::Watch(count) => write!(f, " of {count}"),
            Self::Presence(count) => write!(f, " → {count}"),
            Self::Receipt { delivered, read } => {
                write!(f, " delivered seq {delivered}, read seq {read}")
            }
            Self::Bind { missed: None }
            | Self::Query { .. }
            | Self::AskUnread
            | Self::AskConversations
            | Self::Profile
            | Self::Unknown => Ok(()),
        }
    }
}

/// A code as it is on the wire.
fn on_the_wire(code: ErrorCode) -> String {
    serde_json::to_string(&code)
        .map_or_else(|_| String::new(), |json| json.trim_matches('"').to_owned())
}
