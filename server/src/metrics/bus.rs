//! Metrics of the bus, sampled on request.

/// Counters of a bus since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusFigures {
    /// Whether connected.
    pub connected: bool,
    /// Publications accepted.
    pub published: u64,
    /// Publications dropped, each covered by a resync.
    pub dropped: u64,
    /// Events of other nodes that arrived.
    pub received: u64,
    /// Payloads that could not be read.
    pub unreadable: u64,
    /// Resyncs of this node's connections.
    pub resyncs: u64,
    /// Connections lost or failed.
    pub losses: u64,
}
