//! The environment of nodes and devices: time, randomness, the network, the bus, the store, the
//! ledger and the trace. Nodes and devices interact only through it.

use super::agenda::{Agenda, DeviceId, End, Event, NodeId, SocketId};
use super::bus::{Bus, Notice};
use super::ledger::Ledger;
use super::network::{Down, Network, Socket, Up};
use super::plan::Plan;
use super::random::Random;
use super::report::{Count, Totals};
use super::store::{Record, Store};
use super::trace::Trace;
use super::variant::Variant;
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::frame::{ClientFrame, ServerFrame};
use tidings_shared::{Moment, Peer};

/// The approximate size in bytes of a frame without its messages.
const FRAME_BYTES: usize = 120;
/// The most characters of a frame that a trace shows.
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
    /// Whether all faults have ended.
    pub(crate) healed: bool,
    /// Whether the store is slow.
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

    pub(crate) fn log(&mut self, line: impl FnOnce() -> String) {
        self.trace.log(self.agenda.now(), line);
    }

    pub(crate) fn after(&mut self, wait: Duration, event: Event) {
        self.agenda.at(self.agenda.now() + wait, event);
    }

    /// A message was committed.
    pub(crate) fn committed(&mut self, record: &Rc<Record>) {
        self.count(Count::Messages);
        if matches!(record.peer, Peer::Group(_)) {
            self.count(Count::GroupMessages);
        }
        self.ledger.committed(record);
        self.log(|| {
            let (node, id) = (record.node.0, &record.client_msg_id);
            let (seq, conversation) = (record.seq, record.conversation);
            format!("node {node} commits {id:?} as {seq} of {conversation}")
        });
    }

    /// Draws the duration of a store request.
    pub(crate) fn store_time(&mut self) -> Duration {
        if self.slow_store {
            self.random.ms(100, 1500)
        } else {
            self.random.ms(0, 6)
        }
    }

    /// Draws whether a store request fails.
    pub(crate) fn store_fails(&mut self) -> bool {
        let is_flaky = !self.healed && self.random.chance(self.plan.failures_percent);
        is_flaky || self.store.is_down()
    }

    /// Draws the time from a node to another by the bus.
    pub(crate) fn bus_time(&mut self) -> Duration {
        if !self.bus.is_remote() {
            Duration::ZERO
        } else if !self.healed && self.random.chance(self.plan.spikes_percent) {
            self.random.ms(20, 2000)
        } else {
            self.random.ms(0, 10)
        }
    }

    /// Draws the time from one end of a device's connection to the other.
    fn latency(&mut self, device: DeviceId) -> Duration {
        let latency_ms = self.plan.devices[device.0].latency_ms;
        let usual = self.random.ms(latency_ms, latency_ms * 2);
        if !self.healed && self.random.chance(self.plan.spikes_percent) {
            usual + self.random.ms(50, 3000)
        } else {
            usual
        }
    }

    pub(crate) fn send_up(&mut self, socket: SocketId, packet: Up) {
        let device = self.network.socket(socket).device;
        if let Up::Frame(frame) = &packet {
            self.log(|| {
                let text: String = frame.to_json().chars().take(BRIEF).collect();
                format!("device {} sends {text}", device.0)
            });
            if !matches!(frame, ClientFrame::Heartbeat(_)) {
                self.ledger.record_activity(self.agenda.now());
            }
            if self.plan.json && ClientFrame::parse(&frame.to_json()).as_ref() != Ok(frame) {
                self.ledger
                    .fail(|| format!("a frame changes on its way through JSON: {frame:?}"));
            }
        }
        let arrival = self.now() + self.latency(device);
        match self.network.send_up(socket, arrival, packet) {
            Some(arrival) => self.agenda.at(arrival, Event::Up(socket)),
            None => self.count(Count::LostFrames),
        }
    }

    pub(crate) fn send_down(&mut self, socket: SocketId, packet: Down) {
        let &Socket { device, node, .. } = self.network.socket(socket);
        let mut bytes = 0;
        if let Down::Frame(frame) = &packet {
            bytes = bytes_of(frame);
            self.log(|| format!("node {} to device {}: {}", node.0, device.0, brief(frame)));
            if !matches!(frame, ServerFrame::Heartbeat(_)) {
                self.ledger.record_activity(self.agenda.now());
            }
            if self.plan.json && ServerFrame::parse(&frame.to_json()).as_ref() != Ok(frame) {
                self.ledger
                    .fail(|| format!("a frame changes on its way through JSON: {frame:?}"));
            }
        }
        let arrival = self.now() + self.latency(device);
        match self.network.send_down(socket, arrival, bytes, packet) {
            Some(arrival) => self.agenda.at(arrival, Event::Down(socket)),
            None => self.count(Count::LostFrames),
        }
    }

    /// Breaks a connection. Each end notices after a random time, or never by itself.
    pub(crate) fn cut(&mut self, socket: SocketId, client: bool, server: bool) {
        let lost = self.network.cut(socket);
        self.log(|| format!("connection {} is cut, {lost} frames are lost", socket.0));
        for (notices, end) in [(client, End::Client), (server, End::Server)] {
            if notices {
                let wait = self.random.ms(0, 3000);
                self.after(wait, Event::Noticed(socket, end));
            }
        }
    }

    /// Publishes notices in this order. What cannot be delivered is lost, and followed by a resync.
    pub(crate) fn publish(&mut self, from: NodeId, notices: Vec<Notice>) {
        for notice in notices {
            for node in self.bus.reached_from(from) {
                self.deliver(node, &notice);
                if self.bus.is_remote()
                    && !self.healed
                    && self.random.chance(self.plan.duplicates_percent)
                {
                    self.count(Count::BusDuplicates);
                    self.deliver(node, &notice);
                }
            }
        }
    }

    /// Notifies a node that events were lost. This notice itself is never lost.
    pub(crate) fn send_resync(&mut self, node: NodeId) {
        self.deliver(node, &Notice::resync_all());
    }

    fn deliver(&mut self, node: NodeId, notice: &Notice) {
        let wait = self.bus_time();
        let ticket = self.bus.send(node, notice.clone());
        self.after(wait, Event::Bus(node, ticket));
    }
}

fn bytes_of(frame: &ServerFrame) -> usize {
    let content: usize = match frame {
        ServerFrame::Push(push) => push.message.body.content().len(),
        ServerFrame::Sent(message) => message.body.content().len(),
        ServerFrame::Page(page) => page
            .messages
            .iter()
            .map(|message| message.body.content().len() + FRAME_BYTES)
            .sum(),
        _ => 0,
    };
    content + FRAME_BYTES
}

/// A frame for the trace, with long texts truncated.
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
