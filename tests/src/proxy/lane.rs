//! One direction of one connection.

use super::dice::Dice;
use super::flow::{Flow, Sky, Way};
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// Bytes on their way in one direction, beside what the system's sockets hold.
const ON_THE_WAY: usize = 64 * 1024;
/// Bytes read at once.
const CHUNK: usize = 4 * 1024;

struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
    written: usize,
}

/// Bytes from one socket to another, as the conditions allow.
pub(super) struct Lane<R, W> {
    pub(super) from: R,
    pub(super) into: W,
    pub(super) way: Way,
    pub(super) sky: Sky,
    pub(super) dice: Dice,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Lane<R, W> {
    /// Until the end of `from` was passed on to `into`.
    pub(super) async fn run(self) -> io::Result<()> {
        let Self {
            mut from,
            mut into,
            way,
            mut sky,
            mut dice,
        } = self;
        let mut buffer = [0; CHUNK];
        let mut queue: VecDeque<Chunk> = VecDeque::new();
        let mut on_the_way = 0;
        let mut free_at = Instant::now();
        let mut ended = false;
        loop {
            let flow = sky.flow(way);
            if flow.frozen {
                sky.changed().await;
                continue;
            }
            if ended && queue.is_empty() {
                return into.shutdown().await;
            }
            let takes = !ended && on_the_way < ON_THE_WAY;
            let head = queue.front();
            tokio::select! {
                read = from.read(&mut buffer), if takes => {
                    let bytes = &buffer[..read?];
                    ended = bytes.is_empty();
                    on_the_way += bytes.len();
                    let earliest = queue.back().map_or_else(Instant::now, |last| last.due);
                    let due = earliest.max(Instant::now() + flow.travel(&mut dice));
                    if !ended {
                        queue.push_back(Chunk { due, bytes: bytes.to_vec(), written: 0 });
                    }
                }
                written = write(head, flow, free_at, &mut into) => {
                    let count = written?;
                    on_the_way -= count;
                    free_at = free_at.max(Instant::now()) + flow.occupied(count);
                    advance(&mut queue, count);
                }
                () = sky.changed() => {}
            }
        }
    }
}

/// Writes some of `head` when it is due; without one, waits for ever. Cancel safe.
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
