//! A peer as a short text: in storage keys, and in the page's `data-peer`.

use tidings_shared::{GroupId, Peer, UserId};

/// A user's id, or `g` and a group's id.
pub fn peer_key(peer: Peer) -> String {
    match peer {
        Peer::User(uid) => uid.to_string(),
        Peer::Group(id) => format!("g{id}"),
    }
}

/// Parses a key.
pub fn peer_of_key(key: &str) -> Option<Peer> {
    match key.strip_prefix('g') {
        Some(number) => Some(Peer::Group(GroupId(number.parse().ok()?))),
        None => Some(Peer::User(UserId(key.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peer_round_trips_through_its_key() {
        for peer in [Peer::User(UserId(1001)), Peer::Group(GroupId(7))] {
            assert_eq!(peer_of_key(&peer_key(peer)), Some(peer));
        }
        assert_eq!(peer_of_key("x"), None);
        assert_eq!(peer_of_key("g"), None);
    }
}
