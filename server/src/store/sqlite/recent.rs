//! What the writer remembers of its last batches: the ways that their messages went, and where the
//! conversations stand. So people who go on writing are not looked up for every batch.
//!
//! It belongs to the writer's connection, through which all goes that this process writes while it
//! serves, and is forgotten with whatever else is written there. So only another process can make it
//! untrue, or a change for whose end nobody waited, and for these it is not kept for long. A place is
//! not taken twice even then: the table refuses it.

use super::sql::plan::pair;
use super::sql::routes::{Pairs, Routes};
use crate::store::NewMessage;
use std::time::Duration;
use tokio::time::Instant;

/// How long it may be true no more: names, and who is in a group.
const KEPT_FOR: Duration = Duration::from_secs(1);
/// Ways at which no more are added, of some 300 bytes each, 1 KB at most.
const MOST: usize = 4096;

/// Ways that were looked up, and the places that were given since.
pub(super) struct Recent {
    pub(super) routes: Routes,
    since: Instant,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            routes: Routes::default(),
            since: Instant::now(),
        }
    }
}

impl Recent {
    /// The ways of a batch that are to be looked up, and to be entered beside the others; `None`: all
    /// are known. Forgets what is too old or too much.
    pub(super) fn unknown(&mut self, batch: &[NewMessage]) -> Option<Pairs> {
        if self.since.elapsed() >= KEPT_FOR {
            self.forget();
        }
        let known = &self.routes.ways;
        let unknown = |message: &&NewMessage| !known.contains_key(&pair(message));
        if !batch.iter().any(|message| unknown(&message)) {
            return None;
        }
        if known.len() < MOST {
            return Some(batch.iter().filter(unknown).map(pair).collect());
        }
        self.forget();
        Some(batch.iter().map(pair).collect())
    }

    /// Something was written that is not known here, or nobody knows what was.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::ConnectionId;
    use tidings_shared::{MsgType, Peer, UserId};

    const ME: i64 = 1;

    fn message(recipient: i64) -> NewMessage {
        NewMessage {
            sender: UserId(ME),
            peer: Peer::User(UserId(recipient)),
            content: "x".into(),
            msg_type: MsgType::TEXT,
            client_msg_id: None,
            origin: ConnectionId::NONE,
            created_at: 0,
        }
    }

    fn enter(recent: &mut Recent, recipients: impl Iterator<Item = i64>) {
        let rows = recipients.map(|uid| (uid, 0, ME, "Me", "", Some(uid), "You", ""));
        let rows = serde_json::to_string(&rows.collect::<Vec<_>>()).expect("an array");
        let found = serde_json::from_str(&rows).expect("as the query has it");
        recent.routes.enter(found);
    }

    #[tokio::test(start_paused = true)]
    async fn a_way_is_looked_up_once_and_again_after_a_second() {
        let mut recent = Recent::default();
        let batch = [message(2), message(3), message(2)];
        let unknown = |recent: &mut Recent| recent.unknown(&batch).map(|ways| ways.direct_rows());
        assert_eq!(
            unknown(&mut recent).as_deref(),
            Some("[[1,2,1,2],[1,3,1,3]]")
        );
        enter(&mut recent, 2..3);
        assert_eq!(unknown(&mut recent).as_deref(), Some("[[1,3,1,3]]"));
        enter(&mut recent, 3..4);
        assert_eq!(unknown(&mut recent), None);
        tokio::time::advance(KEPT_FOR).await;
        assert!(unknown(&mut recent).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_ways_are_kept_than_have_room() {
        let mut recent = Recent::default();
        let most = 2 + i64::try_from(MOST).expect("small");
        enter(&mut recent, 2..most);
        assert!(recent.unknown(&[message(2)]).is_none());
        assert!(recent.unknown(&[message(2), message(most)]).is_some());
        assert!(recent.routes.ways.is_empty());
    }
}
