//! Where the messages of a batch go: which conversation each sender and its peer have.

use super::dialect::{Connection, packed, rows};
use super::plan::LastPlaces;
use super::{conversations, json, unpack};
use crate::store::{Party, Profile, StoreError};
use foldhash::HashMap;
use serde::Deserialize;
use sqlx::Row as _;
use std::collections::BTreeSet;
use tidings_shared::{ConversationId, GroupId, Peer, Seq, UserId};

/// Who writes to whom.
pub(super) type Pair = (UserId, Peer);
/// Two users, as they write to each other.
type Direct = (UserId, UserId);

/// A way that exists.
pub(in super::super) struct Route {
    pub(super) conversation: ConversationId,
    pub(super) sender: Profile,
    pub(super) recipient: Party,
}

/// A row of a query for ways: the conversation if there is one, the sender, and the other side, which
/// without a user is the group itself.
#[derive(Deserialize)]
pub(in super::super) struct Found(
    Option<ConversationId>,
    Option<Seq>,
    UserId,
    String,
    String,
    Option<UserId>,
    String,
    String,
);

/// The query for ways between two users, of `[sender, recipient, low, high]`.
pub(in super::super) const FIND_DIRECT: &str = concat!(
    "SELECT ",
    packed!("c.id, c.last_seq, s.uid, s.username, s.avatar, o.uid, o.username, o.avatar"),
    " FROM ",
    rows!(),
    " CROSS JOIN users s
      CROSS JOIN users o
       LEFT JOIN conversations c
         ON c.low_uid = CAST(j.value ->> 2 AS BIGINT)
        AND c.high_uid = CAST(j.value ->> 3 AS BIGINT)
      WHERE s.uid = CAST(j.value ->> 0 AS BIGINT)
        AND o.uid = CAST(j.value ->> 1 AS BIGINT)"
);

/// The query for ways of members to their groups, of `[sender, group]`.
pub(in super::super) const FIND_GROUPS: &str = concat!(
    "WITH m AS MATERIALIZED (
         SELECT m.uid, m.conversation_id FROM ",
    rows!(),
    " CROSS JOIN members m
          WHERE m.uid = CAST(j.value ->> 0 AS BIGINT)
            AND m.conversation_id = CAST(j.value ->> 1 AS BIGINT))
     SELECT ",
    packed!("c.id, c.last_seq, s.uid, s.username, s.avatar, NULL, g.name, g.avatar"),
    " FROM m
      CROSS JOIN conversations c
      CROSS JOIN groups g
      CROSS JOIN users s
      WHERE c.id = m.conversation_id AND g.conversation_id = m.conversation_id
        AND s.uid = m.uid"
);

/// Who writes to whom in a batch. In order and once each: whoever begins conversations begins them in
/// the same order.
#[derive(Default)]
pub(in super::super) struct Pairs {
    direct: BTreeSet<Direct>,
    groups: BTreeSet<(UserId, GroupId)>,
}

impl FromIterator<Pair> for Pairs {
    fn from_iter<T: IntoIterator<Item = Pair>>(pairs: T) -> Self {
        let mut all = Self::default();
        for (sender, peer) in pairs {
            match peer {
                Peer::User(recipient) => all.direct.insert((sender, recipient)),
                Peer::Group(group) => all.groups.insert((sender, group)),
            };
        }
        all
    }
}

impl Pairs {
    /// The parameter of [`FIND_DIRECT`].
    pub(in super::super) fn direct_rows(&self) -> String {
        let rows = self.direct.iter().map(|&(sender, recipient)| {
            let (low, high) = conversations::in_order(sender, recipient);
            (sender, recipient, low, high)
        });
        json(&rows.collect::<Vec<_>>())
    }

    /// The parameter of [`FIND_GROUPS`].
    pub(in super::super) fn group_rows(&self) -> String {
        json(&self.groups)
    }
}

/// Ways that exist, by who writes to whom.
pub(in super::super) type Ways = HashMap<Pair, Route>;

/// Ways, and where their conversations stand.
#[derive(Default)]
pub(in super::super) struct Routes {
    /// Without those to a recipient that does not exist, and to a group that the sender is no member of.
    pub(in super::super) ways: Ways,
    /// The last places, unless somebody else has moved them on since.
    pub(in super::super) last: LastPlaces,
}

impl Routes {
    /// Looks them up, and begins the conversation of two users who never wrote to each other.
    pub(super) async fn of(connection: &mut Connection, pairs: &Pairs) -> Result<Self, StoreError> {
        let mut routes = Self::default();
        if !pairs.direct.is_empty() {
            let found = unpack(connection, FIND_DIRECT, pairs.direct_rows()).await?;
            let new = routes.enter(found);
            if !new.direct.is_empty() {
                begin_conversations(connection, &new.direct).await?;
                routes.enter(unpack(connection, FIND_DIRECT, new.direct_rows()).await?);
            }
        }
        if !pairs.groups.is_empty() {
            let found = unpack(connection, FIND_GROUPS, pairs.group_rows()).await?;
            routes.enter(found);
        }
        Ok(routes)
    }

    /// Enters what exists; returns the pairs of two users without a conversation.
    pub(in super::super) fn enter(&mut self, found: Vec<Found>) -> Pairs {
        let mut new = Pairs::default();
        for found in found {
            let Found(conversation, last_seq, uid, name, avatar, other, other_name, other_avatar) =
                found;
            let (Some(conversation), Some(last_seq)) = (conversation, last_seq) else {
                new.direct.extend(other.map(|recipient| (uid, recipient)));
                continue;
            };
            self.last.insert(conversation, last_seq);
            let route = Route {
                conversation,
                sender: Profile { uid, name, avatar },
                recipient: Party {
                    peer: other.map_or(Peer::Group(GroupId(conversation.0)), Peer::User),
                    name: other_name,
                    avatar: other_avatar,
                },
            };
            self.ways.insert((uid, route.recipient.peer), route);
        }
        new
    }
}

/// Begins what nobody has begun in the meantime.
async fn begin_conversations(
    connection: &mut Connection,
    pairs: &BTreeSet<Direct>,
) -> Result<(), StoreError> {
    let sorted: BTreeSet<Direct> = pairs
        .iter()
        .map(|&(a, b)| conversations::in_order(a, b))
        .collect();
    let begun = sqlx::query(concat!(
        "INSERT INTO conversations (low_uid, high_uid, last_seq, last_at)
         SELECT CAST(j.value ->> 0 AS BIGINT), CAST(j.value ->> 1 AS BIGINT), 0, 0
           FROM ",
        rows!(),
        " WHERE true ORDER BY j.key
             ON CONFLICT (low_uid, high_uid) DO NOTHING
         RETURNING id, low_uid, high_uid"
    ))
    .bind(json(&sorted))
    .fetch_all(&mut *connection)
    .await?;
    let mut members: Vec<(i64, i64)> = Vec::with_capacity(begun.len() * 2);
    for row in begun {
        let id: i64 = row.try_get("id")?;
        members.push((id, row.try_get("low_uid")?));
        members.push((id, row.try_get("high_uid")?));
    }
    sqlx::query(concat!(
        "INSERT INTO members (conversation_id, uid, joined_seq, read_seq, delivered_seq)
         SELECT CAST(j.value ->> 0 AS BIGINT), CAST(j.value ->> 1 AS BIGINT), 0, 0, 0
           FROM ",
        rows!()
    ))
    .bind(json(&members))
    .execute(connection)
    .await?;
    Ok(())
}
