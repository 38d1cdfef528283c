//! A scenario: users, their actions, and faults. All of it follows from the seed.
//!
//! A scenario has only a few kinds of faults, because a fault that is always present hides what
//! happens without it.

mod acts;

use super::agenda::{DeviceId, NodeId};
use super::random::Random;
use acts::Acts;
use std::time::Duration;
use tidings_shared::{GroupId, Moment, Peer, UserId};

/// From the end of all faults to the end of the run. Longer than the idle timeout of 360 s, after
/// which half-open connections are closed, and than a throttled page takes to detect a dead one.
pub(crate) const AFTERMATH: Duration = Duration::from_mins(12);
/// How long nothing but heartbeats may happen before the end of the run.
pub(crate) const QUIET: Duration = Duration::from_mins(2);
/// A peer that does not exist.
pub(crate) const NOBODY: Peer = Peer::User(UserId(9999));

/// An action of a person, or a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Write(DeviceId, Peer, Size),
    Open(DeviceId, Peer),
    /// The plan's group of this index is created.
    CreateGroup(usize),
    /// The owner of the group of this index adds a user.
    AddMember(usize, UserId),
    ScrollUp(DeviceId),
    Poke(DeviceId),
    Cut(DeviceId),
    HalfOpen(DeviceId),
    Freeze(DeviceId, bool),
    Offline(DeviceId, bool),
    Sleep(DeviceId, bool),
    Throttle(DeviceId),
    Reboot(DeviceId, bool),
    Crash(NodeId),
    /// A crash between commit and publish.
    Doom(NodeId),
    Start(NodeId),
    Drain(NodeId),
    Partition(NodeId, bool),
    BusLoss(bool),
    Outage(bool),
    SlowStore(bool),
}

/// How long a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Short,
    Long,
    /// As long as the protocol allows, of characters that JSON writes as six bytes.
    Huge,
}

/// What client a device runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It keeps a list and timelines, and fetches what they lack.
    Page,
    /// It stores nothing and is pushed everything.
    Native,
    /// It stores nothing, and knows the legacy (v0) protocol: direct messages only.
    Legacy,
}

#[derive(Debug, Clone)]
pub(crate) struct DevicePlan {
    pub(crate) uid: UserId,
    pub(crate) kind: Kind,
    pub(crate) latency_ms: u64,
    /// Whether it acknowledges each push separately.
    pub(crate) single_acks: bool,
    /// The time from a push to its acknowledgement.
    pub(crate) ack_wait: Duration,
    /// Whether its clock stops while it sleeps.
    pub(crate) clock_sleeps: bool,
}

/// Messages between two users from before the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    pub(crate) users: (UserId, UserId),
    pub(crate) count: u64,
    pub(crate) size: Size,
}

/// A group that is created during the run.
#[derive(Debug, Clone)]
pub(crate) struct GroupPlan {
    pub(crate) id: GroupId,
    pub(crate) owner: UserId,
    /// The members from the start, with the owner.
    pub(crate) members: Vec<UserId>,
    /// Users who are added later.
    pub(crate) added: Vec<UserId>,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) users: Vec<UserId>,
    pub(crate) groups: Vec<GroupPlan>,
    pub(crate) devices: Vec<DevicePlan>,
    pub(crate) nodes: usize,
    /// Whether frames are encoded to JSON and parsed, to check that nothing changes.
    pub(crate) json: bool,
    /// The share of frames and notices with a long delay, in percent.
    pub(crate) spikes_percent: u64,
    /// The share of notices that arrive twice, in percent.
    pub(crate) duplicates_percent: u64,
    /// The share of batches that are stored although the store reports a failure, in percent.
    pub(crate) doubts_percent: u64,
    /// The share of store requests that fail, in percent.
    pub(crate) failures_percent: u64,
    /// The share of binds, queries and sends that are deferred, in percent.
    pub(crate) deferred_percent: u64,
    /// The capacity of a connection's event queue: 64 in the gateway.
    pub(crate) events: usize,
    /// The size of a connection's send buffers, in bytes; then its writer must wait.
    pub(crate) buffers: usize,
    /// The largest step of the `mid` from one message to the next.
    pub(crate) mid_jump: u64,
    pub(crate) histories: Vec<History>,
    pub(crate) acts: Vec<(Moment, Act)>,
    pub(crate) ends_at: Moment,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let users: Vec<_> = (1..=2 + random.below(3))
            .map(|n| UserId(n.cast_signed()))
            .collect();
        let mut devices = Vec::new();
        for uid in &users {
            for _ in 0..random.between(1, 4) {
                devices.push(device(*uid, &mut random));
            }
        }
        let plan = Self {
            nodes: random.index(3) + 1,
            json: seed.is_multiple_of(16),
            spikes_percent: [0, 2, 15][random.index(3)],
            duplicates_percent: [0, 0, 20][random.index(3)],
            doubts_percent: [0, 50][random.index(2)],
            failures_percent: [0, 0, 0, 5][random.index(4)],
            deferred_percent: [0, 0, 3][random.index(3)],
            events: [2, 64][random.index(2)],
            buffers: [1024, 64 * 1024][random.index(2)],
            mid_jump: [1, 50, 100_000][random.index(3)],
            histories: histories(&users, &mut random),
            groups: groups(&users, &mut random),
            acts: Vec::new(),
            ends_at: Moment::default() + random.ms(5_000, 120_000),
            users,
            devices,
        };
        Acts {
            plan,
            random: &mut random,
        }
        .fill()
    }
}

fn device(uid: UserId, random: &mut Random) -> DevicePlan {
    let kind = match random.below(100) {
        0..15 => Kind::Legacy,
        15..30 => Kind::Native,
        _ => Kind::Page,
    };
    // A slow client acknowledges after the first repush.
    let slow = random.chance(8);
    let usual_ms = if kind == Kind::Page { 80 } else { 0 };
    DevicePlan {
        uid,
        kind,
        latency_ms: [1, 10, 60, 200][random.index(4)],
        single_acks: kind != Kind::Page || random.chance(20),
        ack_wait: Duration::from_millis(if slow { 5_500 } else { usual_ms }),
        clock_sleeps: random.chance(50),
    }
}

fn groups(users: &[UserId], random: &mut Random) -> Vec<GroupPlan> {
    let count = [0, 1, 1, 2][random.index(4)];
    let group = |n| {
        let owner = users[random.index(users.len())];
        let mut is_member = |uid: &UserId| *uid == owner || random.chance(50);
        let (members, mut added): (Vec<_>, Vec<_>) = users.iter().partition(|uid| is_member(uid));
        added.retain(|_| random.chance(70));
        GroupPlan {
            id: GroupId(n),
            owner,
            members,
            added,
        }
    };
    (1..=count).map(group).collect()
}

fn histories(users: &[UserId], random: &mut Random) -> Vec<History> {
    let mut histories = Vec::new();
    for (index, one) in users.iter().enumerate() {
        for other in &users[index + 1..] {
            let (count, size) = match random.below(40) {
                0 => (random.between(150, 450), Size::Short),
                1 => (random.between(20, 60), Size::Huge),
                2..22 => (random.between(1, 12), Size::Short),
                _ => continue,
            };
            histories.push(History {
                users: (*one, *other),
                count,
                size,
            });
        }
    }
    histories
}
