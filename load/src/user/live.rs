//! The loop of a live connection: writes what is due and reads what arrives.

use super::{End, Live, User};
use crate::run_state::Phase;
use crate::socket::{Socket, SocketError};
use crate::wire;
use std::time::{Duration, Instant};
use tidings_shared::Moment;
use tokio::time::{sleep_until, timeout};

/// The time limit for the answer to a heartbeat.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest sleep of the timer.
const SLEEP_MAX: Duration = Duration::from_hours(1);
/// The most frames handled before the next write.
const BATCH: usize = 256;

impl User {
    /// Runs until the connection is lost or the phase ends it.
    pub(super) async fn live(&mut self, socket: &mut Socket, mut live: Live) -> End {
        let mut phase = *self.phase.borrow_and_update();
        if phase == Phase::Finished {
            return End::Finished;
        }
        let timer = sleep_until(self.deadline(&live, phase).into());
        tokio::pin!(timer);
        loop {
            if let Err(error) = self.write(socket, &mut live) {
                return error.into();
            }
            let deadline = self.deadline(&live, phase).into();
            if deadline < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            tokio::select! {
                biased;
                changed = self.phase.changed() => {
                    phase = *self.phase.borrow_and_update();
                    match phase {
                        _ if changed.is_err() => return End::Finished,
                        Phase::Finished => {
                            if let Err(error) = Box::pin(self.drain(socket, &mut live)).await {
                                self.count(&error);
                            }
                            return End::Finished;
                        }
                        Phase::Cut(at) => return End::Cut(at),
                        Phase::Ready | Phase::Sending(_) | Phase::Draining => {}
                    }
                }
                text = socket.next() => {
                    if let Err(error) = self.read(text, socket, &mut live) {
                        return error.into();
                    }
                }
                () = timer.as_mut() => {
                    if live.heartbeat_sent.is_some_and(|sent| sent.elapsed() >= HEARTBEAT_TIMEOUT) {
                        return SocketError::Timeout.into();
                    }
                }
            }
        }
    }

    /// Sends one more heartbeat and handles all frames up to its answer. Otherwise a push that is
    /// repeated right after its first arrival would be missed.
    async fn drain(&mut self, socket: &mut Socket, live: &mut Live) -> Result<(), SocketError> {
        self.send_heartbeat(socket, live)?;
        let reading = async {
            while live.unanswered_heartbeats > 0 {
                self.handle(socket.next().await?.as_str(), live)?;
            }
            Ok(())
        };
        timeout(HEARTBEAT_TIMEOUT, reading)
            .await
            .map_err(|_| SocketError::Timeout)?
    }

    fn send_heartbeat(&self, socket: &mut Socket, live: &mut Live) -> Result<(), SocketError> {
        let interval_ms = live.interval.as_millis();
        socket.queue(wire::heartbeat(self.login.uid, interval_ms))?;
        live.unanswered_heartbeats += 1;
        Ok(())
    }

    /// Handles a frame and all that can be read without waiting, at most [`BATCH`].
    fn read(
        &mut self,
        first: Result<impl AsRef<str>, SocketError>,
        socket: &mut Socket,
        live: &mut Live,
    ) -> Result<(), SocketError> {
        live.last_received = Instant::now();
        live.heartbeat_sent = None;
        self.handle(first?.as_ref(), live)?;
        for _ in 1..BATCH {
            let Some(text) = socket.next_now()? else {
                break;
            };
            self.handle(text.as_str(), live)?;
        }
        Ok(())
    }

    /// Queues the frames that are due: an acknowledgement, a heartbeat, messages.
    fn write(&mut self, socket: &mut Socket, live: &mut Live) -> Result<(), SocketError> {
        let now = Instant::now();
        if socket.ready()?
            && let Some(ack) = live.acks.poll_ack(self.moment(now))
        {
            socket.queue(wire::ack(ack.tid.0))?;
        }
        if live.heartbeat_sent.is_none()
            && now >= live.last_received + live.interval
            && socket.ready()?
        {
            self.send_heartbeat(socket, live)?;
            live.heartbeat_sent = Some(now);
            self.state.tally().heartbeats += 1;
        }
        let Some(sender) = &mut self.sender else {
            return Ok(());
        };
        let state = &self.state;
        // Held until the messages are in the ledger: once `RunState::set_phase` returns, no message
        // that an earlier phase allowed is sent.
        let phase = self.phase.borrow();
        while socket.ready()? {
            let (counter, resend) = if let Some(counter) = sender.take_resend(now) {
                (counter, true)
            } else if let Phase::Sending(begin) = *phase
                && let Some(counter) = sender.take_due(begin, now)
            {
                (counter, false)
            } else {
                break;
            };
            if resend {
                state.tally().resent += 1;
            } else {
                state.tally().sent += 1;
                if let Some(mut ledger) = state.ledger(sender.index) {
                    ledger.sent(counter);
                }
            }
            if let Some(frame) = sender.frame(state.run, state.start, counter) {
                socket.queue(frame)?;
            }
        }
        Ok(())
    }

    pub(super) fn moment(&self, now: Instant) -> Moment {
        Moment::after_origin(now.saturating_duration_since(self.state.start))
    }

    /// When the next write or timeout is due if no frame arrives.
    fn deadline(&self, live: &Live, phase: Phase) -> Instant {
        let heartbeat = match live.heartbeat_sent {
            Some(sent) => sent + HEARTBEAT_TIMEOUT,
            None => live.last_received + live.interval,
        };
        let begin = match phase {
            Phase::Sending(begin) => Some(begin),
            _ => None,
        };
        let send = self
            .sender
            .as_ref()
            .and_then(|sender| sender.deadline(begin));
        let ack = live.acks.poll_timeout();
        let ack = ack.map(|due| self.state.start + due.since(Moment::default()));
        let latest = Instant::now() + SLEEP_MAX;
        [send, ack]
            .into_iter()
            .flatten()
            .fold(heartbeat.min(latest), Instant::min)
    }
}
