//! Appending a batch of messages: a handful of set-wise statements in one transaction, however
//! many messages.

use super::dialect::{self, Connection};
use super::routes::{Pair, Route, Routes};
use super::{Work, json, messages};
use crate::store::repeats::Repeats;
use crate::store::{Appended, NewMessage, Record, Refused, StoreError};
use std::collections::{BTreeMap, HashMap};
use tidings_shared::{ConversationId, Mid, Seq, UserId};

/// A sender and its key for a message.
pub(super) type Key<'a> = (UserId, &'a str);

/// Appends these messages.
pub(in super::super) struct Append<'a> {
    pub(super) batch: &'a [NewMessage],
    pub(super) repeats: Repeats,
}

impl Work for Append<'_> {
    type Output = Vec<Result<Appended, Refused>>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let Self { batch, repeats } = self;
        let known = match repeats {
            Repeats::Unexpected => HashMap::new(),
            Repeats::LookedFor => stored_before(connection, batch).await?,
        };
        let pairs = batch
            .iter()
            .filter(|message| key(message).is_none_or(|key| !known.contains_key(&key)))
            .map(pair);
        let routes = Routes::of(connection, pairs).await?;
        let (steps, new) = plan(batch, &known, &routes);
        // A repeat is answered as before, even where its sender has no way to its peer any more.
        let mut refused = (batch.iter().zip(&steps))
            .filter(|(message, step)| message.client_msg_id.is_some() && step.is_refusal());
        if *repeats == Repeats::Unexpected && refused.next().is_some() {
            return Err(StoreError::Repeated);
        }
        let next = reserve(connection, &new).await?;
        let mut stored = place(batch, &new, next)?;
        messages::insert(connection, &mut stored).await?;

        let mut stored = stored.into_iter();
        let mut results: Self::Output = Vec::with_capacity(steps.len());
        for step in steps {
            let result = match step {
                Step::Refuse => Err(Refused::UnknownRecipient),
                Step::Repeat(key) => Ok(known[&key].clone()),
                Step::RepeatInBatch(first) => results[first].clone().map(|appended| Appended {
                    fresh: false,
                    ..appended
                }),
                Step::Insert => Ok(stored.next().ok_or(sqlx::Error::RowNotFound)?),
            };
            results.push(result);
        }
        Ok(results)
    }
}

/// What the senders' keys stored before.
async fn stored_before<'a>(
    connection: &mut Connection,
    batch: &'a [NewMessage],
) -> Result<HashMap<Key<'a>, Appended>, StoreError> {
    let keys: Vec<Key<'_>> = batch.iter().filter_map(key).collect();
    let mut known = HashMap::new();
    if keys.is_empty() {
        return Ok(known);
    }
    let found = messages::by_keys(connection, &keys).await?;
    if found.is_empty() {
        return Ok(known);
    }
    let by_key: HashMap<Key<'_>, Key<'a>> = keys.iter().map(|key| (*key, *key)).collect();
    for appended in found {
        let record = &appended.record;
        let text = record.client_msg_id.as_ref().map_or("", |id| id.0.as_str());
        if let Some(key) = by_key.get(&(record.sender.uid, text)) {
            known.insert(*key, appended);
        }
    }
    Ok(known)
}

/// What becomes of a message of a batch.
enum Step<'a> {
    Refuse,
    /// Its key stored a message in an earlier batch.
    Repeat(Key<'a>),
    /// Its key stands earlier in this batch, at this place.
    RepeatInBatch(usize),
    /// It is new.
    Insert,
}

impl Step<'_> {
    const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refuse)
    }
}

/// A message that is new and where it goes.
type New<'a> = (&'a NewMessage, &'a Route);

fn plan<'a>(
    batch: &'a [NewMessage],
    known: &HashMap<Key<'a>, Appended>,
    routes: &'a Routes,
) -> (Vec<Step<'a>>, Vec<New<'a>>) {
    let mut new = Vec::with_capacity(batch.len());
    let mut in_batch: HashMap<Key<'a>, usize> = HashMap::with_capacity(batch.len());
    let mut plan = |index: usize, message: &'a NewMessage| {
        let key = key(message);
        if let Some(key) = key.filter(|key| known.contains_key(key)) {
            return Step::Repeat(key);
        }
        if let Some(first) = key.and_then(|key| in_batch.get(&key)) {
            return Step::RepeatInBatch(*first);
        }
        let Some(route) = routes.get(pair(message)) else {
            return Step::Refuse;
        };
        if let Some(key) = key {
            in_batch.insert(key, index);
        }
        new.push((message, route));
        Step::Insert
    };
    let steps = batch
        .iter()
        .enumerate()
        .map(|(i, message)| plan(i, message))
        .collect();
    (steps, new)
}

/// Moves every conversation's `last_seq` on by the messages it gets; returns the first place of
/// each that is new. From here to the commit nobody else writes to these conversations.
async fn reserve(
    connection: &mut Connection,
    new: &[New<'_>],
) -> Result<HashMap<ConversationId, Seq>, StoreError> {
    let mut counts: BTreeMap<ConversationId, (i64, i64)> = BTreeMap::new();
    for (message, route) in new {
        let (count, last_at) = counts.entry(route.conversation).or_default();
        *count += 1;
        *last_at = message.created_at.max(*last_at);
    }
    if counts.is_empty() {
        return Ok(HashMap::new());
    }
    let moved: Vec<(ConversationId, i64, i64)> = counts
        .into_iter()
        .map(|(id, (count, last_at))| (id, count, last_at))
        .collect();
    let before = dialect::reserve(connection, json(&moved)).await?;
    let firsts = before.into_iter().map(|(id, last)| (id, last.next()));
    Ok(firsts.collect())
}

/// Gives every new message its place, in the order of the batch.
fn place(
    batch: &[NewMessage],
    new: &[New<'_>],
    mut next: HashMap<ConversationId, Seq>,
) -> Result<Vec<Appended>, StoreError> {
    let mut placed = Vec::with_capacity(batch.len());
    for (message, route) in new {
        let place = next
            .get_mut(&route.conversation)
            .ok_or(sqlx::Error::RowNotFound)?;
        let seq = *place;
        *place = seq.next();
        placed.push(Appended {
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
    Ok(placed)
}

fn key(message: &NewMessage) -> Option<Key<'_>> {
    let id = message.client_msg_id.as_ref()?;
    Some((message.sender, id.0.as_str()))
}

const fn pair(message: &NewMessage) -> Pair {
    (message.sender, message.peer)
}
