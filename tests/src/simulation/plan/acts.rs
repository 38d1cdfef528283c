//! Draws the actions and faults of a scenario, and their times.

use super::{Act, NOBODY, Plan, Size};
use crate::simulation::agenda::{DeviceId, NodeId};
use crate::simulation::random::Random;
use tidings_shared::{Moment, Peer};

/// A plan that is being filled.
pub(super) struct Acts<'a> {
    pub(super) plan: Plan,
    pub(super) random: &'a mut Random,
}

impl Acts<'_> {
    pub(super) fn fill(mut self) -> Plan {
        for _ in 0..self.random.between(4, 36) {
            let (at, device) = (self.moment(), self.device());
            self.write(at, device);
        }
        if self.random.chance(4) {
            self.burst();
        }
        for group in 0..self.plan.groups.len() {
            self.fill_group(group);
        }
        for _ in 0..self.random.between(2, 12) {
            let (at, device) = (self.moment(), self.device());
            let act = match self.random.below(4) {
                0 => Act::ScrollUp(device),
                1 => Act::Poke(device),
                _ => Act::Open(device, self.peer_of(device)),
            };
            self.plan.acts.push((at, act));
        }
        for kind in 0..13 {
            if self.random.chance(28) {
                for _ in 0..self.random.between(1, 4) {
                    self.fault(kind);
                }
            }
        }
        self.plan.acts.sort_by_key(|(at, _)| *at);
        self.plan
    }

    /// Half of the groups are created before any fault; members are added until the end.
    fn fill_group(&mut self, group: usize) {
        let created = self.moment();
        let created = if self.random.chance(50) {
            created
        } else {
            Moment::default()
        };
        self.plan.acts.push((created, Act::CreateGroup(group)));
        for uid in self.plan.groups[group].added.clone() {
            let added = self.moment().max(created);
            self.plan.acts.push((added, Act::AddMember(group, uid)));
        }
    }

    fn fault(&mut self, kind: u64) {
        let (at, device, node) = (self.moment(), self.device(), self.node());
        match kind {
            0 => self.plan.acts.push((at, Act::Cut(device))),
            1 => self.plan.acts.push((at, Act::HalfOpen(device))),
            2 => self.span(at, (100, 20_000), |on| Act::Freeze(device, on)),
            3 => self.span(at, (100, 30_000), |on| Act::Offline(device, on)),
            4 => self.span(at, (1_000, 600_000), |on| Act::Sleep(device, on)),
            5 => self.plan.acts.push((at, Act::Throttle(device))),
            6 => self.span(at, (10, 5_000), |on| Act::Reboot(device, on)),
            7 => {
                let back = at + self.random.ms(50, 10_000);
                let doomed = self.random.chance(50);
                let act = if doomed {
                    Act::Doom(node)
                } else {
                    Act::Crash(node)
                };
                self.plan.acts.push((at, act));
                self.plan.acts.push((back, Act::Start(node)));
            }
            8 => {
                let back = at + self.random.ms(50, 3_000);
                self.plan.acts.push((at, Act::Drain(node)));
                self.plan.acts.push((back, Act::Start(node)));
            }
            9 => self.span(at, (50, 15_000), |on| Act::Partition(node, on)),
            10 => self.span(at, (50, 15_000), Act::BusLoss),
            11 => self.span(at, (5, 10_000), Act::Outage),
            _ => self.span(at, (500, 10_000), Act::SlowStore),
        }
    }

    fn span(&mut self, at: Moment, (low, high): (u64, u64), act: impl Fn(bool) -> Act) {
        // Half of the spans are short: at most a tenth of the range.
        let high = if self.random.chance(50) {
            high
        } else {
            low + (high - low) / 10
        };
        let until = at + self.random.ms(low, high);
        self.plan.acts.push((at, act(true)));
        self.plan.acts.push((until, act(false)));
    }

    fn write(&mut self, at: Moment, device: DeviceId) {
        let peer = if self.random.chance(2) {
            NOBODY
        } else {
            self.peer_of(device)
        };
        let size = match self.random.below(40) {
            0 => Size::Huge,
            1..4 => Size::Long,
            _ => Size::Short,
        };
        self.plan.acts.push((at, Act::Write(device, peer, size)));
    }

    /// Adds more messages at once than a window or a connection's event queue holds.
    fn burst(&mut self) {
        let (start, size) = (self.moment(), [Size::Short, Size::Short, Size::Huge]);
        let size = size[self.random.index(3)];
        let count = self.random.between(70, 160);
        for _ in 0..count {
            let at = start + self.random.ms(0, 400);
            let device = self.device();
            let peer = self.peer_of(device);
            self.plan.acts.push((at, Act::Write(device, peer, size)));
        }
    }

    fn moment(&mut self) -> Moment {
        let length = self.plan.ends_at.since(Moment::default());
        let length_ms = u64::try_from(length.as_millis()).unwrap_or(0);
        Moment::default() + self.random.ms(0, length_ms)
    }

    fn device(&mut self) -> DeviceId {
        DeviceId(self.random.index(self.plan.devices.len()))
    }

    fn node(&mut self) -> NodeId {
        NodeId(self.random.index(self.plan.nodes))
    }

    /// Another user, or a group: whether the device knows the group is seen when it writes.
    fn peer_of(&mut self, device: DeviceId) -> Peer {
        let groups = &self.plan.groups;
        if !groups.is_empty() && self.random.chance(40) {
            return Peer::Group(groups[self.random.index(groups.len())].id);
        }
        let me = self.plan.devices[device.0].uid;
        let others: Vec<_> = self.plan.users.iter().filter(|uid| **uid != me).collect();
        Peer::User(*others[self.random.index(others.len())])
    }
}
