//! Looks up the conversation of each sender and peer in a batch.

use super::dialect::{Connection, json_rows, rows};
use super::plan::LastSeqs;
use super::{conversations, fetch_json_rows, json};
use crate::store::{PeerProfile, Profile, StoreError};
use foldhash::HashMap;
use serde::Deserialize;
use sqlx::Row as _;
use std::collections::BTreeSet;
use tidings_shared::{ConversationId, GroupId, Peer, Seq, UserId};

/// A sender and its peer.
pub(super) type Participants = (UserId, Peer);
/// Sender and recipient of a direct message.
type Direct = (UserId, UserId);

/// A conversation as seen by a sender.
pub(in super::super) struct ConversationEntry {
    pub(super) conversation: ConversationId,
    pub(super) sender: Profile,
    pub(super) recipient: PeerProfile,
}

/// A row of a lookup query: the conversation if it exists, the sender, and the other participant,
/// which is the group if there is no user.
#[derive(Deserialize)]
pub(in super::super) struct LookupRow(
    Option<ConversationId>,
    Option<Seq>,
    UserId,
    String,
    String,
    Option<UserId>,
    String,
    String,
);

/// The lookup query for direct conversations, with rows of `[sender, recipient, low, high]`.
pub(in super::super) const FIND_DIRECT: &str = concat!(
    "SELECT ",
    json_rows!("c.id, c.last_seq, s.uid, s.username, s.avatar, o.uid, o.username, o.avatar"),
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

/// The lookup query for groups of members, with rows of `[sender, group]`.
pub(in super::super) const FIND_GROUPS: &str = concat!(
    "WITH m AS MATERIALIZED (
         SELECT m.uid, m.conversation_id FROM ",
    rows!(),
    " CROSS JOIN members m
          WHERE m.uid = CAST(j.value ->> 0 AS BIGINT)
            AND m.conversation_id = CAST(j.value ->> 1 AS BIGINT))
     SELECT ",
    json_rows!("c.id, c.last_seq, s.uid, s.username, s.avatar, NULL, g.name, g.avatar"),
    " FROM m
      CROSS JOIN conversations c
      CROSS JOIN groups g
      CROSS JOIN users s
      WHERE c.id = m.conversation_id AND g.conversation_id = m.conversation_id
        AND s.uid = m.uid"
);

/// The sender and peer pairs of a batch, sorted and unique, so that concurrent transactions create
/// conversations in the same order.
#[derive(Default)]
pub(in super::super) struct ParticipantSet {
    direct: BTreeSet<Direct>,
    groups: BTreeSet<(UserId, GroupId)>,
}

impl FromIterator<Participants> for ParticipantSet {
    fn from_iter<T: IntoIterator<Item = Participants>>(participants: T) -> Self {
        let mut all = Self::default();
        for (sender, peer) in participants {
            match peer {
                Peer::User(recipient) => all.direct.insert((sender, recipient)),
                Peer::Group(group) => all.groups.insert((sender, group)),
            };
        }
        all
    }
}

impl ParticipantSet {
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

/// Conversations by sender and peer.
pub(in super::super) type ConversationMap = HashMap<Participants, ConversationEntry>;

/// Looked up conversations, and their last sequence numbers.
#[derive(Default)]
pub(in super::super) struct ConversationLookup {
    /// Without unknown recipients, and groups that the sender is no member of.
    pub(in super::super) by_participants: ConversationMap,
    /// The last sequence numbers at the time of the lookup.
    pub(in super::super) last: LastSeqs,
}

impl ConversationLookup {
    /// Looks up the conversations, and creates those of users who never wrote to each other.
    pub(super) async fn of(
        connection: &mut Connection,
        participants: &ParticipantSet,
    ) -> Result<Self, StoreError> {
        let mut lookup = Self::default();
        if !participants.direct.is_empty() {
            let found =
                fetch_json_rows(connection, FIND_DIRECT, participants.direct_rows()).await?;
            let missing = lookup.insert_rows(found);
            if !missing.direct.is_empty() {
                create_conversations(connection, &missing.direct).await?;
                lookup.insert_rows(
                    fetch_json_rows(connection, FIND_DIRECT, missing.direct_rows()).await?,
                );
            }
        }
        if !participants.groups.is_empty() {
            let found = fetch_json_rows(connection, FIND_GROUPS, participants.group_rows()).await?;
            lookup.insert_rows(found);
        }
        Ok(lookup)
    }

    /// Inserts existing conversations; returns the direct pairs without one.
    pub(in super::super) fn insert_rows(&mut self, found: Vec<LookupRow>) -> ParticipantSet {
        let mut missing = ParticipantSet::default();
        for found in found {
            let LookupRow(
                conversation,
                last_seq,
                uid,
                name,
                avatar,
                other,
                other_name,
                other_avatar,
            ) = found;
            let (Some(conversation), Some(last_seq)) = (conversation, last_seq) else {
                missing
                    .direct
                    .extend(other.map(|recipient| (uid, recipient)));
                continue;
            };
            self.last.insert(conversation, last_seq);
            let entry = ConversationEntry {
                conversation,
                sender: Profile { uid, name, avatar },
                recipient: PeerProfile {
                    peer: other.map_or(Peer::Group(GroupId(conversation.0)), Peer::User),
                    name: other_name,
                    avatar: other_avatar,
                },
            };
            self.by_participants
                .insert((uid, entry.recipient.peer), entry);
        }
        missing
    }
}

/// Creates conversations, unless another transaction has done so meanwhile.
async fn create_conversations(
    connection: &mut Connection,
    participants: &BTreeSet<Direct>,
) -> Result<(), StoreError> {
    let sorted: BTreeSet<Direct> = participants
        .iter()
        .map(|&(a, b)| conversations::in_order(a, b))
        .collect();
    let created = sqlx::query(concat!(
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
    let mut members: Vec<(i64, i64)> = Vec::with_capacity(created.len() * 2);
    for row in created {
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
