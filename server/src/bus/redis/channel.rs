//! Redis channel names of topics.

use crate::domain::Topic;
use tidings_shared::{GroupId, UserId};

/// The channel on which nodes announce that events may have been lost.
pub(super) const NODES: &str = "tidings:nodes";

/// The channel name of a topic.
pub(super) fn name(topic: Topic) -> String {
    match topic {
        Topic::User(uid) => format!("tidings:u:{uid}"),
        Topic::Group(group) => format!("tidings:g:{group}"),
    }
}

/// The topic of a channel name; `None` for a channel of another kind.
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
    fn topic_and_channel_name_convert_both_ways() {
        for topic_ in [Topic::User(UserId(1000)), Topic::Group(GroupId(7))] {
            assert_eq!(topic(name(topic_).as_bytes()), Some(topic_));
        }
        assert_eq!(topic(NODES.as_bytes()), None);
        assert_eq!(topic(b"tidings:u:x"), None);
        assert_eq!(topic(b"\xff"), None);
    }
}
