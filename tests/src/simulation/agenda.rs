//! Virtual time: what happens next, and when.
//!
//! Events of one moment happen in the order they were entered, so that a run depends on its seed
//! alone. What an event leads to is the world's business.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use tidings_shared::Moment;

/// A device of a user, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DeviceId(pub(crate) usize);

/// A server process, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) usize);

/// A connection that was tried; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SocketId(pub(crate) usize);

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    Client,
    Server,
}

/// What can happen. A life counts a node's starts: what a dead process wanted is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Event {
    /// The plan's action of this index.
    Act(usize),
    /// Something may have arrived at the server end.
    Up(SocketId),
    /// Something may have arrived at the client end.
    Down(SocketId),
    /// An end notices that its connection is dead.
    Noticed(SocketId, End),
    ConnectionTimer(SocketId),
    /// The store answers a connection.
    Stored(SocketId),
    DeviceTimer(DeviceId),
    /// A notice of the bus reaches a node.
    Bus(NodeId, usize),
    /// The running batch reaches the store.
    Append {
        node: NodeId,
        life: u32,
    },
    /// The node learns what became of the running batch.
    Appended {
        node: NodeId,
        life: u32,
    },
    /// The node writes the positions that wait.
    Flush {
        node: NodeId,
        life: u32,
    },
    /// All faults end.
    Heal,
    /// The run ends.
    Finish,
}

/// The clock and what is yet to happen.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    now: Moment,
    entered: u64,
    heap: BinaryHeap<Reverse<(Moment, u64, Event)>>,
}

impl Agenda {
    pub(crate) const fn now(&self) -> Moment {
        self.now
    }

    /// Enters an event; one for the past happens now.
    pub(crate) fn at(&mut self, moment: Moment, event: Event) {
        self.entered += 1;
        let entry = (moment.max(self.now), self.entered, event);
        self.heap.push(Reverse(entry));
    }

    /// Moves the clock to the next event.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let Reverse((moment, _, event)) = self.heap.pop()?;
        self.now = moment;
        Some(event)
    }
}
