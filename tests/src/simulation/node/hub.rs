//! The connections of a node, by topic.

use crate::simulation::agenda::SocketId;
use crate::simulation::bus::{Notice, Topic};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Hub {
    members: BTreeMap<Topic, Vec<SocketId>>,
}

impl Hub {
    /// Subscribes a connection. Returns whether it was not subscribed before.
    pub(super) fn join(&mut self, topic: Topic, socket: SocketId) -> bool {
        let members = self.members.entry(topic).or_default();
        let is_new = !members.contains(&socket);
        if is_new {
            members.push(socket);
        }
        is_new
    }

    pub(super) fn leave(&mut self, socket: SocketId) {
        for members in self.members.values_mut() {
            members.retain(|member| *member != socket);
        }
    }

    /// The connections that a notice concerns; more than once if several of its topics do.
    pub(super) fn concerned(&self, notice: &Notice) -> Vec<SocketId> {
        if notice.topics.is_empty() {
            let users = self.members.iter();
            let users = users.filter(|(topic, _)| matches!(topic, Topic::User(_)));
            return users.flat_map(|(_, members)| members).copied().collect();
        }
        let members = notice
            .topics
            .iter()
            .filter_map(|topic| self.members.get(topic));
        members.flatten().copied().collect()
    }
}
