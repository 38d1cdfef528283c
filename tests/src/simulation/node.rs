//! A server process: the real [`Feed`](tidings_shared::delivery::Feed) of each connection, driven
//! in the same order as in the gateway, and simple models of its surroundings.
//!
//! A crash loses everything here; what must survive a crash is in the store.

mod committer;
mod connection;
mod cursors;
mod deadlines;
mod jobs;
mod lifecycle;
mod payload;
mod pushes;
mod requests;
mod writer;

use super::agenda::{DeviceId, Event, NodeId, SocketId};
use super::bus::{BusEvent, Notice};
use super::env::Env;
use super::network::{Down, Up};
use super::report::Count;
use committer::Committer;
use connection::{Closing, Connection};
use cursors::Cursors;
use std::collections::BTreeMap;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::heartbeat::{Bounds, Policy};
use tidings_shared::{UserId, limits};

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
    hub: BTreeMap<UserId, Vec<SocketId>>,
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
            hub: BTreeMap::new(),
            committer: Committer::default(),
            cursors: Cursors::default(),
            policies: BTreeMap::new(),
        };
        Self {
            core,
            connections: BTreeMap::new(),
            state: State::Up,
            unannounced: false,
            doomed: false,
        }
    }

    /// Runs a connection that may be able to continue, because a packet arrived or a buffer has
    /// capacity.
    pub(crate) fn run(&mut self, env: &mut Env, socket: SocketId) {
        if let Some(mut connection) = self.connections.remove(&socket) {
            match connection.run(env, &mut self.core) {
                Ok(()) => {
                    self.connections.insert(socket, connection);
                }
                Err(closing) => self.close(env, connection, closing),
            }
            return;
        }
        while let Some(packet) = env.network.recv_up(socket, env.now()) {
            if matches!(packet, Up::Open) {
                self.accept(env, socket);
            }
        }
    }

    fn accept(&mut self, env: &mut Env, socket: SocketId) {
        match self.state {
            State::Up => {
                let device = env.network.socket(socket).device;
                let uid = env.plan.devices[device.0].uid;
                let connection = Connection::new(socket, uid, env.now());
                self.connections.insert(socket, connection);
                env.send_down(socket, Down::Opened);
                self.run(env, socket);
            }
            // A dead host may not answer at all; otherwise its operating system refuses.
            State::Down if !env.healed && env.random.chance(30) => env.cut(socket, false, false),
            State::Down | State::Draining => env.send_down(socket, Down::Close(1006)),
        }
    }

    pub(crate) fn timer(&mut self, env: &mut Env, socket: SocketId) {
        if let Some(connection) = self.connections.get_mut(&socket) {
            connection.timer_fired(env.now());
            self.run(env, socket);
        }
    }

    /// The store answers a connection.
    pub(crate) fn stored(&mut self, env: &mut Env, socket: SocketId) {
        let Some(mut connection) = self.connections.remove(&socket) else {
            return;
        };
        match connection.stored(env, &mut self.core) {
            Ok(()) => {
                self.connections.insert(socket, connection);
                self.run(env, socket);
            }
            Err(closing) => self.close(env, connection, closing),
        }
    }

    /// This end has noticed that its connection is dead.
    pub(crate) fn noticed(&mut self, env: &mut Env, socket: SocketId) {
        if let Some(connection) = self.connections.remove(&socket) {
            self.close(env, connection, Closing::Gone);
        }
    }

    fn close(&mut self, env: &mut Env, connection: Connection, closing: Closing) {
        let socket = connection.socket;
        for members in self.core.hub.values_mut() {
            members.retain(|member| *member != socket);
        }
        if let Closing::Close(code) = closing {
            env.log(|| format!("connection {} is closed: {code:?}", socket.0));
            match code {
                CloseCode::AckMissing => env.count(Count::AckMissing),
                CloseCode::TooSlow => env.count(Count::TooSlow),
                CloseCode::Idle => env.count(Count::Idle),
                _ => {}
            }
            connection.close(env, code);
        }
    }

    /// Queues a notice of the bus at the connections it concerns that have capacity.
    pub(crate) fn handle_notice(&mut self, env: &mut Env, notice: &Notice) {
        if self.state == State::Down {
            return;
        }
        let members = |uid: &UserId| self.core.hub.get(uid).cloned().unwrap_or_default();
        let sockets: Vec<_> = if notice.users.is_empty() {
            self.connections.keys().copied().collect()
        } else {
            notice.users.iter().flat_map(members).collect()
        };
        for socket in sockets {
            if let Some(connection) = self.connections.get_mut(&socket) {
                // The connection that sent a message gets its answer instead.
                if matches!(&*notice.event, BusEvent::Message(_, Some(from)) if *from == socket) {
                    continue;
                }
                if !connection.offer(&notice.event, env.plan.events) {
                    env.count(Count::Lagged);
                }
                self.run(env, socket);
            }
        }
    }

    /// The running batch reaches the store.
    pub(crate) fn append(&mut self, env: &mut Env, incarnation: u32) {
        if incarnation == self.core.incarnation {
            self.core.committer.append(env, self.core.id);
            let wait = env.random.ms(0, 5);
            let node = self.core.id;
            env.after(wait, Event::Appended { node, incarnation });
            if self.doomed {
                self.crash(env);
            }
        }
    }

    /// The batch is committed: publishes, answers, and starts the next one.
    pub(crate) fn appended(&mut self, env: &mut Env, incarnation: u32) {
        if incarnation != self.core.incarnation {
            return;
        }
        let (notices, answers) = self.core.committer.appended(env);
        env.publish(self.core.id, notices);
        for answer in answers {
            if let Some(connection) = self.connections.get_mut(&answer.socket) {
                connection.answer(answer.number, answer.frame, answer.slot);
                self.run(env, answer.socket);
            }
        }
        self.core.committer.start(env, self.core.id, incarnation);
    }

    pub(crate) fn flush(&mut self, env: &mut Env, incarnation: u32) {
        if incarnation == self.core.incarnation {
            self.core.cursors.flush(env, self.core.id, incarnation);
        }
    }

    /// The connections it holds, for the checks at the end.
    pub(crate) fn connections(&self) -> usize {
        self.connections.len()
    }
}

impl Core {
    fn join(&mut self, uid: UserId, socket: SocketId) {
        self.hub.entry(uid).or_default().push(socket);
    }

    /// Updates the heartbeat policy of a device. Returns the interval to use from now on.
    fn heartbeat(&mut self, device: DeviceId, learn: impl FnOnce(&mut Policy)) -> Duration {
        let new = || Policy::new(BOUNDS, limits::HEARTBEAT_START);
        let policy = self.policies.entry(device).or_insert_with(new);
        learn(policy);
        policy.interval()
    }

    fn notice(users: Vec<UserId>, event: BusEvent) -> Notice {
        Notice {
            users,
            event: std::rc::Rc::new(event),
        }
    }
}
