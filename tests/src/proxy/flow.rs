//! The conditions under which bytes pass, in each direction.

use super::rng::Rng;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::watch;

/// The conditions of one direction. The default changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// The delay of a byte.
    pub delay: Duration,
    /// The most that is added to the delay at random; the order is kept.
    pub jitter: Duration,
    /// The bandwidth; `None` means unlimited.
    pub bytes_per_second: Option<NonZeroU32>,
    /// Whether nothing passes, not even the end of the connection.
    pub frozen: bool,
}

impl Flow {
    /// Both conditions together.
    fn and(self, other: Self) -> Self {
        let bounds = [self.bytes_per_second, other.bytes_per_second];
        Self {
            delay: self.delay + other.delay,
            jitter: self.jitter + other.jitter,
            bytes_per_second: bounds.into_iter().flatten().min(),
            frozen: self.frozen || other.frozen,
        }
    }

    /// Draws the delay of a chunk.
    pub(super) fn travel(self, rng: &mut Rng) -> Duration {
        self.delay + rng.up_to(self.jitter)
    }

    /// How long so many bytes occupy the bandwidth.
    pub(super) fn occupied(self, bytes: usize) -> Duration {
        let Some(rate) = self.bytes_per_second else {
            return Duration::ZERO;
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Duration::from_secs(1) * bytes / rate.get()
    }

    /// The most bytes to write at once, so that the bandwidth is kept at any moment.
    pub(super) fn portion(self) -> usize {
        self.bytes_per_second
            .and_then(|rate| usize::try_from(rate.get() / 20).ok())
            .map_or(usize::MAX, |bytes| bytes.max(1))
    }
}

/// The conditions of both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conditions {
    /// From client to server.
    pub to_server: Flow,
    /// From server to client.
    pub to_client: Flow,
}

impl Conditions {
    /// The same in both directions.
    pub const fn both(flow: Flow) -> Self {
        Self {
            to_server: flow,
            to_client: flow,
        }
    }

    pub(super) const fn set_frozen(&mut self, frozen: bool) {
        self.to_server.frozen = frozen;
        self.to_client.frozen = frozen;
    }
}

/// A direction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

/// The conditions of one connection: those of all connections, and its own.
#[derive(Clone)]
pub(super) struct ConditionsWatch {
    global: watch::Receiver<Conditions>,
    local: watch::Receiver<Conditions>,
}

impl ConditionsWatch {
    pub(super) const fn new(
        global: watch::Receiver<Conditions>,
        local: watch::Receiver<Conditions>,
    ) -> Self {
        Self { global, local }
    }

    pub(super) fn flow(&mut self, direction: Direction) -> Flow {
        let global = *self.global.borrow_and_update();
        let local = *self.local.borrow_and_update();
        match direction {
            Direction::ToServer => global.to_server.and(local.to_server),
            Direction::ToClient => global.to_client.and(local.to_client),
        }
    }

    /// Waits for a change since [`Self::flow`]. Cancel safe.
    pub(super) async fn changed(&mut self) {
        let changed = tokio::select! {
            changed = self.global.changed() => changed,
            changed = self.local.changed() => changed,
        };
        if changed.is_err() {
            // The senders are gone: there will be no change.
            std::future::pending::<()>().await;
        }
    }
}
