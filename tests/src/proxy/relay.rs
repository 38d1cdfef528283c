//! One direction of one connection.

use super::flow::{ConditionsWatch, Direction, Flow};
use super::rng::Rng;
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// The most bytes in flight in one direction, besides those in the socket buffers.
const IN_FLIGHT: usize = 64 * 1024;
/// Bytes read at once.
const CHUNK: usize = 4 * 1024;

struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
    written: usize,
}

/// Copies bytes from one socket to another, under the conditions.
pub(super) struct Relay<R, W> {
    pub(super) from: R,
    pub(super) into: W,
    pub(super) direction: Direction,
    pub(super) conditions: ConditionsWatch,
    pub(super) rng: Rng,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Relay<R, W> {
    /// Runs until the end of `from` was passed on to `into`.
    pub(super) async fn run(self) -> io::Result<()> {
        let Self {
            mut from,
            mut into,
            direction,
            mut conditions,
            mut rng,
        } = self;
        let mut buffer = [0; CHUNK];
        let mut queue: VecDeque<Chunk> = VecDeque::new();
        let mut in_flight = 0;
        let mut free_at = Instant::now();
        let mut ended = false;
        loop {
            let flow = conditions.flow(direction);
            if flow.frozen {
                conditions.changed().await;
                continue;
            }
            if ended && queue.is_empty() {
                return into.shutdown().await;
            }
            let accepts = !ended && in_flight < IN_FLIGHT;
            let head = queue.front();
            tokio::select! {
                read = from.read(&mut buffer), if accepts => {
                    let bytes = &buffer[..read?];
                    ended = bytes.is_empty();
                    in_flight += bytes.len();
                    let earliest = queue.back().map_or_else(Instant::now, |last| last.due);
                    let due = earliest.max(Instant::now() + flow.travel(&mut rng));
                    if !ended {
                        queue.push_back(Chunk { due, bytes: bytes.to_vec(), written: 0 });
                    }
                }
                written = write(head, flow, free_at, &mut into) => {
                    let count = written?;
                    in_flight -= count;
                    free_at = free_at.max(Instant::now()) + flow.occupied(count);
                    advance(&mut queue, count);
                }
                () = conditions.changed() => {}
            }
        }
    }
}

/// Writes some bytes of `head` when it is due; without `head` it never returns. Cancel safe.
async fn write(
    head: Option<&Chunk>,
    flow: Flow,
    free_at: Instant,
    into: &mut (impl AsyncWrite + Unpin),
) -> io::Result<usize> {
    let Some(head) = head else {
        return std::future::pending().await;
    };
    let due = head.due.max(free_at);
    if due > Instant::now() {
        tokio::time::sleep_until(due).await;
    }
    let rest = &head.bytes[head.written..];
    into.write(&rest[..rest.len().min(flow.portion())]).await
}

fn advance(queue: &mut VecDeque<Chunk>, count: usize) {
    if let Some(head) = queue.front_mut() {
        head.written += count;
        if head.written == head.bytes.len() {
            queue.pop_front();
        }
    }
}
