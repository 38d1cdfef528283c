//! A live connection: what is due is written, what comes is read.

use super::{End, Live, User};
use crate::board::Phase;
use crate::socket::{Lost, Socket};
use crate::wire;
use std::time::{Duration, Instant};
use tidings_shared::Moment;
use tokio::time::{sleep_until, timeout};

/// How long the answer to a heartbeat may take.
const BEAT: Duration = Duration::from_secs(10);
/// The longest a timer sleeps; then it looks again.
const LONG: Duration = Duration::from_hours(1);
/// Frames handled before what they lead to is written.
const BATCH: usize = 256;

impl User {
    /// Runs until the connection is lost or the phase ends it.
    pub(super) async fn live(&mut self, socket: &mut Socket, mut live: Live) -> End {
        let mut phase = *self.phase.borrow_and_update();
        if phase == Phase::Over {
            return End::Over;
        }
        let timer = sleep_until(self.wake(&live, phase).into());
        tokio::pin!(timer);
        loop {
            if let Err(lost) = self.write(socket, &mut live) {
                return lost.into();
            }
            let wake = self.wake(&live, phase).into();
            if wake < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(wake);
            }
            tokio::select! {
                biased;
                changed = self.phase.changed() => {
                    phase = *self.phase.borrow_and_update();
                    match phase {
                        _ if changed.is_err() => return End::Over,
                        Phase::Over => {
                            if let Err(lost) = Box::pin(self.last(socket, &mut live)).await {
                                self.count(&lost);
                            }
                            return End::Over;
                        }
                        Phase::Cut(at) => return End::Cut(at),
                        Phase::Ready | Phase::Sending(_) | Phase::Quiet => {}
                    }
                }
                text = socket.next() => {
                    if let Err(lost) = self.read(text, socket, &mut live) {
                        return lost.into();
                    }
                }
                () = timer.as_mut() => {
                    if live.beat.is_some_and(|beat| beat.elapsed() >= BEAT) {
                        return Lost::Timeout.into();
                    }
                }
            }
        }
    }

    /// Reads what the server wrote before it answers one more heartbeat: a push that is repeated
    /// right after its first arrival would go unseen otherwise.
    async fn last(&mut self, socket: &mut Socket, live: &mut Live) -> Result<(), Lost> {
        self.beat(socket, live)?;
        let reading = async {
            while live.unanswered_beats > 0 {
                self.handle(socket.next().await?.as_str(), live)?;
            }
            Ok(())
        };
        timeout(BEAT, reading).await.map_err(|_| Lost::Timeout)?
    }

    fn beat(&self, socket: &mut Socket, live: &mut Live) -> Result<(), Lost> {
        let interval_ms = live.interval.as_millis();
        socket.queue(wire::heartbeat(self.login.uid, interval_ms))?;
        live.unanswered_beats += 1;
        Ok(())
    }

    /// Handles a frame and whatever else is here already.
    fn read(
        &mut self,
        first: Result<impl AsRef<str>, Lost>,
        socket: &mut Socket,
        live: &mut Live,
    ) -> Result<(), Lost> {
        live.heard = Instant::now();
        live.beat = None;
        self.handle(first?.as_ref(), live)?;
        for _ in 1..BATCH {
            let Some(text) = socket.next_now()? else {
                break;
            };
            self.handle(text.as_str(), live)?;
        }
        Ok(())
    }

    /// Queues what is due: the acknowledgement, a heartbeat, messages.
    fn write(&mut self, socket: &mut Socket, live: &mut Live) -> Result<(), Lost> {
        let now = Instant::now();
        if socket.ready()?
            && let Some(ack) = live.acks.take_due(self.moment(now))
        {
            socket.queue(wire::ack(ack.tid.0))?;
        }
        if live.beat.is_none() && now >= live.heard + live.interval && socket.ready()? {
            self.beat(socket, live)?;
            live.beat = Some(now);
            self.board.tally().heartbeats += 1;
        }
        let Some(sender) = &mut self.sender else {
            return Ok(());
        };
        let board = &self.board;
        // Held until the messages are in the book: once `Board::go` returns, nothing is sent that an
        // earlier phase allowed.
        let phase = self.phase.borrow();
        while socket.ready()? {
            let (counter, again) = if let Some(counter) = sender.take_again(now) {
                (counter, true)
            } else if let Phase::Sending(begin) = *phase
                && let Some(counter) = sender.take_due(begin, now)
            {
                (counter, false)
            } else {
                break;
            };
            if again {
                board.tally().resent += 1;
            } else {
                board.tally().sent += 1;
                if let Some(mut book) = board.book(sender.index) {
                    book.sent(counter);
                }
            }
            if let Some(frame) = sender.frame(board.run, board.start, counter) {
                socket.queue(frame)?;
            }
        }
        Ok(())
    }

    pub(super) fn moment(&self, now: Instant) -> Moment {
        Moment::after_origin(now.saturating_duration_since(self.board.start))
    }

    /// When something is due without a frame coming.
    fn wake(&self, live: &Live, phase: Phase) -> Instant {
        let beat = match live.beat {
            Some(beat) => beat + BEAT,
            None => live.heard + live.interval,
        };
        let begin = match phase {
            Phase::Sending(begin) => Some(begin),
            _ => None,
        };
        let send = self.sender.as_ref().and_then(|sender| sender.wake(begin));
        let ack = live.acks.deadline();
        let ack = ack.map(|due| self.board.start + due.since(Moment::default()));
        let far = Instant::now() + LONG;
        [send, ack]
            .into_iter()
            .flatten()
            .fold(beat.min(far), Instant::min)
    }
}
