//! Who is online, as far as the server tells. A hint: it ends with its connection, and decides
//! nothing.

use super::directory::Directory;
use tidings_shared::api::PresenceList;
use tidings_shared::frame::Watch;
use tidings_shared::{Peer, UserId, limits};

/// How somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A device of theirs is connected.
    Online,
    /// None is; the last one left at this time, in ms since 1970.
    LastSeen(i64),
}

/// Who is watched, and how they stand.
#[derive(Debug, Default)]
pub(super) struct Presences {
    /// In the order of their ids, with how they stand, if that is known.
    watched: Vec<(UserId, Option<Standing>)>,
    /// Of which list and which open conversation that was made.
    made_of: (usize, Option<Peer>),
}

impl Presences {
    /// How a peer stands; `None`: not known, or a group.
    pub(super) fn of(&self, peer: Peer) -> Option<Standing> {
        match peer {
            Peer::User(uid) => self.watched[self.place(uid)?].1,
            Peer::Group(_) => None,
        }
    }

    fn place(&self, uid: UserId) -> Option<usize> {
        let found = self.watched.binary_search_by_key(&uid, |(uid, _)| *uid);
        found.ok()
    }

    /// The connection is gone, and with it what it was told.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What to tell the server when the people in sight are others than before: whose conversation
    /// is open, and those of the newest conversations.
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

    /// The server tells.
    pub(super) fn told(&mut self, list: PresenceList) {
        for presence in list.presence {
            // Somebody may have left the sight while this was on its way.
            if let Some(at) = self.place(presence.uid) {
                self.watched[at].1 = match (presence.online, presence.last_seen) {
                    (true, _) => Some(Standing::Online),
                    (false, Some(at)) => Some(Standing::LastSeen(at)),
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
