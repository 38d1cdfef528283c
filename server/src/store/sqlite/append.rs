//! Appending a batch of messages: a handful of set-wise statements in one transaction, however
//! many messages. Sets go in as one JSON parameter (`json_each`), SQLite's form of an array.

use crate::store::{Appended, NewMessage, Party, Profile, Record, Refused, StoreError};
use serde::Serialize;
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use std::collections::HashMap;
use tidings_shared::{ClientMsgId, ConversationId, Mid, MsgType, Peer, Seq, UserId};

/// Who writes to whom.
type Pair = (UserId, UserId);
/// A sender and its key for a message.
type Key<'a> = (UserId, &'a str);

struct Route {
    conversation: ConversationId,
    sender: Profile,
    recipient: Party,
}

pub(super) async fn append(
    writer: &SqlitePool,
    batch: &[NewMessage],
) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let known = repeats(&mut transaction, batch).await?;
    let routes = routes(&mut transaction, batch, &known).await?;
    let plan = Plan::new(batch, &known, &routes);
    let firsts = plan.reserve(&mut transaction, batch).await?;
    let stored = plan.insert(&mut transaction, batch, &firsts).await?;
    transaction.commit().await?;

    let results = plan.steps.iter().map(|step| match step {
        Step::Refuse => Err(Refused::UnknownRecipient),
        Step::Repeat(key) => Ok(known[key].clone()),
        Step::Insert(index) => Ok(stored[*index].clone()),
        Step::RepeatInBatch(index) => Ok(Appended {
            fresh: false,
            ..stored[*index].clone()
        }),
    });
    Ok(results.collect())
}

/// What the senders' keys stored before.
async fn repeats<'a>(
    connection: &mut SqliteConnection,
    batch: &'a [NewMessage],
) -> Result<HashMap<Key<'a>, Appended>, StoreError> {
    let keys: Vec<Key<'_>> = batch.iter().filter_map(key).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "SELECT m.*, s.username AS s_name, s.avatar AS s_avatar,
                r.uid AS r_uid, r.username AS r_name, r.avatar AS r_avatar
           FROM json_each($1) k
          CROSS JOIN messages m
             ON m.sender_uid = k.value ->> 0 AND m.client_msg_id = k.value ->> 1
           JOIN conversations c ON c.id = m.conversation_id
           JOIN users s ON s.uid = m.sender_uid
           JOIN users r ON r.uid = c.low_uid + c.high_uid - m.sender_uid",
    )
    .bind(json(&keys))
    .fetch_all(connection)
    .await?;
    let by_key: HashMap<Key<'_>, Key<'a>> = keys.iter().map(|key| (*key, *key)).collect();
    let mut known = HashMap::new();
    for row in rows {
        let appended = repeated(&row)?;
        let text = appended
            .record
            .client_msg_id
            .as_ref()
            .map_or("", |id| id.0.as_str());
        if let Some(key) = by_key.get(&(appended.record.sender.uid, text)) {
            known.insert(*key, appended);
        }
    }
    Ok(known)
}

fn repeated(row: &SqliteRow) -> Result<Appended, sqlx::Error> {
    let record = super::conversations::record(row)?;
    Ok(Appended {
        conversation: ConversationId(row.try_get("conversation_id")?),
        recipient: Party {
            peer: Peer::User(UserId(row.try_get("r_uid")?)),
            name: row.try_get("r_name")?,
            avatar: row.try_get("r_avatar")?,
        },
        record,
        fresh: false,
    })
}

/// The conversation of every pair that writes, begun where it is new; pairs without an entry have
/// no such recipient.
async fn routes(
    connection: &mut SqliteConnection,
    batch: &[NewMessage],
    known: &HashMap<Key<'_>, Appended>,
) -> Result<HashMap<Pair, Route>, StoreError> {
    let mut pairs: Vec<Pair> = batch
        .iter()
        .filter(|message| key(message).is_none_or(|key| !known.contains_key(&key)))
        .filter_map(pair)
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut routes = HashMap::with_capacity(pairs.len());
    if pairs.is_empty() {
        return Ok(routes);
    }
    let new = find_routes(connection, &pairs, &mut routes).await?;
    if !new.is_empty() {
        begin_conversations(connection, &new).await?;
        find_routes(connection, &new, &mut routes).await?;
    }
    Ok(routes)
}

/// Enters the routes that exist; returns the pairs of two users who never wrote to each other.
async fn find_routes(
    connection: &mut SqliteConnection,
    pairs: &[Pair],
    routes: &mut HashMap<Pair, Route>,
) -> Result<Vec<Pair>, StoreError> {
    let rows = sqlx::query(
        "SELECT s.uid AS s_uid, s.username AS s_name, s.avatar AS s_avatar,
                r.uid AS r_uid, r.username AS r_name, r.avatar AS r_avatar, c.id
           FROM json_each($1) p
          CROSS JOIN users s ON s.uid = p.value ->> 0
          CROSS JOIN users r ON r.uid = p.value ->> 1
           LEFT JOIN conversations c
             ON c.low_uid = min(s.uid, r.uid) AND c.high_uid = max(s.uid, r.uid)",
    )
    .bind(json(&pairs))
    .fetch_all(connection)
    .await?;
    let mut new = Vec::new();
    for row in rows {
        let sender = UserId(row.try_get("s_uid")?);
        let recipient = UserId(row.try_get("r_uid")?);
        let Some(id) = row.try_get::<Option<i64>, _>("id")? else {
            new.push((sender, recipient));
            continue;
        };
        let route = Route {
            conversation: ConversationId(id),
            sender: Profile {
                uid: sender,
                name: row.try_get("s_name")?,
                avatar: row.try_get("s_avatar")?,
            },
            recipient: Party {
                peer: Peer::User(recipient),
                name: row.try_get("r_name")?,
                avatar: row.try_get("r_avatar")?,
            },
        };
        routes.insert((sender, recipient), route);
    }
    Ok(new)
}

async fn begin_conversations(
    connection: &mut SqliteConnection,
    pairs: &[Pair],
) -> Result<(), StoreError> {
    let sorted: Vec<Pair> = pairs.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
    let begun = sqlx::query(
        "INSERT INTO conversations (low_uid, high_uid, last_seq, last_at)
         SELECT DISTINCT value ->> 0, value ->> 1, 0, 0 FROM json_each($1) WHERE true
             ON CONFLICT (low_uid, high_uid) DO NOTHING
         RETURNING id, low_uid, high_uid",
    )
    .bind(json(&sorted))
    .fetch_all(&mut *connection)
    .await?;
    let mut members: Vec<(i64, i64)> = Vec::with_capacity(begun.len() * 2);
    for row in begun {
        let id: i64 = row.try_get("id")?;
        members.push((id, row.try_get("low_uid")?));
        members.push((id, row.try_get("high_uid")?));
    }
    sqlx::query(
        "INSERT INTO members (conversation_id, uid, read_seq, delivered_seq)
         SELECT value ->> 0, value ->> 1, 0, 0 FROM json_each($1)",
    )
    .bind(json(&members))
    .execute(connection)
    .await?;
    Ok(())
}

/// What becomes of each message of a batch.
enum Step<'a> {
    Refuse,
    /// Its key stored a message in an earlier batch.
    Repeat(Key<'a>),
    /// The index among the new ones.
    Insert(usize),
    /// Its key stands earlier in this batch, at this index among the new ones.
    RepeatInBatch(usize),
}

struct Plan<'a> {
    steps: Vec<Step<'a>>,
    /// The new ones: their index in the batch and their route.
    new: Vec<(usize, &'a Route)>,
}

impl<'a> Plan<'a> {
    fn new(
        batch: &'a [NewMessage],
        known: &HashMap<Key<'a>, Appended>,
        routes: &'a HashMap<Pair, Route>,
    ) -> Self {
        let mut new = Vec::with_capacity(batch.len());
        let mut in_batch: HashMap<Key<'a>, usize> = HashMap::new();
        let mut plan = |index: usize, message: &'a NewMessage| {
            let key = key(message);
            if let Some(key) = key.filter(|key| known.contains_key(key)) {
                return Step::Repeat(key);
            }
            if let Some(first) = key.and_then(|key| in_batch.get(&key)) {
                return Step::RepeatInBatch(*first);
            }
            let Some(route) = pair(message).and_then(|pair| routes.get(&pair)) else {
                return Step::Refuse;
            };
            if let Some(key) = key {
                in_batch.insert(key, new.len());
            }
            new.push((index, route));
            Step::Insert(new.len() - 1)
        };
        let steps = batch
            .iter()
            .enumerate()
            .map(|(i, message)| plan(i, message))
            .collect();
        Self { steps, new }
    }

    /// Moves every conversation's `last_seq` on by the messages it gets; returns the first place
    /// of each that is new.
    async fn reserve(
        &self,
        connection: &mut SqliteConnection,
        batch: &[NewMessage],
    ) -> Result<HashMap<ConversationId, Seq>, StoreError> {
        let mut counts: HashMap<ConversationId, (i64, i64)> = HashMap::new();
        for (index, route) in &self.new {
            let (count, last_at) = counts.entry(route.conversation).or_default();
            *count += 1;
            *last_at = batch[*index].created_at.max(*last_at);
        }
        if counts.is_empty() {
            return Ok(HashMap::new());
        }
        let sets: Vec<(ConversationId, i64, i64)> = counts
            .iter()
            .map(|(id, (count, last_at))| (*id, *count, *last_at))
            .collect();
        let rows = sqlx::query(
            "UPDATE conversations
                SET last_seq = last_seq + b.n, last_at = max(last_at, b.at)
               FROM (SELECT value ->> 0 AS id, value ->> 1 AS n, value ->> 2 AS at
                       FROM json_each($1)) b
              WHERE conversations.id = b.id
             RETURNING conversations.id, last_seq",
        )
        .bind(json(&sets))
        .fetch_all(connection)
        .await?;
        rows.iter()
            .map(|row| {
                let id = ConversationId(row.try_get("id")?);
                let last: i64 = row.try_get("last_seq")?;
                let count = counts.get(&id).map_or(0, |(count, _)| *count);
                Ok((id, Seq(last - count + 1)))
            })
            .collect()
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        batch: &[NewMessage],
        firsts: &HashMap<ConversationId, Seq>,
    ) -> Result<Vec<Appended>, StoreError> {
        if self.new.is_empty() {
            return Ok(Vec::new());
        }
        let mut next = firsts.clone();
        let mut stored = Vec::with_capacity(self.new.len());
        for (index, route) in &self.new {
            let message = &batch[*index];
            let place = next
                .get_mut(&route.conversation)
                .ok_or(sqlx::Error::RowNotFound)?;
            let seq = *place;
            *place = seq.next();
            stored.push(Appended {
                conversation: route.conversation,
                record: Record {
                    mid: Mid(0),
                    seq,
                    sender: route.sender.clone(),
                    client_msg_id: message.client_msg_id.clone(),
                    content: message.content.clone(),
                    msg_type: message.msg_type,
                    created_at: message.created_at,
                },
                recipient: route.recipient.clone(),
                fresh: true,
            });
        }
        let sets: Vec<InsertRow<'_>> = stored.iter().map(InsertRow::from).collect();
        // In the batch's order, so that `mid` increases within each conversation.
        let rows = sqlx::query(
            "INSERT INTO messages
                    (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                    value ->> 6
               FROM json_each($1) ORDER BY key
             RETURNING mid, conversation_id, seq",
        )
        .bind(json(&sets))
        .fetch_all(connection)
        .await?;
        let mut mids = HashMap::with_capacity(rows.len());
        for row in rows {
            let place: (i64, i64) = (row.try_get("conversation_id")?, row.try_get("seq")?);
            mids.insert(place, Mid(row.try_get("mid")?));
        }
        for appended in &mut stored {
            let place = (appended.conversation.0, appended.record.seq.0);
            appended.record.mid = *mids.get(&place).ok_or(sqlx::Error::RowNotFound)?;
        }
        Ok(stored)
    }
}

#[derive(Serialize)]
struct InsertRow<'a>(
    ConversationId,
    Seq,
    UserId,
    Option<&'a ClientMsgId>,
    &'a str,
    MsgType,
    i64,
);

impl<'a> From<&'a Appended> for InsertRow<'a> {
    fn from(appended: &'a Appended) -> Self {
        let record = &appended.record;
        Self(
            appended.conversation,
            record.seq,
            record.sender.uid,
            record.client_msg_id.as_ref(),
            &record.content,
            record.msg_type,
            record.created_at,
        )
    }
}

fn key(message: &NewMessage) -> Option<Key<'_>> {
    message
        .client_msg_id
        .as_ref()
        .map(|id| (message.sender, id.0.as_str()))
}

const fn pair(message: &NewMessage) -> Option<Pair> {
    match message.peer {
        Peer::User(recipient) => Some((message.sender, recipient)),
        Peer::Group(_) => None,
    }
}

pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("tuples of numbers and strings always serialize")
}
