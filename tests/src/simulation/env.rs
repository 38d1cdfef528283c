//! What nodes and devices stand on: time, chance, the network, the bus, the store, and those who
//! watch. Neither sees the other but through this.

use super::agenda::{Agenda, DeviceId, End, Event, NodeId, SocketId};
use super::bus::{Bus, Notice};
use super::ledger::Ledger;
use super::network::{Down, Network, Up};
use super::plan::Plan;
use super::random::Random;
use super::report::{Count, Totals};
use super::store::Store;
use super::trace::Trace;
use super::variant::Variant;
use std::time::Duration;
use tidings_shared::Moment;
use tidings_shared::frame::{ClientFrame, ServerFrame};

/// A frame without messages takes about so many bytes.
const FRAME_BYTES: usize = 120;
/// So much of a frame is shown to people.
const BRIEF: usize = 200;

#[derive(Debug)]
pub(crate) struct Env {
    pub(crate) plan: Plan,
    pub(crate) variant: Option<Variant>,
    pub(crate) random: Random,
    pub(crate) agenda: Agenda,
    pub(crate) network: Network,
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) totals: Totals,
    pub(crate) trace: Trace,
    /// Every fault has ended.
    pub(crate) healed: bool,
    /// The store takes its time.
    pub(crate) slow_store: bool,
}

impl Env {
    pub(crate) const fn now(&self) -> Moment {
        self.agenda.now()
    }

    pub(crate) fn is(&self, variant: Variant) -> bool {
        self.variant == Some(variant)
    }

    pub(crate) fn count(&mut self, count: Count) {
        self.totals.add(count);
    }

    pub(crate) fn say(&mut self, words: impl FnOnce() -> String) {
        self.trace.say(self.agenda.now(), words);
    }

    pub(crate) fn after(&mut self, wait: Duration, event: Event) {
        self.agenda.at(self.agenda.now() + wait, event);
    }

    /// How long the store takes for something.
    pub(crate) fn store_time(&mut self) -> Duration {
        if self.slow_store {
            self.random.ms(100, 1500)
        } else {
            self.random.ms(0, 6)
        }
    }

    /// From one end of a device's connection to the other.
    fn flight(&mut self, device: DeviceId) -> Duration {
        let latency_ms = self.plan.devices[device.0].latency_ms;
        let usual = self.random.ms(latency_ms, latency_ms * 2);
        if !self.healed && self.random.chance(self.plan.spikes_percent) {
            usual + self.random.ms(50, 3000)
        } else {
            usual
        }
    }

    pub(crate) fn send_up(&mut self, socket: SocketId, thing: Up) {
        let device = self.network.socket(socket).device;
        if let Up::Frame(frame) = &thing {
            self.say(|| {
                let text: String = frame.to_json().chars().take(BRIEF).collect();
                format!("device {} sends {text}", device.0)
            });
            if !matches!(frame, ClientFrame::Heartbeat(_)) {
                self.ledger.stirred(self.agenda.now());
            }
            if self.plan.json && ClientFrame::parse(&frame.to_json()).as_ref() != Ok(frame) {
                self.ledger
                    .broke(|| format!("a frame changes on its way through JSON: {frame:?}"));
            }
        }
        let arrival = self.now() + self.flight(device);
        match self.network.send_up(socket, arrival, thing) {
            Some(arrival) => self.agenda.at(arrival, Event::Up(socket)),
            None => self.count(Count::LostFrames),
        }
    }

    pub(crate) fn send_down(&mut self, socket: SocketId, thing: Down) {
        let (device, node) = {
            let socket = self.network.socket(socket);
            (socket.device, socket.node)
        };
        let mut bytes = 0;
        if let Down::Frame(frame) = &thing {
            bytes = bytes_of(frame);
            self.say(|| format!("node {} to device {}: {}", node.0, device.0, brief(frame)));
            if !matches!(frame, ServerFrame::Heartbeat(_)) {
                self.ledger.stirred(self.agenda.now());
            }
            if self.plan.json && ServerFrame::parse(&frame.to_json()).as_ref() != Ok(frame) {
                self.ledger
                    .broke(|| format!("a frame changes on its way through JSON: {frame:?}"));
            }
        }
        let arrival = self.now() + self.flight(device);
        match self.network.send_down(socket, arrival, bytes, thing) {
            Some(arrival) => self.agenda.at(arrival, Event::Down(socket)),
            None => self.count(Count::LostFrames),
        }
    }

    /// The connection is dead. Each end notices at its own time, or never by itself.
    pub(crate) fn cut(&mut self, socket: SocketId, client: bool, server: bool) {
        let lost = self.network.cut(socket);
        self.say(|| format!("connection {} is cut, {lost} frames are lost", socket.0));
        for (notices, end) in [(client, End::Client), (server, End::Server)] {
            if notices {
                let wait = self.random.ms(0, 3000);
                self.after(wait, Event::Noticed(socket, end));
            }
        }
    }

    /// Publishes in this order; what cannot travel is lost, and told as a gap later.
    pub(crate) fn publish(&mut self, from: NodeId, notices: Vec<Notice>) {
        for notice in notices {
            for node in self.bus.reached_from(from) {
                self.fly(node, &notice);
                if self.bus.is_remote()
                    && !self.healed
                    && self.random.chance(self.plan.repeats_percent)
                {
                    self.count(Count::BusRepeats);
                    self.fly(node, &notice);
                }
            }
        }
    }

    /// Tells a node that events were lost, without fail.
    pub(crate) fn tell_gap(&mut self, node: NodeId) {
        self.fly(node, &Notice::gap(Vec::new()));
    }

    fn fly(&mut self, node: NodeId, notice: &Notice) {
        let wait = if !self.bus.is_remote() {
            Duration::ZERO
        } else if !self.healed && self.random.chance(self.plan.spikes_percent) {
            self.random.ms(20, 2000)
        } else {
            self.random.ms(0, 10)
        };
        let ticket = self.bus.send(node, notice.clone());
        self.after(wait, Event::Bus(node, ticket));
    }
}

fn bytes_of(frame: &ServerFrame) -> usize {
    let content: usize = match frame {
        ServerFrame::Push(push) => push.message.content.len(),
        ServerFrame::Sent(message) => message.content.len(),
        ServerFrame::Page(page) => page
            .messages
            .iter()
            .map(|message| message.content.len() + FRAME_BYTES)
            .sum(),
        _ => 0,
    };
    content + FRAME_BYTES
}

/// A frame for people: long texts cut short.
fn brief(frame: &ServerFrame) -> String {
    match frame {
        ServerFrame::Page(page) => {
            let ends = page.messages.first().zip(page.messages.last());
            let ends = ends.map(|(a, b)| format!(" seq {} to {} of {:?}", a.seq, b.seq, a.peer));
            format!("page {:?}{}", page.reference, ends.unwrap_or_default())
        }
        other => other.to_json().chars().take(BRIEF).collect(),
    }
}
