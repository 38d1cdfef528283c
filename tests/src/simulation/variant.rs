//! Deliberate mistakes of a server or a client, to prove that the checks can fail.
//!
//! Each is made in the model's own glue, never in the shared state machines.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The server does not pass acknowledgements on to its feed.
    AcksIgnored,
    /// The page shows what arrives without merging by `seq`.
    DedupeOff,
    /// The page does not ask for what its timeline lacks.
    GapNotFetched,
    /// The page forgets what is not answered when it comes back.
    OutboxCleared,
    /// The store forgets what a crashing node committed last, and gives the places again.
    SeqReused,
    /// The server answers a send when it is queued.
    AnswerBeforeCommit,
    /// A bind reads first and joins the hub after that.
    SubscribeLate,
    /// A position moves when a message is pushed.
    DeliveredAtPush,
    /// A message is sent again under a new `clientMsgId`.
    NewIdOnResend,
    /// A connection that lags is not told to its feed.
    GapIgnored,
    /// A node that crashed between commit and publication says nothing when it is back.
    SilentRestart,
    /// A batch whose outcome is not known is not hinted at on the bus.
    SilentDoubt,
    /// A node that was cut off from the bus tells only itself that events were lost.
    LonelyGap,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 13] = [
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
