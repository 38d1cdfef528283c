//! Who is online. Best-effort: it is dropped with the connection, and nothing depends on it.

use super::directory::Directory;
use tidings_shared::api::PresenceList;
use tidings_shared::frame::Watch;
use tidings_shared::{Peer, UserId, limits};

/// Whether a user is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceStatus {
    /// A device of theirs is connected.
    Online,
    /// No device is; the last one disconnected at this time, in ms since 1970.
    LastSeen(i64),
}

/// The watched users and their presence.
#[derive(Debug, Default)]
pub(super) struct Presences {
    /// Ordered by id, with the presence if it is known.
    watched: Vec<(UserId, Option<PresenceStatus>)>,
    /// The size of the list and the open conversation that `watched` was made of.
    made_of: (usize, Option<Peer>),
}

impl Presences {
    /// The presence of a peer; `None`: not known, or a group.
    pub(super) fn of(&self, peer: Peer) -> Option<PresenceStatus> {
        match peer {
            Peer::User(uid) => self.watched[self.position(uid)?].1,
            Peer::Group(_) => None,
        }
    }

    fn position(&self, uid: UserId) -> Option<usize> {
        let found = self.watched.binary_search_by_key(&uid, |(uid, _)| *uid);
        found.ok()
    }

    /// Clears everything: the connection is gone.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The `Watch` to send when the users in sight changed: the peer of the open conversation, and
    /// those of the newest conversations.
    pub(super) fn watch(&mut self, directory: &Directory, open: Option<Peer>) -> Option<Watch> {
        let made_of = (directory.count(), open);
        if self.made_of == made_of {
            return None;
        }
        self.made_of = made_of;
        let mut listed: Vec<_> = directory
            .iter()
            .filter_map(|entry| Some((entry.last.mid, user(entry.peer)?)))
            .collect();
        listed.sort_unstable_by_key(|(mid, _)| std::cmp::Reverse(*mid));
        let newest = listed.into_iter().map(|(_, uid)| uid);
        let mut uids = Vec::new();
        for uid in open
            .and_then(user)
            .into_iter()
            .chain(newest)
            .take(limits::WATCHED_MAX)
        {
            if let Err(at) = uids.binary_search(&uid) {
                uids.insert(at, uid);
            }
        }
        if uids.iter().eq(self.watched.iter().map(|(uid, _)| uid)) {
            return None;
        }
        let known = |uid: &UserId| (*uid, self.of(Peer::User(*uid)));
        self.watched = uids.iter().map(known).collect();
        Some(Watch { uids })
    }

    /// Presence arrived from the server.
    pub(super) fn update(&mut self, list: PresenceList) {
        for presence in list.presence {
            // A user may have gone out of sight while this was on its way.
            if let Some(at) = self.position(presence.uid) {
                self.watched[at].1 = match (presence.online, presence.last_seen) {
                    (true, _) => Some(PresenceStatus::Online),
                    (false, Some(at)) => Some(PresenceStatus::LastSeen(at)),
                    (false, None) => None,
                };
            }
        }
    }
}

const fn user(peer: Peer) -> Option<UserId> {
    match peer {
        Peer::User(uid) => Some(uid),
        Peer::Group(_) => None,
    }
}

#[cfg(test)]
#[path = "presence_tests.rs"]
mod tests;
