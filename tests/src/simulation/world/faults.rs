//! Actions and faults, and their end.

use super::World;
use crate::simulation::agenda::{Event, NodeId, SocketId};
use crate::simulation::plan::Act;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use tidings_shared::UserId;

impl World {
    pub(super) fn act(&mut self, index: usize, act: Act) {
        // The end of all faults has ended this one as well.
        if self.env.healed {
            return;
        }
        let env = &mut self.env;
        env.log(|| format!("{act:?}"));
        match act {
            Act::Write(device, peer, size) => self.devices[device.0].write(env, peer, size),
            Act::Open(device, peer) => self.devices[device.0].open(env, peer),
            Act::CreateGroup(group) => {
                let members = env.plan.groups[group].members.clone();
                self.add_members(index, group, &members);
            }
            Act::AddMember(group, uid) => {
                if env.store.has_group(env.plan.groups[group].id) {
                    self.add_members(index, group, &[uid]);
                }
            }
            Act::ScrollUp(device) => self.devices[device.0].scroll_up(env),
            Act::Poke(device) => self.devices[device.0].poke(env),
            Act::Cut(device) => {
                if let Some(socket) = self.devices[device.0].socket() {
                    env.count(Count::Cuts);
                    env.cut(socket, true, true);
                }
            }
            Act::HalfOpen(device) => {
                if let Some(socket) = self.devices[device.0].socket() {
                    env.count(Count::HalfOpens);
                    let (client, server) =
                        [(true, false), (false, true), (false, false)][env.random.index(3)];
                    env.cut(socket, client, server);
                }
            }
            Act::Freeze(device, true) => {
                if let Some(socket) = self.devices[device.0].socket() {
                    env.count(Count::Freezes);
                    env.network.freeze(socket, true);
                }
            }
            Act::Freeze(device, false) => {
                for socket in self.env.network.frozen() {
                    if self.env.network.socket(socket).device == device {
                        let dies = self.env.random.chance(30);
                        self.thaw(socket, dies);
                    }
                }
            }
            Act::Offline(device, offline) => self.devices[device.0].set_online(env, !offline),
            Act::Sleep(device, asleep) => self.devices[device.0].sleep(env, asleep),
            Act::Throttle(device) => {
                env.count(Count::Throttles);
                self.devices[device.0].throttle();
            }
            Act::Reboot(device, gone) => self.devices[device.0].reboot(env, gone),
            Act::Crash(node) => self.nodes[node.0].crash(env),
            Act::Doom(node) => self.nodes[node.0].doom(),
            Act::Start(node) => self.nodes[node.0].start(env),
            Act::Drain(node) => self.nodes[node.0].drain(env),
            Act::Partition(node, cut_off) => self.partition(node, cut_off),
            Act::BusLoss(lost) => self.lose_bus(lost),
            Act::Outage(down) => {
                if down && !env.store.is_down() {
                    env.count(Count::Outages);
                }
                env.store.set_down(down);
            }
            Act::SlowStore(slow) => env.slow_store = slow,
        }
    }

    /// All faults end, and nodes and devices come back. A throttled page stays throttled, because
    /// it is hidden and not broken.
    pub(super) fn heal(&mut self) {
        let env = &mut self.env;
        env.log(|| "all faults end".to_owned());
        env.healed = true;
        env.slow_store = false;
        env.store.set_down(false);
        self.lose_bus(false);
        for node in self.env.bus.all() {
            self.partition(node, false);
        }
        let env = &mut self.env;
        for node in &mut self.nodes {
            node.start(env);
        }
        for socket in env.network.frozen() {
            self.thaw(socket, false);
        }
        let env = &mut self.env;
        for device in &mut self.devices {
            device.reboot(env, false);
            device.sleep(env, false);
            device.set_online(env, true);
            device.open_all(env);
        }
    }

    /// The owner asks any node; a request that fails is repeated.
    fn add_members(&mut self, act: usize, group: usize, uids: &[UserId]) {
        let env = &mut self.env;
        let (node, group) = (
            env.random.index(self.nodes.len()),
            env.plan.groups[group].clone(),
        );
        if !self.nodes[node].add_members(env, &group, uids) {
            let wait = env.random.ms(100, 2000);
            env.after(wait, Event::Act(act));
        }
    }

    fn thaw(&mut self, socket: SocketId, dies: bool) {
        let env = &mut self.env;
        env.network.freeze(socket, false);
        if dies {
            env.cut(socket, true, true);
        } else {
            env.agenda.at(env.agenda.now(), Event::Up(socket));
            env.agenda.at(env.agenda.now(), Event::Down(socket));
        }
    }

    fn partition(&mut self, node: NodeId, cut_off: bool) {
        let env = &mut self.env;
        if !env.bus.is_remote() || !env.bus.cut_off(node, cut_off) {
            return;
        }
        if cut_off {
            env.count(Count::Partitions);
        } else if env.is(Variant::LonelyGap) {
            env.send_resync(node);
        } else {
            for node in env.bus.all() {
                env.send_resync(node);
            }
        }
    }

    fn lose_bus(&mut self, lost: bool) {
        let env = &mut self.env;
        if !env.bus.is_remote() {
            return;
        }
        let mut changed = false;
        for node in env.bus.all() {
            changed |= env.bus.cut_off(node, lost);
        }
        if !changed {
            return;
        }
        if lost {
            env.count(Count::BusLosses);
            return;
        }
        for node in env.bus.all() {
            env.send_resync(node);
        }
    }
}
