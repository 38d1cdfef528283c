//! What befalls a device itself: it sleeps, loses its network, is reloaded, is hidden.

use super::plain::Plain;
use super::{Client, Device};
use crate::simulation::agenda::Event;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use tidings_shared::link::{Event as LinkEvent, Link, Phase};

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
        // A browser may run timers before it hands out what lies in the socket, or after.
        self.timer_at = None;
        if let Some(socket) = self.socket {
            let wait = env.random.ms(0, 2);
            env.after(wait, Event::Down(socket));
        }
        if let Some(dead) = self.dead.take() {
            self.noticed(env, dead);
        }
        if env.random.chance(50) {
            self.tell(env, LinkEvent::Visible);
        }
        // It may have been started anew while it slept.
        if self.link.phase() == Phase::Idle {
            self.tell(env, LinkEvent::Start);
        }
        self.settle(env);
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
            self.tell(env, event);
            self.settle(env);
        }
    }

    /// The page goes, by reload or crash, and comes back with what was kept: its outbox.
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
            Client::Page(page) => **page = page.reborn(plan),
            Client::Plain(client) => *client = Plain::new(plan),
        }
        self.start(env);
    }
}
