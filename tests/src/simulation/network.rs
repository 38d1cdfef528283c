//! The network between devices and nodes: connections that delay, freeze, break and lose what is
//! on its way. Within a connection nothing overtakes; between connections everything may.
//!
//! What a frame means, and when an end gives up, is not known here.

use super::agenda::{DeviceId, NodeId, SocketId};
use std::collections::VecDeque;
use tidings_shared::Moment;
use tidings_shared::frame::{ClientFrame, ServerFrame};

/// From a client.
#[derive(Debug)]
pub(crate) enum Up {
    Open,
    Frame(ClientFrame),
    Close,
}

/// From a server.
#[derive(Debug)]
pub(crate) enum Down {
    Opened,
    Frame(ServerFrame),
    Close(u16),
}

/// One direction of a connection.
#[derive(Debug)]
struct Pipe<T> {
    flying: VecDeque<(Moment, usize, T)>,
    last: Moment,
    bytes: usize,
    /// What is given to it vanishes.
    broken: bool,
}

impl<T> Pipe<T> {
    const fn new() -> Self {
        Self {
            flying: VecDeque::new(),
            last: Moment::after_origin(std::time::Duration::ZERO),
            bytes: 0,
            broken: false,
        }
    }

    /// Returns when it arrives; `None`: never.
    fn send(&mut self, arrival: Moment, bytes: usize, thing: T) -> Option<Moment> {
        self.bytes += bytes;
        if self.broken {
            return None;
        }
        self.last = self.last.max(arrival);
        self.flying.push_back((self.last, bytes, thing));
        Some(self.last)
    }

    fn take(&mut self, now: Moment) -> Option<T> {
        let (_, bytes, thing) = self.flying.pop_front_if(|(arrival, ..)| *arrival <= now)?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(thing)
    }

    fn cut(&mut self) -> usize {
        self.broken = true;
        let lost = self.flying.len();
        self.flying.clear();
        lost
    }
}

/// A connection, open or not any more.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) device: DeviceId,
    pub(crate) node: NodeId,
    up: Pipe<Up>,
    down: Pipe<Down>,
    frozen: bool,
}

/// All connections that were ever tried.
#[derive(Debug, Default)]
pub(crate) struct Network {
    sockets: Vec<Socket>,
}

impl Network {
    pub(crate) fn open(&mut self, device: DeviceId, node: NodeId) -> SocketId {
        self.sockets.push(Socket {
            device,
            node,
            up: Pipe::new(),
            down: Pipe::new(),
            frozen: false,
        });
        SocketId(self.sockets.len() - 1)
    }

    pub(crate) fn socket(&self, id: SocketId) -> &Socket {
        &self.sockets[id.0]
    }

    pub(crate) fn send_up(&mut self, id: SocketId, arrival: Moment, thing: Up) -> Option<Moment> {
        self.sockets[id.0].up.send(arrival, 0, thing)
    }

    pub(crate) fn send_down(
        &mut self,
        id: SocketId,
        arrival: Moment,
        bytes: usize,
        thing: Down,
    ) -> Option<Moment> {
        self.sockets[id.0].down.send(arrival, bytes, thing)
    }

    /// Whether a server may write on.
    pub(crate) fn takes(&self, id: SocketId, buffers: usize) -> bool {
        self.sockets[id.0].down.bytes < buffers
    }

    pub(crate) fn has_up(&self, id: SocketId, now: Moment) -> bool {
        let socket = &self.sockets[id.0];
        let front = socket.up.flying.front();
        !socket.frozen && front.is_some_and(|(arrival, ..)| *arrival <= now)
    }

    pub(crate) fn take_up(&mut self, id: SocketId, now: Moment) -> Option<Up> {
        let socket = &mut self.sockets[id.0];
        if socket.frozen {
            return None;
        }
        socket.up.take(now)
    }

    pub(crate) fn take_down(&mut self, id: SocketId, now: Moment) -> Option<Down> {
        let socket = &mut self.sockets[id.0];
        if socket.frozen {
            return None;
        }
        socket.down.take(now)
    }

    /// Both directions lose what is on its way and whatever follows; returns how much that was.
    pub(crate) fn cut(&mut self, id: SocketId) -> usize {
        let socket = &mut self.sockets[id.0];
        socket.up.cut() + socket.down.cut()
    }

    pub(crate) fn freeze(&mut self, id: SocketId, frozen: bool) {
        self.sockets[id.0].frozen = frozen;
    }

    /// The connections on which nothing moves.
    pub(crate) fn frozen(&self) -> Vec<SocketId> {
        let frozen = self.sockets.iter().enumerate().filter(|(_, s)| s.frozen);
        frozen.map(|(index, _)| SocketId(index)).collect()
    }
}
