//! How a process ends and begins.

use super::connection::Closing;
use super::{Node, State};
use crate::simulation::bus::Notice;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use std::time::Duration;
use tidings_shared::Moment;
use tidings_shared::close::CloseCode;

impl Node {
    /// The process is to die when it commits next, if that is before it would start again.
    pub(crate) const fn doom(&mut self) {
        self.doomed = true;
    }

    /// The process dies. A batch on its way to the disk may get there all the same.
    pub(crate) fn crash(&mut self, env: &mut Env) {
        if self.state == State::Down {
            return;
        }
        env.count(Count::Crashes);
        env.say(|| format!("node {} crashes", self.core.id.0));
        if env.random.chance(50) && !env.store.is_down() {
            self.core.committer.append(env, self.core.id);
        }
        self.unannounced |= self.core.committer.is_unannounced();
        if self.unannounced {
            env.count(Count::Unannounced);
        }
        if env.is(Variant::SeqReused) {
            let now = env.now().since(Moment::default());
            let since = now.saturating_sub(Duration::from_secs(2));
            env.store
                .forget_tail(self.core.id, Moment::after_origin(since));
        }
        let life = self.core.life + 1;
        let unannounced = self.unannounced;
        let connections = std::mem::take(&mut self.connections);
        *self = Self::new(self.core.id);
        self.core.life = life;
        self.state = State::Down;
        self.unannounced = unannounced;
        for socket in connections.into_keys() {
            let told = env.random.chance(70);
            env.cut(socket, told, false);
        }
    }

    /// Closes every connection with 1001 and takes no more; loses nothing.
    pub(crate) fn drain(&mut self, env: &mut Env) {
        if self.state != State::Up {
            return;
        }
        env.count(Count::Drains);
        env.say(|| format!("node {} drains", self.core.id.0));
        self.state = State::Draining;
        for (_, connection) in std::mem::take(&mut self.connections) {
            self.close(env, connection, Closing::Close(CloseCode::GoingAway));
        }
    }

    /// The process is there again. What it committed last in its life before may never have been
    /// announced: it tells everybody that events were lost.
    pub(crate) fn start(&mut self, env: &mut Env) {
        if self.state == State::Down && !env.is(Variant::SilentRestart) {
            env.publish(self.core.id, vec![Notice::gap(Vec::new())]);
        }
        self.state = State::Up;
        self.unannounced = false;
        self.doomed = false;
    }
}
