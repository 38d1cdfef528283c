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

/// The type of a frame and its important numbers. [`fmt::Display`] writes the type's number, its name
/// and these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSummary {
    /// `None`: unknown here.
    kind: Option<u64>,
    numbers: Numbers,
}

/// The numbers of a frame; a frame without any has [`Numbers::None`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    None,
    Interval(u64),
    Missed(u64),
    Bound {
        ms: u64,
        unread: u64,
        listed: usize,
    },
    BindRefused(ErrorCode),
    Before(Seq),
    After(Seq),
    Latest(u32),
    Page {
        messages: usize,
        ends: Option<(Seq, Seq)>,
    },
    Text(usize),
    Sent(Seq),
    Push {
        tid: Tid,
        seq: Seq,
        dup: bool,
        text_bytes: usize,
    },
    Unread(u64),
    Ack {
        tid: Tid,
        cumulative: bool,
    },
    Error {
        code: ErrorCode,
        re: Option<u64>,
    },
    Conversations {
        listed: usize,
        more: bool,
    },
    Read(Seq),
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
}

impl FrameSummary {
    /// Of a text that is no frame known here.
    pub(super) const UNKNOWN: Self = Self {
        kind: None,
        numbers: Numbers::None,
    };

    pub(super) fn of_sent(frame: &ClientFrame) -> Self {
        let numbers = match frame {
            ClientFrame::Heartbeat(heartbeat) => Numbers::Interval(heartbeat.timeout),
            ClientFrame::Bind(bind) => bind.missed.map_or(Numbers::None, Numbers::Missed),
            ClientFrame::Query(query) => match (query.before_seq, query.after_seq, query.limit) {
                (Some(seq), ..) => Numbers::Before(seq),
                (_, Some(seq), _) => Numbers::After(seq),
                (.., Some(limit)) => Numbers::Latest(limit),
                _ => Numbers::None,
            },
            ClientFrame::Send(send) => Numbers::Text(send.body.content().len()),
            ClientFrame::Ack(ack) => Numbers::Ack {
                tid: ack.tid,
                cumulative: ack.cumulative,
            },
            ClientFrame::Read(read) => Numbers::Read(read.seq),
            ClientFrame::Watch(watch) => Numbers::Watch(watch.uids.len()),
            ClientFrame::Unread(_) | ClientFrame::ListConversations(_) => Numbers::None,
        };
        Self {
            kind: Some(frame.kind()),
            numbers,
        }
    }

    pub(super) fn of_received(frame: &ServerFrame) -> Self {
        let numbers = match frame {
            ServerFrame::Heartbeat(interval) => {
                Numbers::Interval(u64::try_from(interval.as_millis()).unwrap_or(u64::MAX))
            }
            ServerFrame::Bound(bound) => Numbers::Bound {
                ms: bound.timeout,
                unread: bound.unread,
                listed: bound.list.as_ref().map_or(0, |l| l.conversations.len()),
            },
            ServerFrame::BindRefused(error) => Numbers::BindRefused(error.code),
            ServerFrame::Page(page) => Numbers::Page {
                messages: page.messages.len(),
                ends: page
                    .messages
                    .first()
                    .zip(page.messages.last())
                    .map(|(first, last)| (first.seq, last.seq)),
            },
            ServerFrame::Sent(message) => Numbers::Sent(message.seq),
            ServerFrame::Push(push) => Numbers::Push {
                tid: push.tid,
                seq: push.message.seq,
                dup: push.dup,
                text_bytes: push.message.body.content().len(),
            },
            ServerFrame::Unread(total) => Numbers::Unread(total.unread),
            ServerFrame::Error(error) => Numbers::Error {
                code: error.code,
                re: error.re,
            },
            ServerFrame::Conversations(list) => Numbers::Conversations {
                listed: list.conversations.len(),
                more: list.next.is_some(),
            },
            ServerFrame::Read(mark) => Numbers::WasRead {
                seq: mark.seq,
                unread: mark.unread,
            },
            ServerFrame::Presence(list) => Numbers::Presence(list.presence.len()),
            ServerFrame::Receipt(receipt) => Numbers::Receipt {
                delivered: receipt.delivered,
                read: receipt.read,
            },
            ServerFrame::Profile(_) => Numbers::None,
        };
        Self {
            kind: Some(frame.kind()),
            numbers,
        }
    }
}

impl fmt::Display for FrameSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((number, name)) = self.kind.and_then(|kind| Some((kind, kind::name(kind)?)))
        else {
            return f.write_str("? unknown");
        };
        write!(f, "{number} {name}")?;
        match self.numbers {
            Numbers::None => Ok(()),
            Numbers::Interval(ms) => write!(f, " {ms} ms"),
            Numbers::Missed(ms) => write!(f, " missed {ms} ms"),
            Numbers::Bound { ms, unread, listed } => {
                write!(f, " ok, {ms} ms, unread {unread}, listed {listed}")
            }
            Numbers::BindRefused(code) => write!(f, " refused: {}", on_the_wire(code)),
            Numbers::Before(seq) => write!(f, " before seq {seq}"),
            Numbers::After(seq) => write!(f, " after seq {seq}"),
            Numbers::Latest(limit) => write!(f, " latest {limit}"),
            Numbers::Page {
                ends: Some((first, last)),
                messages,
            } => write!(f, " → {messages}: seq {first} to {last}"),
            Numbers::Page { ends: None, .. } => f.write_str(" → none"),
            Numbers::Text(bytes) => write!(f, " {bytes} B of text"),
            Numbers::Sent(seq) => write!(f, " → seq {seq}"),
            Numbers::Push {
                tid,
                seq,
                dup,
                text_bytes,
            } => {
                let dup = if dup { " dup" } else { "" };
                write!(f, " tid {tid}{dup} → seq {seq}, {text_bytes} B of text")
            }
            Numbers::Unread(unread) => write!(f, " → {unread}"),
            Numbers::Ack { tid, cumulative } => {
                let upto = if cumulative { " up to" } else { "" };
                write!(f, "{upto} tid {tid}")
            }
            Numbers::Error { code, re: Some(re) } => write!(f, " {} re {re}", on_the_wire(code)),
            Numbers::Error { code, re: None } => write!(f, " {}", on_the_wire(code)),
            Numbers::Conversations { listed, more } => {
                write!(f, " → {listed}{}", if more { ", more" } else { "" })
            }
            Numbers::Read(seq) => write!(f, " up to seq {seq}"),
            Numbers::WasRead { seq, unread } => write!(f, " up to seq {seq}, unread {unread}"),
            Numbers::Watch(count) => write!(f, " of {count}"),
            Numbers::Presence(count) => write!(f, " → {count}"),
            Numbers::Receipt { delivered, read } => {
                write!(f, " delivered seq {delivered}, read seq {read}")
            }
        }
    }
}

/// A code as it is on the wire.
fn on_the_wire(code: ErrorCode) -> String {
    serde_json::to_string(&code)
        .map_or_else(|_| String::new(), |json| json.trim_matches('"').to_owned())
}
