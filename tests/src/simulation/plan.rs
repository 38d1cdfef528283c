//! A scenario: who there is, what they do, and what befalls them. All of it follows from the seed.
//!
//! A scenario has a few kinds of faults and not the others, for a fault that is always there hides
//! what happens without it.

mod acts;

use super::agenda::{DeviceId, NodeId};
use super::random::Random;
use acts::Acts;
use std::time::Duration;
use tidings_shared::{Moment, Peer, UserId};

/// From the end of all faults to the end of the run: the idle timeout of 360 s, after which
/// forgotten connections go, and more than a throttled page takes to find its connection dead.
pub(crate) const AFTERMATH: Duration = Duration::from_mins(12);
/// Before the end of the run nothing but heartbeats happens for so long.
pub(crate) const QUIET: Duration = Duration::from_mins(2);
/// Nobody has this id.
pub(crate) const NOBODY: Peer = Peer::User(UserId(9999));

/// Something that happens from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Write(DeviceId, Peer, Size),
    Open(DeviceId, Peer),
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
    /// A crash between commit and publication.
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
    /// As long as the protocol allows, in characters that JSON writes as six bytes.
    Huge,
}

#[derive(Debug, Clone)]
pub(crate) struct DevicePlan {
    pub(crate) uid: UserId,
    /// A client of the course's kind; otherwise one like our page.
    pub(crate) plain: bool,
    pub(crate) latency_ms: u64,
    /// Acknowledges each push for itself.
    pub(crate) single_acks: bool,
    /// From a push to its acknowledgement.
    pub(crate) ack_wait: Duration,
    /// Its clock stands still while it sleeps.
    pub(crate) clock_sleeps: bool,
}

/// Messages that were there before all began, between two users.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    pub(crate) users: (UserId, UserId),
    pub(crate) count: u64,
    pub(crate) size: Size,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) users: Vec<UserId>,
    pub(crate) devices: Vec<DevicePlan>,
    pub(crate) nodes: usize,
    /// Frames go through their JSON text.
    pub(crate) json: bool,
    /// Of frames and notices, how many take long.
    pub(crate) spikes_percent: u64,
    /// Of notices, how many come twice.
    pub(crate) repeats_percent: u64,
    /// Of the batches that meet a failing store, how many are stored all the same.
    pub(crate) doubts_percent: u64,
    /// Events that may wait for a connection: 64 in the gateway.
    pub(crate) events: usize,
    /// What a connection takes before its writer must wait, in bytes.
    pub(crate) buffers: usize,
    /// How far ids move on from message to message, at most.
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
            for _ in 0..random.between(1, 3) {
                devices.push(device(*uid, &mut random));
            }
        }
        let plan = Self {
            nodes: random.index(3) + 1,
            json: seed.is_multiple_of(16),
            spikes_percent: [0, 2, 15][random.index(3)],
            repeats_percent: [0, 0, 20][random.index(3)],
            doubts_percent: [0, 50][random.index(2)],
            events: [2, 64][random.index(2)],
            buffers: [1024, 64 * 1024][random.index(2)],
            mid_jump: [1, 50, 100_000][random.index(3)],
            histories: histories(&users, &mut random),
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
    let plain = random.chance(30);
    // A slow client's pushes are repeated before they are acknowledged.
    let slow = random.chance(8);
    let usual_ms = if plain { 0 } else { 80 };
    DevicePlan {
        uid,
        plain,
        latency_ms: [1, 10, 60, 200][random.index(4)],
        single_acks: plain || random.chance(20),
        ack_wait: Duration::from_millis(if slow { 5_500 } else { usual_ms }),
        clock_sleeps: random.chance(50),
    }
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
