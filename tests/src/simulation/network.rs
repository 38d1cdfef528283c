//! The network between devices and nodes: connections that delay, freeze, break and lose packets.
//! The order is kept within a connection, and not between connections.
//!
//! The meaning of frames and the time-outs of the ends are not known here.

use super::agenda::{DeviceId, NodeId, SocketId};
use std::collections::VecDeque;
use tidings_shared::Moment;
use tidings_shared::frame::{ClientFrame, ServerFrame};

/// The code of a close that came without a close frame (RFC 6455 §7.4.1).
pub(crate) const NO_CLOSE_FRAME: u16 = 1006;

/// A packet from a client.
#[derive(Debug)]
pub(crate) enum Up {
    Open,
    Frame(ClientFrame),
    Close,
}

/// A packet from a server.
#[derive(Debug)]
pub(crate) enum Down {
    Opened,
    Frame(ServerFrame),
    Close(u16),
}

/// One direction of a connection.
#[derive(Debug)]
struct Pipe<T> {
    in_flight: VecDeque<(Moment, usize, T)>,
    last: Moment,
    bytes: usize,
    /// Whether every packet is lost from now on.
    broken: bool,
}

impl<T> Pipe<T> {
    const fn new() -> Self {
        Self {
            in_flight: VecDeque::new(),
            last: Moment::after_origin(std::time::Duration::ZERO),
            bytes: 0,
            broken: false,
        }
    }

    /// Returns the time of arrival; `None` if the packet is lost.
    fn send(&mut self, arrival: Moment, bytes: usize, packet: T) -> Option<Moment> {
        self.bytes += bytes;
        if self.broken {
            return None;
        }
        self.last = self.last.max(arrival);
        self.in_flight.push_back((self.last, bytes, packet));
        Some(self.last)
    }

    fn recv(&mut self, now: Moment) -> Option<T> {
        let (_, bytes, packet) = self
            .in_flight
            .pop_front_if(|(arrival, ..)| *arrival <= now)?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(packet)
    }

    fn cut(&mut self) -> usize {
        self.broken = true;
        let lost = self.in_flight.len();
        self.in_flight.clear();
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

/// All connection attempts so far.
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

    pub(crate) fn send_up(&mut self, id: SocketId, arrival: Moment, packet: Up) -> Option<Moment> {
        self.sockets[id.0].up.send(arrival, 0, packet)
    }

    pub(crate) fn send_down(
        &mut self,
        id: SocketId,
        arrival: Moment,
        bytes: usize,
        packet: Down,
    ) -> Option<Moment> {
        self.sockets[id.0].down.send(arrival, bytes, packet)
    }

    /// Whether a server may write more.
    pub(crate) fn has_capacity(&self, id: SocketId, buffers: usize) -> bool {
        self.sockets[id.0].down.bytes < buffers
    }

    pub(crate) fn has_up(&self, id: SocketId, now: Moment) -> bool {
        let socket = &self.sockets[id.0];
        let front = socket.up.in_flight.front();
        !socket.frozen && front.is_some_and(|(arrival, ..)| *arrival <= now)
    }

    pub(crate) fn recv_up(&mut self, id: SocketId, now: Moment) -> Option<Up> {
        let socket = &mut self.sockets[id.0];
        if socket.frozen {
            return None;
        }
        socket.up.recv(now)
    }

    pub(crate) fn recv_down(&mut self, id: SocketId, now: Moment) -> Option<Down> {
        let socket = &mut self.sockets[id.0];
        if socket.frozen {
            return None;
        }
        socket.down.recv(now)
    }

    /// Both directions lose the packets in flight and all that follow. Returns how many were in
    /// flight.
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
