//! The write half of a connection, as the gateway has it: a short queue, and a limit on how long
//! it may not move.

use crate::simulation::agenda::SocketId;
use crate::simulation::env::Env;
use crate::simulation::network::Down;
use std::collections::VecDeque;
use std::time::Duration;
use tidings_shared::Moment;
use tidings_shared::frame::ServerFrame;

/// How long the socket may take nothing before the connection is closed as too slow (4002).
const STALL_LIMIT: Duration = Duration::from_secs(10);
/// Frames queued at which the connection stops making new ones.
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

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// When something was last written, or queued after a pause.
    pub(super) const fn moved_at(&self) -> Moment {
        self.moved_at
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        (!self.queue.is_empty()).then(|| self.moved_at + STALL_LIMIT)
    }

    /// Writes as long as the connection's buffers take it.
    pub(super) fn drive(&mut self, env: &mut Env, socket: SocketId) {
        while env.network.takes(socket, env.plan.buffers) {
            let Some(frame) = self.queue.pop_front() else {
                return;
            };
            self.moved_at = env.now();
            env.send_down(socket, Down::Frame(frame));
        }
    }
}
