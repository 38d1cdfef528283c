//! How bytes get on, each way.

use super::dice::Dice;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::watch;

/// One direction. The default changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// How long a byte is on its way.
    pub delay: Duration,
    /// How much longer it may take; the order is kept.
    pub jitter: Duration,
    /// What passes in a second; `None`: no bound.
    pub bytes_per_second: Option<NonZeroU32>,
    /// Nothing passes, not even the end of the connection.
    pub frozen: bool,
}

impl Flow {
    /// Both together.
    fn and(self, other: Self) -> Self {
        let bounds = [self.bytes_per_second, other.bytes_per_second];
        Self {
            delay: self.delay + other.delay,
            jitter: self.jitter + other.jitter,
            bytes_per_second: bounds.into_iter().flatten().min(),
            frozen: self.frozen || other.frozen,
        }
    }

    /// How long this chunk is on its way.
    pub(super) fn travel(self, dice: &mut Dice) -> Duration {
        self.delay + dice.up_to(self.jitter)
    }

    /// How long the way is taken by so many bytes.
    pub(super) fn occupied(self, bytes: usize) -> Duration {
        let Some(rate) = self.bytes_per_second else {
            return Duration::ZERO;
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Duration::from_secs(1) * bytes / rate.get()
    }

    /// How much to write at once, so that a narrow way is narrow at any moment.
    pub(super) fn portion(self) -> usize {
        self.bytes_per_second
            .and_then(|rate| usize::try_from(rate.get() / 20).ok())
            .map_or(usize::MAX, |bytes| bytes.max(1))
    }
}

/// Both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conditions {
    /// From client to server.
    pub to_server: Flow,
    /// From server to client.
    pub to_client: Flow,
}

impl Conditions {
    /// The same both ways.
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

/// Which direction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    ToServer,
    ToClient,
}

/// What holds for one connection: the conditions of all and its own.
#[derive(Clone)]
pub(super) struct Sky {
    global: watch::Receiver<Conditions>,
    own: watch::Receiver<Conditions>,
}

impl Sky {
    pub(super) const fn new(
        global: watch::Receiver<Conditions>,
        own: watch::Receiver<Conditions>,
    ) -> Self {
        Self { global, own }
    }

    pub(super) fn flow(&mut self, way: Way) -> Flow {
        let global = *self.global.borrow_and_update();
        let own = *self.own.borrow_and_update();
        match way {
            Way::ToServer => global.to_server.and(own.to_server),
            Way::ToClient => global.to_client.and(own.to_client),
        }
    }

    /// Until something changed since [`Self::flow`]. Cancel safe.
    pub(super) async fn changed(&mut self) {
        let changed = tokio::select! {
            changed = self.global.changed() => changed,
            changed = self.own.changed() => changed,
        };
        if changed.is_err() {
            // Nobody is left who could change anything.
            std::future::pending::<()>().await;
        }
    }
}
