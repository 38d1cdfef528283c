//! Figures of the bus, as it gives them when asked.

/// What a bus did since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusFigures {
    /// Whether events flow.
    pub connected: bool,
    /// Publications that were taken.
    pub published: u64,
    /// Publications that could not be taken, each covered by a gap.
    pub dropped: u64,
    /// Events of other nodes that arrived.
    pub received: u64,
    /// Payloads that could not be read.
    pub unreadable: u64,
    /// Gaps that this node's connections were given.
    pub gaps: u64,
    /// Times that the connection was lost or could not be made.
    pub losses: u64,
}
