//! The result of a run: counts of what it exercised, or the promise it broke.

use super::variant::Variant;
use std::fmt;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident => $label:literal,)*) => {
        /// Something that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Count {
            $($(#[$doc])* $name,)*
        }

        impl Count {
            /// All of them, in the order they are printed in.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the printed table.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }
        }
    };
}

counts! {
    /// Events of virtual time.
    Steps => "steps",
    /// Devices.
    Devices => "devices",
    /// Messages committed.
    Messages => "messages committed",
    /// Messages committed in groups, those about their members included.
    GroupMessages => "messages committed in groups",
    /// Groups created.
    Groups => "groups created",
    /// Members added to groups after these were created.
    MembersAdded => "members added to groups",
    /// Sends answered to the device that made them.
    Answers => "sends answered",
    /// Sends of a message that was stored already.
    DuplicateSends => "sends repeated",
    /// Binds, queries and sends that were to be sent again later.
    Deferred => "frames deferred",
    /// Messages refused for good.
    Refused => "sends refused for good",
    /// Pushes written for the first time.
    Pushes => "pushes",
    /// Pushes written again.
    Repushes => "repushes",
    /// Pushes a device had seen already.
    SeenBefore => "messages seen before",
    /// Pages read by feeds.
    FeedReads => "pages read by feeds",
    /// Delivery cursors that a feed read again.
    Reloads => "reloads after a gap",
    /// Connections whose event queue overflowed.
    Lagged => "connections lagging",
    /// Full windows, by count or by bytes.
    FullWindows => "windows full",
    /// Pages fetched by clients.
    Fetches => "pages fetched by clients",
    /// Connections bound.
    Binds => "binds",
    /// Binds refused.
    BindsRefused => "binds refused",
    /// Connections cut.
    Cuts => "cuts",
    /// Connections that at most one end knows to be dead.
    HalfOpens => "half-opens",
    /// Connections on which nothing moved for a while.
    Freezes => "freezes",
    /// Devices without a network for a while.
    Offlines => "devices offline",
    /// Devices that slept.
    Sleeps => "devices asleep",
    /// Pages whose timers ran once a minute.
    Throttles => "pages throttled",
    /// Pages reloaded.
    Reboots => "pages reloaded",
    /// Nodes crashed.
    Crashes => "node crashes",
    /// Batches committed and never published, because their node crashed.
    Unannounced => "commits unannounced",
    /// Nodes drained.
    Drains => "node drains",
    /// Times the store failed for a while.
    Outages => "store outages",
    /// Batches committed although the store reported a failure.
    Doubts => "commits in doubt",
    /// Times the bus lost everything for a while.
    BusLosses => "bus losses",
    /// Times a node was cut off from the bus.
    Partitions => "bus partitions",
    /// Notices of the bus that arrived twice.
    BusDuplicates => "bus repeats",
    /// Frames lost on the way.
    LostFrames => "frames lost",
    /// Connections given up by their client.
    Missed => "heartbeats missed",
    /// Connections closed because acknowledgements were missing.
    AckMissing => "closed 4001, acks missing",
    /// Connections closed because they were too slow.
    TooSlow => "closed 4002, too slow",
    /// Connections closed because nothing arrived.
    Idle => "closed 4000, idle",
}

/// Counts, of one run or of many.
#[derive(Debug, Clone)]
pub struct Totals([u64; Count::ALL.len()]);

impl Default for Totals {
    fn default() -> Self {
        Self([0; Count::ALL.len()])
    }
}

impl Totals {
    /// The value of a count.
    pub const fn get(&self, count: Count) -> u64 {
        self.0[count as usize]
    }

    pub(crate) const fn add(&mut self, count: Count) {
        self.0[count as usize] += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for count in Count::ALL {
            writeln!(f, "{:>12}  {}", self.get(*count), count.name())?;
        }
        Ok(())
    }
}

/// A promise that did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed that reproduces the run.
    pub seed: u64,
    /// The deliberate mistake, if any.
    pub variant: Option<Variant>,
    /// Which promise, and how it was broken.
    pub promise: String,
    /// The last events before that.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {}: {}", self.seed, self.promise)?;
        write!(f, "all of it: cargo xtask simulate --seed {}", self.seed)?;
        let variant = self.variant;
        variant.map_or(Ok(()), |variant| write!(f, " --variant {variant:?}"))
    }
}
