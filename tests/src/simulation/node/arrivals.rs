//! Passes what arrives from the client to its session, and defers some of it.

use super::connection::{Connection, Phase};
use crate::simulation::agenda::{End, Event};
use crate::simulation::env::Env;
use crate::simulation::network::Up;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use std::time::Duration;
use tidings_shared::frame::ClientFrame;

impl Connection {
    pub(super) fn receive(&mut self, env: &mut Env) {
        let now = self.now(env);
        match env.network.recv_up(self.socket, env.now()) {
            Some(Up::Frame(ClientFrame::Ack(ack))) => {
                self.checks.handle_ack(&ack);
                if env.is(Variant::AcksIgnored) {
                    self.session.handle_arrival(now);
                } else {
                    let frame = Ok(ClientFrame::Ack(ack));
                    self.session.handle_frame(now, frame, Ok(()));
                }
            }
            Some(Up::Frame(frame)) => {
                if let ClientFrame::Query(query) = &frame {
                    self.plain_query = query.is_plain();
                }
                let charged = charge(env, &frame);
                self.session.handle_frame(now, Ok(frame), charged);
            }
            // The answer to the node's own close frame, or its client is gone at once.
            Some(Up::Close) if self.phase >= Phase::Ended || env.random.chance(50) => {
                self.disconnected();
            }
            Some(Up::Close) => {
                self.enter(Phase::Notified);
                self.session.handle_close(now);
                let wait = env.random.ms(0, 3000);
                env.after(wait, Event::Noticed(self.socket, End::Server));
            }
            Some(Up::Open) | None => {}
        }
    }
}

/// Defers some frames while faults last.
fn charge(env: &mut Env, frame: &ClientFrame) -> Result<(), Duration> {
    let is_charged = matches!(
        frame,
        ClientFrame::Bind(_) | ClientFrame::Query(_) | ClientFrame::Send(_)
    );
    if is_charged && !env.healed && env.random.chance(env.plan.deferred_percent) {
        env.count(Count::Deferred);
        return Err(env.random.ms(1, 5000));
    }
    Ok(())
}
