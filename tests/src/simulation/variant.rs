//! Deliberate mistakes of a server or a client, to prove that the checks detect them.
//!
//! Each is in the glue code of the model, never in the shared state machines.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The server does not pass acknowledgements on to its feed.
    AcksIgnored,
    /// The page shows what arrives without merging by `seq`.
    DedupeOff,
    /// The page does not fetch what its timeline lacks.
    GapNotFetched,
    /// The page clears its outbox when it reconnects.
    OutboxCleared,
    /// The store loses what a crashing node committed last, and assigns the same `seq`s again.
    SeqReused,
    /// The server answers a send when it is queued.
    AnswerBeforeCommit,
    /// A bind reads first and subscribes to the hub after that.
    SubscribeLate,
    /// A delivery cursor advances when a message is pushed.
    DeliveredAtPush,
    /// A message is sent again under a new `clientMsgId`.
    NewIdOnResend,
    /// The feed of a lagging connection is not notified of the gap.
    GapIgnored,
    /// The hub joins a user's connections to groups before the user is added to them.
    GroupLeak,
    /// A node that crashed between commit and publish sends no resync when it starts again.
    SilentRestart,
    /// No resync is sent for a batch whose outcome is not known.
    SilentDoubt,
    /// After a partition only the node that was cut off from the bus gets a resync.
    LonelyGap,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::AcksIgnored,
        Self::DedupeOff,
        Self::GapNotFetched,
        Self::OutboxCleared,
        Self::SeqReused,
        Self::AnswerBeforeCommit,
        Self::SubscribeLate,
        Self::DeliveredAtPush,
        Self::NewIdOnResend,
        Self::GapIgnored,
        Self::GroupLeak,
        Self::SilentRestart,
        Self::SilentDoubt,
        Self::LonelyGap,
    ];

    /// The one of this name, as written above.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|variant| format!("{variant:?}") == name)
    }
}
