//! A server process: the real [`Session`](tidings_shared::session::Session) of each connection, and
//! simple models of its surroundings.
//!
//! A crash loses everything here; what must survive a crash is in the store.

mod arrivals;
mod checks;
mod committer;
mod connection;
mod cursors;
mod frames;
mod groups;
mod hub;
mod lifecycle;
mod outputs;
mod payload;
mod requests;

use super::agenda::{DeviceId, Event, NodeId, SocketId, Step};
use super::bus::{BusEvent, Notice};
use super::env::Env;
use super::network::{Down, NO_CLOSE_FRAME, Up};
use super::report::Count;
use committer::Committer;
use connection::Connection;
use cursors::Cursors;
use hub::Hub;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tidings_shared::heartbeat::{Bounds, Policy};
use tidings_shared::limits;

/// The bounds of the heartbeat interval that `tidings serve` has by default.
const BOUNDS: Bounds = Bounds {
    min: Duration::from_secs(15),
    max: Duration::from_mins(4),
};

/// The state shared by the connections of a node.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) id: NodeId,
    pub(crate) incarnation: u32,
    hub: Hub,
    committer: Committer,
    cursors: Cursors,
    /// The heartbeat policies, by device.
    policies: BTreeMap<DeviceId, Policy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// Refuses connections, and will be up again without having lost anything.
    Draining,
    Down,
}

/// A server process, running or not.
#[derive(Debug)]
pub(crate) struct Node {
    core: Core,
    connections: BTreeMap<SocketId, Connection>,
    state: State,
    /// Changes of groups that are committed and not published yet.
    announcements: VecDeque<Vec<Notice>>,
    /// Whether its last commit was not published before a crash.
    unannounced: bool,
    /// Whether it crashes at its next commit.
    doomed: bool,
}

impl Node {
    pub(crate) fn new(id: NodeId) -> Self {
        let core = Core {
            id,
            incarnation: 0,
            hub: Hub::default(),
            committer: Committer::default(),
            cursors: Cursors::default(),
            policies: BTreeMap::new(),
        };
        Self {
            core,
            connections: BTreeMap::new(),
            state: State::Up,
            announcements: VecDeque::new(),
            unannounced: false,
            doomed: false,
        }
    }

    /// Handles an event of a connection. By itself it only lets the connection continue, because a
    /// packet arrived or a buffer has capacity.
    pub(crate) fn handle_event(&mut self, env: &mut Env, socket: SocketId, event: Event) {
        if self.connections.contains_key(&socket) {
            return self.with(env, socket, |connection, env, core| match event {
                Event::ConnectionTimer(_) => connection.timer_fired(env.now()),
                Event::Stored(_) => connection.stored(env, core),
                Event::Noticed(..) => connection.disconnected(),
                _ => {}
            });
        }
        while let Some(packet) = env.network.recv_up(socket, env.now()) {
            if matches!(packet, Up::Open) {
                self.accept(env, socket);
            }
        }
    }

    /// Passes something to a connection, if it is still there, and runs it.
    fn with(
        &mut self,
        env: &mut Env,
        socket: SocketId,
        pass: impl FnOnce(&mut Connection, &mut Env, &mut Core),
    ) {
        let Some(connection) = self.connections.get_mut(&socket) else {
            return;
        };
        pass(connection, env, &mut self.core);
        connection.run(env, &mut self.core);
        if connection.session.is_ended() {
            connection.finish(env);
            self.connections.remove(&socket);
        }
    }

    fn accept(&mut self, env: &mut Env, socket: SocketId) {
        match self.state {
            State::Up => {
                let connection = Connection::new(env, socket);
                self.connections.insert(socket, connection);
                env.send_down(socket, Down::Opened);
                self.with(env, socket, |_, _, _| {});
            }
            // A dead host may not answer at all; otherwise its operating system refuses.
            State::Down if !env.healed && env.random.chance(30) => env.cut(socket, false, false),
            State::Down | State::Draining => env.send_down(socket, Down::Close(NO_CLOSE_FRAME)),
        }
    }

    /// Queues a notice of the bus at the connections it concerns that have capacity.
    pub(crate) fn handle_notice(&mut self, env: &mut Env, notice: &Notice) {
        for socket in self.core.hub.concerned(notice) {
            // The connection that sent a message gets its answer instead.
            if matches!(&*notice.event, BusEvent::Message(_, Some(from)) if *from == socket) {
                continue;
            }
            self.with(env, socket, |connection, env, _| {
                if !connection.offer(&notice.event, env.plan.events, notice.topics.is_empty()) {
                    env.count(Count::Lagged);
                }
            });
        }
    }

    /// A step of the process that started as this incarnation.
    pub(crate) fn step(&mut self, env: &mut Env, incarnation: u32, step: Step) {
        if incarnation != self.core.incarnation {
            return;
        }
        match step {
            Step::Append => self.append(env),
            Step::Appended => self.appended(env),
            Step::Announce => self.announce(env),
            Step::Flush => self.core.flush(env),
        }
    }

    fn append(&mut self, env: &mut Env) {
        self.core.committer.append(env, self.core.id);
        let wait = env.random.ms(0, 5);
        self.core.after(env, wait, Step::Appended);
        if self.doomed {
            self.crash(env);
        }
    }

    /// The batch is committed: publishes, answers, and starts the next one.
    fn appended(&mut self, env: &mut Env) {
        let (notices, answers) = self.core.committer.appended(env);
        env.publish(self.core.id, notices);
        for (socket, outcome) in answers {
            self.with(env, socket, |connection, env, _| {
                connection.answered(env, outcome);
            });
        }
        self.core.start_batch(env);
    }

    /// The connections it holds, for the checks at the end.
    pub(crate) fn connections(&self) -> usize {
        self.connections.len()
    }
}

impl Core {
    fn after(&self, env: &mut Env, wait: Duration, step: Step) {
        env.after(wait, Event::Node(self.id, self.incarnation, step));
    }

    /// Updates the heartbeat policy of a device. Returns the interval to use from now on.
    fn heartbeat(&mut self, device: DeviceId, learn: impl FnOnce(&mut Policy)) -> Duration {
        let new = || Policy::new(BOUNDS, limits::HEARTBEAT_START);
        let policy = self.policies.entry(device).or_insert_with(new);
        learn(policy);
        policy.interval()
    }
}
