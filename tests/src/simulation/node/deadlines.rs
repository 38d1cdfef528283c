//! A connection's deadlines: one timer for all of them.

use super::connection::{Closing, Connection};
use crate::simulation::env::Env;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::{Moment, limits};

/// The default of `tidings serve`.
const IDLE_TIMEOUT: Duration = Duration::from_mins(6);

impl Connection {
    /// The time of the earliest deadline of this connection.
    pub(super) fn deadline(&self) -> Moment {
        let idle = self.last_arrival + IDLE_TIMEOUT;
        let bind = self.started + limits::BIND_DEADLINE;
        let feed = self
            .bound
            .as_ref()
            .and_then(|bound| bound.feed.poll_timeout());
        [
            self.bound.is_none().then_some(bind),
            feed.map(|moment| self.started + moment.since(Moment::default())),
            self.writer.deadline(),
            self.read_after,
        ]
        .into_iter()
        .flatten()
        .fold(idle, Moment::min)
    }

    pub(super) fn handle_deadline(&mut self, env: &Env) -> Result<(), Closing> {
        let now = env.now();
        if self.writer.deadline().is_some_and(|at| at <= now) {
            return Err(Closing::Close(CloseCode::TooSlow));
        }
        let unbound = self.bound.is_none() && self.started + limits::BIND_DEADLINE <= now;
        if unbound || self.last_arrival + IDLE_TIMEOUT <= now {
            return Err(Closing::Close(CloseCode::Idle));
        }
        let retry = self.read_after.take_if(|moment| *moment <= now).is_some();
        let moment = self.moment(now);
        if let Some(bound) = &mut self.bound {
            if retry {
                bound.feed.handle_read_failed();
            }
            if bound.feed.poll_timeout().is_some_and(|at| at <= moment) {
                bound.feed.handle_timeout(moment);
            }
        }
        Ok(())
    }
}
