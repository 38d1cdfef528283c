//! The server's own types that its modules exchange: ids, and the events between nodes. A leaf: nothing
//! here uses another module.

mod event;

pub use event::{BusEvent, MessageEvent, Notice, Publication, Topic};

/// A connection's id, unique among all nodes in practice: 64 random bits chosen at the start of the
/// process, plus a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

impl ConnectionId {
    /// For messages that came on no connection.
    pub const NONE: Self = Self(0);
}

/// SHA-256 of a session's token; the store and the nodes never have the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(pub [u8; 32]);

impl SessionHash {
    /// The hash of no session.
    pub const NONE: Self = Self([0; 32]);
}
