//! Crash, drain and start of a process.

use super::{Node, State};
use crate::simulation::bus::Notice;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use std::time::Duration;
use tidings_shared::Moment;

impl Node {
    /// Makes the process crash at its next commit, if that comes before its next start.
    pub(crate) const fn doom(&mut self) {
        self.doomed = true;
    }

    /// The process crashes. The running batch may be committed all the same.
    pub(crate) fn crash(&mut self, env: &mut Env) {
        if self.state == State::Down {
            return;
        }
        env.count(Count::Crashes);
        env.log(|| format!("node {} crashes", self.core.id.0));
        if env.random.chance(50) && !env.store.is_down() {
            self.core.committer.append(env, self.core.id);
        }
        self.unannounced |= self.core.committer.is_unannounced() || !self.announcements.is_empty();
        if self.unannounced {
            env.count(Count::Unannounced);
        }
        if env.is(Variant::SeqReused) {
            let now = env.now().since(Moment::default());
            let since = now.saturating_sub(Duration::from_secs(2));
            env.store
                .forget_tail(self.core.id, Moment::after_origin(since));
        }
        let incarnation = self.core.incarnation + 1;
        let unannounced = self.unannounced;
        let connections = std::mem::take(&mut self.connections);
        *self = Self::new(self.core.id);
        self.core.incarnation = incarnation;
        self.state = State::Down;
        self.unannounced = unannounced;
        for socket in connections.into_keys() {
            let noticed = env.random.chance(70);
            env.cut(socket, noticed, false);
        }
    }

    /// Closes every connection with 1001, within some time, and accepts no more. Nothing is lost.
    pub(crate) fn drain(&mut self, env: &mut Env) {
        if self.state != State::Up {
            return;
        }
        env.count(Count::Drains);
        env.log(|| format!("node {} drains", self.core.id.0));
        self.state = State::Draining;
        let sockets: Vec<_> = self.connections.keys().copied().collect();
        for socket in sockets {
            self.with(env, socket, |connection, env, _| {
                connection.session.handle_drain(connection.now(env));
            });
        }
    }

    /// The process starts. The last commit of its previous incarnation may not have been published,
    /// so it publishes a resync to all.
    pub(crate) fn start(&mut self, env: &mut Env) {
        if self.state == State::Down && !env.is(Variant::SilentRestart) {
            env.publish(self.core.id, vec![Notice::resync_all()]);
        }
        self.state = State::Up;
        self.unannounced = false;
        self.doomed = false;
    }
}
