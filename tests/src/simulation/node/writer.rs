//! The write half of a connection, as in the gateway: a short queue, and a limit on how long a
//! write may stall.

use crate::simulation::agenda::SocketId;
use crate::simulation::env::Env;
use crate::simulation::network::Down;
use std::collections::VecDeque;
use std::time::Duration;
use tidings_shared::Moment;
use tidings_shared::frame::ServerFrame;

/// How long the socket may accept nothing before the connection is closed as too slow (4002).
const STALL_LIMIT: Duration = Duration::from_secs(10);
/// The queue length in frames at which the connection stops producing more.
const QUEUE: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Writer {
    queue: VecDeque<ServerFrame>,
    moved_at: Moment,
}

impl Writer {
    pub(super) fn push(&mut self, now: Moment, frame: ServerFrame) {
        if self.queue.is_empty() {
            self.moved_at = now;
        }
        self.queue.push_back(frame);
    }

    pub(super) fn has_capacity(&self) -> bool {
        self.queue.len() < QUEUE
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// When a frame was last written, or queued into an empty queue.
    pub(super) const fn moved_at(&self) -> Moment {
        self.moved_at
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        (!self.queue.is_empty()).then(|| self.moved_at + STALL_LIMIT)
    }

    /// Writes as long as the connection's buffers have capacity.
    pub(super) fn drive(&mut self, env: &mut Env, socket: SocketId) {
        while env.network.has_capacity(socket, env.plan.buffers) {
            let Some(frame) = self.queue.pop_front() else {
                return;
            };
            self.moved_at = env.now();
            env.send_down(socket, Down::Frame(frame));
        }
    }
}
