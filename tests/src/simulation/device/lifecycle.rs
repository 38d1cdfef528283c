//! Sleep, loss of the network, reload and hiding of a device.

use super::stateless::Stateless;
use super::{Client, Device};
use crate::simulation::agenda::Event;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use tidings_shared::link::{Link, LinkEvent, Phase};

impl Device {
    /// The page is hidden, and its timers are throttled.
    pub(crate) const fn throttle(&mut self) {
        self.clock.throttle();
    }

    pub(crate) fn sleep(&mut self, env: &mut Env, asleep: bool) {
        if self.clock.is_asleep() == asleep {
            return;
        }
        if asleep {
            env.count(Count::Sleeps);
            self.clock.sleep(env.now());
            return;
        }
        let sleeps = env.plan.devices[self.id.0].clock_sleeps;
        self.clock.wake(env.now(), sleeps);
        // A browser may run timers before it delivers what the socket has received, or after.
        self.timer_at = None;
        if let Some(socket) = self.socket {
            let wait = env.random.ms(0, 2);
            env.after(wait, Event::Down(socket));
        }
        if let Some(dead) = self.dead.take() {
            self.noticed(env, dead);
        }
        if env.random.chance(50) {
            self.handle_link_event(env, LinkEvent::Visible);
        }
        // It may have been reloaded while it slept.
        if self.link.phase() == Phase::Idle {
            self.handle_link_event(env, LinkEvent::Start);
        }
        self.flush(env);
    }

    pub(crate) fn set_online(&mut self, env: &mut Env, online: bool) {
        if self.online == online {
            return;
        }
        self.online = online;
        if !online {
            env.count(Count::Offlines);
            if let Some(socket) = self.socket {
                let noticed = env.random.chance(50);
                env.cut(socket, noticed, noticed);
            }
        }
        if env.healed || env.random.chance(60) {
            let event = if online {
                LinkEvent::Online
            } else {
                LinkEvent::Offline
            };
            self.handle_link_event(env, event);
            self.flush(env);
        }
    }

    /// The page is closed by a reload or a crash, or comes back with its outbox.
    pub(crate) fn reboot(&mut self, env: &mut Env, gone: bool) {
        if self.running != gone {
            return;
        }
        self.running = !gone;
        if gone {
            env.count(Count::Reboots);
            self.drop_socket(env);
            return;
        }
        self.timer_at = None;
        self.link = Link::new(env.random.next());
        let plan = &env.plan.devices[self.id.0];
        match &mut self.client {
            Client::Page(page) => **page = page.reloaded(plan),
            Client::Stateless(client) => *client = Stateless::new(plan),
        }
        self.start(env);
    }
}
