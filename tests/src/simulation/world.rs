//! A run: the nodes, the devices and their environment, one event after the other.

mod faults;

use super::agenda::{Agenda, DeviceId, End, Event, NodeId};
use super::bus::Bus;
use super::device::Device;
use super::env::Env;
use super::ledger::Ledger;
use super::network::{Network, Socket};
use super::node::Node;
use super::plan::{AFTERMATH, History, Plan, Size};
use super::random::Random;
use super::report::{Count, Failure, Totals};
use super::store::{Draft, Store};
use super::trace::{Trace, TraceMode};
use super::variant::Variant;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use tidings_shared::{Moment, Peer, Seq};

/// The most events of one virtual second. A burst of sends to a few devices stays far below.
const STEPS_PER_SECOND: u32 = 40_000;

#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    env: Env,
    nodes: Vec<Node>,
    devices: Vec<Device>,
    /// The virtual second, and its events so far.
    pace: (u64, u32),
    /// A fingerprint of everything that happened, in order.
    digest: DefaultHasher,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) totals: Totals,
    pub(crate) digest: u64,
    pub(crate) failure: Option<Failure>,
}

impl World {
    pub(crate) fn new(seed: u64, variant: Option<Variant>, mode: TraceMode) -> Self {
        let plan = Plan::new(seed);
        let mut env = Env {
            variant,
            // Another sequence than that of the plan.
            random: Random::new(!seed),
            agenda: Agenda::default(),
            network: Network::default(),
            bus: Bus::new(plan.nodes),
            store: Store::new(plan.users.clone()),
            ledger: Ledger::default(),
            totals: Totals::default(),
            trace: Trace::new(mode),
            healed: false,
            slow_store: false,
            plan,
        };
        for (index, (at, _)) in env.plan.acts.iter().enumerate() {
            env.agenda.at(*at, Event::Act(index));
        }
        env.agenda.at(env.plan.ends_at, Event::Heal);
        env.agenda.at(env.plan.ends_at + AFTERMATH, Event::Finish);
        for history in env.plan.histories.clone() {
            add_history(&mut env, history);
        }
        let nodes = (0..env.plan.nodes).map(|n| Node::new(NodeId(n))).collect();
        let devices = (0..env.plan.devices.len())
            .map(|n| {
                env.count(Count::Devices);
                Device::new(&mut env, DeviceId(n))
            })
            .collect();
        Self {
            seed,
            env,
            nodes,
            devices,
            pace: (0, 0),
            digest: DefaultHasher::new(),
        }
    }

    /// Runs to the end, or until a promise is broken.
    pub(crate) fn run(mut self) -> Outcome {
        self.env.log(|| format!("seed {}", self.seed));
        for device in &mut self.devices {
            device.start(&mut self.env);
        }
        while self.env.ledger.failure().is_none() {
            match self.env.agenda.next() {
                None | Some(Event::Finish) => {
                    self.finish();
                    break;
                }
                Some(event) => self.step(event),
            }
        }
        let Self {
            seed, env, digest, ..
        } = self;
        let promise = env.ledger.failure().cloned();
        let failure = promise.map(|promise| Failure {
            seed,
            variant: env.variant,
            promise,
            trace: env.trace.into_lines(),
        });
        Outcome {
            totals: env.totals,
            digest: digest.finish() ^ env.random.clone().next(),
            failure,
        }
    }

    fn step(&mut self, event: Event) {
        let env = &mut self.env;
        env.count(Count::Steps);
        (env.now(), event).hash(&mut self.digest);
        let second = env.now().since(Moment::default()).as_secs();
        let steps = if self.pace.0 == second {
            self.pace.1 + 1
        } else {
            1
        };
        self.pace = (second, steps);
        if steps > STEPS_PER_SECOND {
            env.ledger
                .fail(|| format!("{steps} events within one second: {event:?}"));
        }
        match event {
            Event::Act(index) => {
                let (_, act) = self.env.plan.acts[index];
                self.act(index, act);
            }
            Event::Up(socket)
            | Event::Noticed(socket, End::Server)
            | Event::ConnectionTimer(socket)
            | Event::Stored(socket) => {
                let node = env.network.socket(socket).node;
                self.nodes[node.0].handle_event(env, socket, event);
            }
            Event::Down(socket) => {
                let &Socket { device, node, .. } = env.network.socket(socket);
                self.devices[device.0].receive_all(env, socket);
                // The arrival freed capacity of the send buffer.
                self.nodes[node.0].handle_event(env, socket, event);
            }
            Event::Noticed(socket, End::Client) => {
                let device = env.network.socket(socket).device;
                self.devices[device.0].noticed(env, socket);
            }
            Event::DeviceTimer(device) => self.devices[device.0].timer(env),
            Event::Bus(node, ticket) => {
                if let Some(notice) = env.bus.take(ticket) {
                    self.nodes[node.0].handle_notice(env, &notice);
                }
            }
            Event::Node(node, incarnation, step) => {
                self.nodes[node.0].step(env, incarnation, step);
            }
            Event::Heal => self.heal(),
            Event::Finish => {}
        }
    }

    fn finish(&mut self) {
        let env = &mut self.env;
        env.ledger.end_quiet(env.agenda.now());
        for device in &self.devices {
            device.end(env);
        }
        let store = &env.store;
        env.ledger
            .end_stored(|conversation| store.last_seq(conversation));
        let held: usize = self.nodes.iter().map(Node::connections).sum();
        let devices = self.devices.len();
        if held != devices {
            env.ledger
                .fail(|| format!("{held} connections are held for {devices} devices"));
        }
    }
}

/// Adds history: messages from before the run, and the cursors of both sides.
fn add_history(env: &mut Env, history: History) {
    let (one, other) = history.users;
    let draft = |n: u64| {
        let (sender, peer) = if n.is_multiple_of(3) {
            (other, one)
        } else {
            (one, other)
        };
        let padding = match history.size {
            Size::Short => String::new(),
            Size::Long => "x".repeat(2_000),
            Size::Huge => "\u{1}".repeat(8_000),
        };
        Draft {
            sender,
            peer: Peer::User(peer),
            content: format!("h{one}-{other}:{n} {padding}"),
            client_msg_id: None,
            origin: None,
        }
    };
    let batch: Vec<_> = (0..history.count).map(draft).collect();
    let (random, jump) = (&mut env.random, env.plan.mid_jump);
    let stored = env.store.append(&batch, NodeId(0), Moment::default(), || {
        random.between(1, jump).cast_signed()
    });
    let records = stored.into_iter().flatten().map(|stored| stored.record);
    let mut conversation = None;
    for record in records {
        env.ledger.committed(&record);
        conversation = Some(record.conversation);
    }
    let Some(conversation) = conversation else {
        return;
    };
    for uid in [one, other] {
        let delivered = Seq(env.random.below(history.count + 1).cast_signed());
        env.ledger.history(uid, conversation, delivered);
        let marks = env.store.advance(conversation, uid, Seq(0), delivered);
        if let Some(marks) = marks {
            env.ledger.moved(&marks);
        }
    }
}
