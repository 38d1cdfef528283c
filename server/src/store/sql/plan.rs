//! What becomes of the messages of a batch: which are new, and where they stand. No SQL is here.

use super::routes::{Pair, Route, Ways};
use crate::store::{Appended, NewMessage, Record, Refused, StoreError};
use foldhash::{HashMap, HashMapExt as _};
use std::collections::BTreeMap;
use tidings_shared::{ConversationId, Mid, Seq, UserId};

/// A sender and its key for a message.
pub(in super::super) type Key<'a> = (UserId, &'a str);
/// What earlier batches stored, by the senders' keys.
pub(in super::super) type Known<'a> = HashMap<Key<'a>, Appended>;

/// Conversations and their last places.
pub(in super::super) type LastPlaces = HashMap<ConversationId, Seq>;

/// The plan for a batch.
pub(in super::super) struct Plan<'a> {
    /// One for each message.
    steps: Vec<Step<'a>>,
    /// The messages that are new, in the order of the batch.
    new: Vec<(&'a NewMessage, &'a Route)>,
}

/// What becomes of a message.
enum Step<'a> {
    Refuse,
    /// Its key stored a message in an earlier batch.
    Repeat(Key<'a>),
    /// Its key stands earlier in this batch, at this place.
    RepeatInBatch(usize),
    /// It is new.
    Insert,
}

impl<'a> Plan<'a> {
    pub(in super::super) fn new(
        batch: &'a [NewMessage],
        known: &Known<'a>,
        ways: &'a Ways,
    ) -> Self {
        let mut new = Vec::with_capacity(batch.len());
        let mut in_batch: HashMap<Key<'a>, usize> = HashMap::with_capacity(batch.len());
        let mut step = |index: usize, message: &'a NewMessage| {
            let key = key(message);
            if let Some(key) = key.filter(|key| known.contains_key(key)) {
                return Step::Repeat(key);
            }
            if let Some(first) = key.and_then(|key| in_batch.get(&key)) {
                return Step::RepeatInBatch(*first);
            }
            let Some(route) = ways.get(&pair(message)) else {
                return Step::Refuse;
            };
            if let Some(key) = key {
                in_batch.insert(key, index);
            }
            new.push((message, route));
            Step::Insert
        };
        let messages = batch.iter().enumerate();
        let steps = messages.map(|(i, message)| step(i, message)).collect();
        Self { steps, new }
    }

    /// Whether a message that has a key is refused.
    pub(super) fn refuses_a_key(&self, batch: &[NewMessage]) -> bool {
        (batch.iter().zip(&self.steps))
            .any(|(message, step)| message.client_msg_id.is_some() && matches!(step, Step::Refuse))
    }

    /// Whether every message is new.
    pub(in super::super) const fn is_all_new(&self) -> bool {
        self.new.len() == self.steps.len()
    }

    /// By how many messages each conversation is moved on, and to which time.
    pub(in super::super) fn moves(&self) -> Vec<(ConversationId, i64, i64)> {
        let mut moves: BTreeMap<ConversationId, (i64, i64)> = BTreeMap::new();
        for (message, route) in &self.new {
            let (count, last_at) = moves.entry(route.conversation).or_default();
            *count += 1;
            *last_at = message.created_at.max(*last_at);
        }
        let moves = moves.into_iter();
        moves.map(|(id, (count, at))| (id, count, at)).collect()
    }

    /// The new messages, after the last places of their conversations so far, which move on with them.
    /// They have no ids yet.
    pub(in super::super) fn place(
        &self,
        last: &mut LastPlaces,
    ) -> Result<Vec<Appended>, StoreError> {
        let mut placed = Vec::with_capacity(self.new.len());
        for (message, route) in &self.new {
            let last = last
                .get_mut(&route.conversation)
                .ok_or(sqlx::Error::RowNotFound)?;
            *last = last.next();
            placed.push(Appended {
                conversation: route.conversation,
                record: Record {
                    mid: Mid(0),
                    seq: *last,
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

    /// What is answered, once the new messages are stored.
    pub(in super::super) fn results(
        self,
        stored: Vec<Appended>,
        known: &Known<'a>,
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        let mut stored = stored.into_iter();
        let mut results: Vec<Result<Appended, Refused>> = Vec::with_capacity(self.steps.len());
        for step in self.steps {
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

pub(super) fn key(message: &NewMessage) -> Option<Key<'_>> {
    let id = message.client_msg_id.as_ref()?;
    Some((message.sender, id.0.as_str()))
}

pub(in super::super) const fn pair(message: &NewMessage) -> Pair {
    (message.sender, message.peer)
}
