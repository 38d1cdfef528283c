//! Where the messages of a batch go: which conversation each sender and its peer have.

use super::dialect::{Connection, packed, rows};
use super::{conversations, json, unpack};
use crate::store::{Party, Profile, StoreError};
use serde::Deserialize;
use sqlx::Row as _;
use std::collections::{BTreeSet, HashMap};
use tidings_shared::{ConversationId, GroupId, Peer, UserId};

/// Who writes to whom.
pub(super) type Pair = (UserId, Peer);
/// Two users, as they write to each other.
type Direct = (UserId, UserId);

/// A way that exists.
pub(super) struct Route {
    pub(super) conversation: ConversationId,
    pub(super) sender: Profile,
    pub(super) recipient: Party,
}

/// A row of a query for ways: the conversation if there is one, the sender, and the other side, which
/// without a user is the group itself.
#[derive(Deserialize)]
struct Found(
    Option<ConversationId>,
    UserId,
    String,
    String,
    Option<UserId>,
    String,
    String,
);

/// The ways of a batch.
pub(super) struct Routes(HashMap<Pair, Route>);

impl Routes {
    /// Looks them up, and begins the conversation of two users who never wrote to each other.
    pub(super) async fn of(
        connection: &mut Connection,
        pairs: impl Iterator<Item = Pair>,
    ) -> Result<Self, StoreError> {
        // In order and once each: whoever begins conversations begins them in the same order.
        let (mut direct, mut groups) = (BTreeSet::new(), BTreeSet::new());
        for (sender, peer) in pairs {
            match peer {
                Peer::User(recipient) => direct.insert((sender, recipient)),
                Peer::Group(group) => groups.insert((sender, group)),
            };
        }
        let mut routes = Self(HashMap::with_capacity(direct.len() + groups.len()));
        if !direct.is_empty() {
            let new = routes.find_direct(connection, &direct).await?;
            if !new.is_empty() {
                begin_conversations(connection, &new).await?;
                routes.find_direct(connection, &new).await?;
            }
        }
        if !groups.is_empty() {
            routes.find_groups(connection, &groups).await?;
        }
        Ok(routes)
    }

    /// `None`: there is no such recipient, or no such group that the sender is a member of.
    pub(super) fn get(&self, pair: Pair) -> Option<&Route> {
        self.0.get(&pair)
    }

    /// Enters what exists; returns the pairs of two users without a conversation.
    async fn find_direct(
        &mut self,
        connection: &mut Connection,
        pairs: &BTreeSet<Direct>,
    ) -> Result<BTreeSet<Direct>, StoreError> {
        let sets: Vec<(UserId, UserId, UserId, UserId)> = pairs
            .iter()
            .map(|&(sender, recipient)| {
                let (low, high) = conversations::in_order(sender, recipient);
                (sender, recipient, low, high)
            })
            .collect();
        let found: Vec<Found> = unpack(
            connection,
            concat!(
                "SELECT ",
                packed!("c.id, s.uid, s.username, s.avatar, o.uid, o.username, o.avatar"),
                " FROM ",
                rows!(),
                " CROSS JOIN users s
                  CROSS JOIN users o
                   LEFT JOIN conversations c
                     ON c.low_uid = CAST(j.value ->> 2 AS BIGINT)
                    AND c.high_uid = CAST(j.value ->> 3 AS BIGINT)
                  WHERE s.uid = CAST(j.value ->> 0 AS BIGINT)
                    AND o.uid = CAST(j.value ->> 1 AS BIGINT)"
            ),
            json(&sets),
        )
        .await?;
        let mut new = BTreeSet::new();
        for found in found {
            match found {
                Found(Some(id), ..) => self.enter(id, found),
                Found(None, sender, _, _, Some(recipient), ..) => {
                    new.insert((sender, recipient));
                }
                Found(None, ..) => {}
            }
        }
        Ok(new)
    }

    async fn find_groups(
        &mut self,
        connection: &mut Connection,
        pairs: &BTreeSet<(UserId, GroupId)>,
    ) -> Result<(), StoreError> {
        let found: Vec<Found> = unpack(
            connection,
            concat!(
                "WITH m AS MATERIALIZED (
                     SELECT m.uid, m.conversation_id FROM ",
                rows!(),
                " CROSS JOIN members m
                      WHERE m.uid = CAST(j.value ->> 0 AS BIGINT)
                        AND m.conversation_id = CAST(j.value ->> 1 AS BIGINT))
                 SELECT ",
                packed!("g.conversation_id, s.uid, s.username, s.avatar, NULL, g.name, g.avatar"),
                " FROM m
                  CROSS JOIN groups g
                  CROSS JOIN users s
                  WHERE g.conversation_id = m.conversation_id AND s.uid = m.uid"
            ),
            json(pairs),
        )
        .await?;
        for found in found {
            if let Found(Some(id), ..) = found {
                self.enter(id, found);
            }
        }
        Ok(())
    }

    fn enter(&mut self, conversation: ConversationId, found: Found) {
        let Found(_, uid, name, avatar, other, other_name, other_avatar) = found;
        let route = Route {
            conversation,
            sender: Profile { uid, name, avatar },
            recipient: Party {
                peer: other.map_or(Peer::Group(GroupId(conversation.0)), Peer::User),
                name: other_name,
                avatar: other_avatar,
            },
        };
        self.0.insert((uid, route.recipient.peer), route);
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
