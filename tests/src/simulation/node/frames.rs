//! Writes what a session transmits, and fills in the heartbeat intervals.

use super::Core;
use super::connection::{Connection, Phase};
use super::payload::Held;
use crate::simulation::env::Env;
use crate::simulation::network::Down;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use std::time::Duration;
use tidings_shared::frame::{Page, Push, ServerFrame};
use tidings_shared::heartbeat::Policy;
use tidings_shared::session::Outgoing;

impl Connection {
    /// Writes as much as the network's buffer has capacity for. Returns whether that was anything.
    pub(super) fn write(&mut self, env: &mut Env, core: &mut Core) -> bool {
        let mut has_written = false;
        while env.network.has_capacity(self.socket, env.plan.buffers) {
            let Some(outgoing) = self.session.poll_transmit(self.now(env)) else {
                self.session.handle_flushed();
                break;
            };
            has_written = true;
            if self.phase == Phase::Notified {
                env.ledger
                    .fail(|| format!("a close frame is followed by {outgoing:?}"));
            }
            let packet = self.packet(env, core, outgoing);
            env.send_down(self.socket, packet);
        }
        has_written
    }

    fn packet(&mut self, env: &mut Env, core: &mut Core, outgoing: Outgoing<Held>) -> Down {
        Down::Frame(match outgoing {
            Outgoing::Frame(frame) => frame,
            Outgoing::Heartbeat(idle) => {
                let learn = |policy: &mut Policy| policy.handle_success(super::BOUNDS, idle);
                let interval = core.heartbeat(self.device, learn);
                // The wire has whole milliseconds.
                ServerFrame::Heartbeat(Duration::from_millis(ms(interval)))
            }
            Outgoing::Bound { mut bound, missed } => {
                let interval = core.heartbeat(self.device, |policy| {
                    if let Some(missed) = missed {
                        policy.handle_failure(super::BOUNDS, missed);
                    }
                });
                bound.timeout = ms(interval);
                ServerFrame::Bound(bound)
            }
            Outgoing::Page {
                reference,
                messages,
            } => {
                let uid = self.uid();
                let messages = messages.iter().map(|held| held.record.queried(uid));
                ServerFrame::Page(Page {
                    messages: messages.collect(),
                    reference,
                })
            }
            Outgoing::Sent(held) => ServerFrame::Sent(Box::new(held.record.pushed(self.uid()))),
            Outgoing::Push { tid, dup, message } => {
                let (uid, record) = (self.uid(), &message.record);
                if dup {
                    env.count(Count::Repushes);
                } else {
                    env.count(Count::Pushes);
                    self.checks.pushed(tid, record);
                    if env.is(Variant::DeliveredAtPush) {
                        core.delivered(env, (uid, record.conversation), record.seq, true);
                    }
                }
                let message = record.pushed(uid);
                ServerFrame::Push(Box::new(Push { tid, dup, message }))
            }
            Outgoing::Close(reason) => {
                self.enter(Phase::Notified);
                return Down::Close(reason.code());
            }
        })
    }
}

fn ms(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)
}
