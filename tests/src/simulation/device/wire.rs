//! A device and its connection: what arrives, what the link asks for, what is sent.

use super::{Client, Device};
use crate::simulation::agenda::{Event, NodeId, SocketId};
use crate::simulation::env::Env;
use crate::simulation::network::{Down, Up};
use crate::simulation::report::Count;
use std::time::Duration;
use tidings_shared::Message;
use tidings_shared::frame::{Bind, ClientFrame, Heartbeat, ServerFrame};
use tidings_shared::link::{Cause, Effect, Event as LinkEvent, Phase};

impl Device {
    pub(super) fn hear(&mut self, env: &mut Env, thing: Down) {
        let frame = match thing {
            Down::Opened => return self.tell(env, LinkEvent::Opened),
            Down::Close(code) => {
                self.socket = None;
                return self.tell(env, LinkEvent::Closed(code));
            }
            Down::Frame(frame) => frame,
        };
        let Some(socket) = self.socket else { return };
        self.tell(env, LinkEvent::Arrived);
        match &frame {
            ServerFrame::Bound(bound) => {
                let interval = Duration::from_millis(bound.timeout);
                self.tell(env, LinkEvent::Bound(interval));
            }
            ServerFrame::Heartbeat(interval) => self.tell(env, LinkEvent::Interval(*interval)),
            ServerFrame::Push(push) => {
                env.ledger.pushed(socket, self.uid, push);
                if !push.dup {
                    self.show_blindly(env, socket, &push.message, true);
                }
            }
            ServerFrame::Sent(message) => self.show_blindly(env, socket, message, false),
            _ => {}
        }
        let now = self.clock.now(env.now());
        match &mut self.client {
            Client::Page(page) => page.hear(env, now, frame, self.clock.is_throttled()),
            Client::Plain(plain) => plain.hear(env, now, frame),
        }
    }

    fn show_blindly(&self, env: &mut Env, socket: SocketId, message: &Message, is_push: bool) {
        if matches!(self.client, Client::Plain(_)) {
            env.ledger.shown_blindly(socket, self.uid, message, is_push);
        }
    }

    pub(super) fn tell(&mut self, env: &mut Env, event: LinkEvent) {
        if !self.running || self.clock.is_asleep() {
            return;
        }
        let now = self.clock.now(env.now());
        let mut effects = Vec::new();
        self.link.handle(now, event, &mut effects);
        for effect in effects {
            match effect {
                Effect::Open => self.connect(env),
                Effect::Close => {
                    if self.link.last_cause() == Some(Cause::HeartbeatMissed) {
                        env.count(Count::Missed);
                    }
                    self.drop_socket(env);
                }
                Effect::SendBind => {
                    let conversations = matches!(self.client, Client::Page(_));
                    let missed = self.link.missed().map(|interval| interval.as_millis());
                    let bind = Bind {
                        uid: self.uid,
                        conversations,
                        // Every other one of those without a list.
                        all: !conversations && self.id.0.is_multiple_of(2),
                        missed: missed.and_then(|ms| u64::try_from(ms).ok()),
                        token: None,
                    };
                    self.send(env, ClientFrame::Bind(bind));
                }
                Effect::SendHeartbeat(interval) => {
                    let timeout = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
                    let uid = self.uid;
                    self.send(env, ClientFrame::Heartbeat(Heartbeat { uid, timeout }));
                }
                Effect::Changed if self.link.phase() != Phase::Live => self.unlinked(),
                Effect::Changed => {}
            }
        }
    }

    fn unlinked(&mut self) {
        match &mut self.client {
            Client::Page(page) => page.unlinked(),
            Client::Plain(plain) => plain.unlinked(),
        }
    }

    fn connect(&mut self, env: &mut Env) {
        self.drop_socket(env);
        // Whatever balances the load picks any node.
        let node = NodeId(env.random.index(env.plan.nodes));
        let socket = env.network.open(self.id, node);
        env.say(|| {
            format!(
                "device {} opens connection {} to node {}",
                self.id.0, socket.0, node.0
            )
        });
        env.ledger.stirred(env.agenda.now());
        self.socket = Some(socket);
        if self.online {
            env.send_up(socket, Up::Open);
        } else {
            let hangs = env.random.chance(20);
            env.cut(socket, !hangs, false);
        }
    }

    pub(super) fn drop_socket(&mut self, env: &mut Env) {
        if let Some(socket) = self.socket.take() {
            env.send_up(socket, Up::Close);
        }
        self.unlinked();
    }

    fn send(&self, env: &mut Env, frame: ClientFrame) {
        let Some(socket) = self.socket else { return };
        match &frame {
            ClientFrame::Ack(ack) => env.ledger.acks(socket, self.uid, ack),
            ClientFrame::Bind(bind) => env.ledger.binds(socket, env.agenda.now(), bind),
            _ => {}
        }
        env.send_up(socket, Up::Frame(frame));
    }

    /// Ends every event: sends what is due, sets the one timer.
    pub(super) fn settle(&mut self, env: &mut Env) {
        if !self.running || self.clock.is_asleep() {
            return;
        }
        let now = self.clock.now(env.now());
        let live = self.link.phase() == Phase::Live;
        if live {
            let frames = match &mut self.client {
                Client::Page(page) => page.due(env, now),
                Client::Plain(plain) => plain.due(now),
            };
            for frame in frames {
                self.send(env, frame);
            }
        }
        let client = match &self.client {
            Client::Page(page) => page.deadline(),
            Client::Plain(plain) => plain.deadline(),
        };
        let deadline = [self.link.deadline(), client.filter(|_| live)];
        let Some(deadline) = deadline.into_iter().flatten().min() else {
            return;
        };
        let at = self.clock.timer(env.now(), deadline);
        if self.timer_at.is_none_or(|set| set > at) {
            self.timer_at = Some(at);
            env.agenda.at(at, Event::DeviceTimer(self.id));
        }
    }
}
