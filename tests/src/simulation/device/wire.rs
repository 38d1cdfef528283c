//! A device and its connection: receiving, running the effects of the link, and sending.

use super::{Client, Device};
use crate::simulation::agenda::{Event, NodeId, SocketId};
use crate::simulation::env::Env;
use crate::simulation::network::{Down, NO_CLOSE_FRAME, Up};
use crate::simulation::plan::Kind;
use crate::simulation::report::Count;
use std::time::Duration;
use tidings_shared::Message;
use tidings_shared::frame::{Bind, ClientFrame, Heartbeat, ServerFrame};
use tidings_shared::link::{Cause, LinkEffect, LinkEvent, Phase};

impl Device {
    pub(super) fn receive(&mut self, env: &mut Env, packet: Down) {
        let frame = match packet {
            Down::Opened => return self.handle_link_event(env, LinkEvent::Opened),
            Down::Close(code) => {
                if let Some(socket) = self.socket.take().filter(|_| code != NO_CLOSE_FRAME) {
                    env.send_up(socket, Up::Close);
                }
                return self.handle_link_event(env, LinkEvent::Closed(code));
            }
            Down::Frame(frame) => frame,
        };
        let Some(socket) = self.socket else { return };
        self.handle_link_event(env, LinkEvent::Arrived);
        match &frame {
            ServerFrame::Bound(bound) => {
                let interval = Duration::from_millis(bound.timeout);
                self.handle_link_event(env, LinkEvent::Bound(interval));
            }
            ServerFrame::Heartbeat(interval) => {
                self.handle_link_event(env, LinkEvent::Interval(*interval));
            }
            ServerFrame::BindRefused(body) => {
                if let Some(wait) = body.retry() {
                    self.handle_link_event(env, LinkEvent::TryAfter(wait));
                }
            }
            ServerFrame::Push(push) => {
                env.ledger.pushed(socket, self.uid, push);
                if !push.dup {
                    self.show_without_dedup(env, socket, &push.message, true);
                }
            }
            ServerFrame::Sent(message) => self.show_without_dedup(env, socket, message, false),
            _ => {}
        }
        let now = self.clock.now(env.now());
        match &mut self.client {
            Client::Page(page) => page.handle_frame(env, now, frame, self.clock.is_throttled()),
            Client::Stateless(client) => client.handle_frame(env, now, frame),
        }
    }

    fn show_without_dedup(
        &self,
        env: &mut Env,
        socket: SocketId,
        message: &Message,
        is_push: bool,
    ) {
        if matches!(self.client, Client::Stateless(_)) {
            env.ledger
                .shown_without_dedup(socket, self.uid, message, is_push);
        }
    }

    pub(super) fn handle_link_event(&mut self, env: &mut Env, event: LinkEvent) {
        if !self.running || self.clock.is_asleep() {
            return;
        }
        self.link.handle_event(self.clock.now(env.now()), event);
        self.run_effects(env);
    }

    pub(super) fn handle_link_timeout(&mut self, env: &mut Env) {
        self.link.handle_timeout(self.clock.now(env.now()));
        self.run_effects(env);
    }

    fn run_effects(&mut self, env: &mut Env) {
        while let Some(effect) = self.link.poll_effect() {
            match effect {
                LinkEffect::Open => self.connect(env),
                LinkEffect::Close => {
                    if self.link.last_cause() == Some(Cause::HeartbeatMissed) {
                        env.count(Count::Missed);
                    }
                    self.drop_socket(env);
                }
                LinkEffect::SendBind => {
                    let conversations = self.kind == Kind::Page;
                    let missed = self.link.missed().map(|interval| interval.as_millis());
                    let bind = Bind {
                        uid: self.uid,
                        conversations,
                        all: self.kind == Kind::Native,
                        missed: missed.and_then(|ms| u64::try_from(ms).ok()),
                        token: None,
                    };
                    self.send(env, ClientFrame::Bind(bind));
                }
                LinkEffect::SendHeartbeat(interval) => {
                    let timeout = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
                    let uid = self.uid;
                    self.send(env, ClientFrame::Heartbeat(Heartbeat { uid, timeout }));
                }
                LinkEffect::Changed if self.link.phase() != Phase::Live => self.disconnected(),
                LinkEffect::Changed => {}
            }
        }
    }

    fn disconnected(&mut self) {
        match &mut self.client {
            Client::Page(page) => page.disconnected(),
            Client::Stateless(client) => client.disconnected(),
        }
    }

    fn connect(&mut self, env: &mut Env) {
        self.drop_socket(env);
        // A load balancer picks any node.
        let node = NodeId(env.random.index(env.plan.nodes));
        let socket = env.network.open(self.id, node);
        env.log(|| {
            format!(
                "device {} opens connection {} to node {}",
                self.id.0, socket.0, node.0
            )
        });
        env.ledger.record_activity(env.agenda.now());
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
        self.disconnected();
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

    /// Sends the frames that are due and sets the timer. Every event ends with it.
    pub(super) fn flush(&mut self, env: &mut Env) {
        if !self.running || self.clock.is_asleep() {
            return;
        }
        let now = self.clock.now(env.now());
        let live = self.link.phase() == Phase::Live;
        if live {
            let frames = match &mut self.client {
                Client::Page(page) => page.due(env, now),
                Client::Stateless(client) => client.due(now),
            };
            for frame in frames {
                self.send(env, frame);
            }
        }
        let client = match &self.client {
            Client::Page(page) => page.deadline(),
            Client::Stateless(client) => client.deadline(),
        };
        let deadline = [self.link.poll_timeout(), client.filter(|_| live)];
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
