//! Topics as names of Redis channels.

use crate::bus::Topic;
use tidings_shared::{GroupId, UserId};

/// Where nodes tell each other that events may have been lost.
pub(super) const NODES: &str = "tidings:nodes";

/// The channel of a topic.
pub(super) fn name(topic: Topic) -> String {
    match topic {
        Topic::User(uid) => format!("tidings:u:{uid}"),
        Topic::Group(group) => format!("tidings:g:{group}"),
    }
}

/// The topic of a channel; `None` for a channel that is none of ours.
pub(super) fn topic(name: &[u8]) -> Option<Topic> {
    let name = std::str::from_utf8(name).ok()?;
    if let Some(uid) = name.strip_prefix("tidings:u:") {
        return Some(Topic::User(UserId(uid.parse().ok()?)));
    }
    let group = name.strip_prefix("tidings:g:")?;
    Some(Topic::Group(GroupId(group.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_one_channel_and_other_channels_have_none() {
        for topic_ in [Topic::User(UserId(1000)), Topic::Group(GroupId(7))] {
            assert_eq!(topic(name(topic_).as_bytes()), Some(topic_));
        }
        assert_eq!(topic(NODES.as_bytes()), None);
        assert_eq!(topic(b"tidings:u:x"), None);
        assert_eq!(topic(b"\xff"), None);
    }
}
