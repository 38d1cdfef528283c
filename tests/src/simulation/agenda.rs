//! Virtual time: a queue of events, ordered by time.
//!
//! Events of one moment happen in the order they were entered, so that a run depends on its seed
//! alone. The world handles the events; the queue does not know what they mean.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use tidings_shared::Moment;

/// A device of a user, by its index in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DeviceId(pub(crate) usize);

/// A server process, by its index in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) usize);

/// A connection attempt; ids are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SocketId(pub(crate) usize);

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    Client,
    Server,
}

/// The next step of something that a node does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// The running batch reaches the store.
    Append,
    /// The outcome of the running batch is known.
    Appended,
    /// A change of a group is published.
    Announce,
    /// The pending cursors are written.
    Flush,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Event {
    /// The plan's action of this index.
    Act(usize),
    /// A packet may have arrived at the server end.
    Up(SocketId),
    /// A packet may have arrived at the client end.
    Down(SocketId),
    /// An end notices that its connection is dead.
    Noticed(SocketId, End),
    ConnectionTimer(SocketId),
    /// The store answers a connection.
    Stored(SocketId),
    DeviceTimer(DeviceId),
    /// A notice of the bus reaches a node.
    Bus(NodeId, usize),
    /// A step of a node, and which start of it: the steps of an earlier process are ignored.
    Node(NodeId, u32, Step),
    /// All faults end.
    Heal,
    /// The run ends.
    Finish,
}

/// The clock and the events to come.
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

    /// Enters an event. One whose time is past happens now.
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
