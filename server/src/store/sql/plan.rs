//! Plans a batch: which messages are new, and their sequence numbers. Contains no SQL.

use super::lookup::{ConversationEntry, ConversationMap, Participants};
use crate::store::{Appended, NewMessage, Record, Refused, StoreError};
use foldhash::{HashMap, HashMapExt as _};
use std::collections::BTreeMap;
use tidings_shared::{ConversationId, Mid, Seq, UserId};

/// A sender and the idempotency key of a message.
pub(in super::super) type Key<'a> = (UserId, &'a str);
/// Messages stored by earlier batches, by key.
pub(in super::super) type Known<'a> = HashMap<Key<'a>, Appended>;

/// The last sequence number per conversation.
pub(in super::super) type LastSeqs = HashMap<ConversationId, Seq>;

/// The plan for a batch.
pub(in super::super) struct Plan<'a> {
    /// One step per message.
    steps: Vec<Step<'a>>,
    /// The new messages, in batch order.
    new: Vec<(&'a NewMessage, &'a ConversationEntry)>,
}

/// What to do with a message.
enum Step<'a> {
    Refuse,
    /// A duplicate of a message of an earlier batch.
    Duplicate(Key<'a>),
    /// A duplicate of the message at this index of the batch.
    DuplicateInBatch(usize),
    /// It is new.
    Insert,
}

impl<'a> Plan<'a> {
    pub(in super::super) fn new(
        batch: &'a [NewMessage],
        known: &Known<'a>,
        by_participants: &'a ConversationMap,
    ) -> Self {
        let mut new = Vec::with_capacity(batch.len());
        let mut in_batch: HashMap<Key<'a>, usize> = HashMap::with_capacity(batch.len());
        let mut step = |index: usize, message: &'a NewMessage| {
            let key = key(message);
            if let Some(key) = key.filter(|key| known.contains_key(key)) {
                return Step::Duplicate(key);
            }
            if let Some(first) = key.and_then(|key| in_batch.get(&key)) {
                return Step::DuplicateInBatch(*first);
            }
            let Some(entry) = by_participants.get(&participants_of(message)) else {
                return Step::Refuse;
            };
            if let Some(key) = key {
                in_batch.insert(key, index);
            }
            new.push((message, entry));
            Step::Insert
        };
        let messages = batch.iter().enumerate();
        let steps = messages.map(|(i, message)| step(i, message)).collect();
        Self { steps, new }
    }

    /// Whether a message that has a key is refused.
    pub(super) fn refuses_keyed_message(&self, batch: &[NewMessage]) -> bool {
        (batch.iter().zip(&self.steps))
            .any(|(message, step)| message.client_msg_id.is_some() && matches!(step, Step::Refuse))
    }

    /// Whether every message is new.
    pub(in super::super) const fn is_all_new(&self) -> bool {
        self.new.len() == self.steps.len()
    }

    /// Sequence numbers to reserve per conversation: id, count, and time of the last message.
    pub(in super::super) fn reservations(&self) -> Vec<(ConversationId, i64, i64)> {
        let mut reservations: BTreeMap<ConversationId, (i64, i64)> = BTreeMap::new();
        for (message, entry) in &self.new {
            let (count, last_at) = reservations.entry(entry.conversation).or_default();
            *count += 1;
            *last_at = message.created_at.max(*last_at);
        }
        let reservations = reservations.into_iter();
        reservations
            .map(|(id, (count, at))| (id, count, at))
            .collect()
    }

    /// The new messages with their sequence numbers, continuing from `last`, which is updated. They
    /// have no ids yet.
    pub(in super::super) fn assign_seqs(
        &self,
        last: &mut LastSeqs,
    ) -> Result<Vec<Appended>, StoreError> {
        let mut messages = Vec::with_capacity(self.new.len());
        for (message, entry) in &self.new {
            let last = last
                .get_mut(&entry.conversation)
                .ok_or(sqlx::Error::RowNotFound)?;
            *last = last.next();
            messages.push(Appended {
                conversation: entry.conversation,
                record: Record {
                    mid: Mid(0),
                    seq: *last,
                    sender: entry.sender.clone(),
                    client_msg_id: message.client_msg_id.clone(),
                    body: message.body.clone(),
                    created_at: message.created_at,
                },
                recipient: entry.recipient.clone(),
                fresh: true,
            });
        }
        Ok(messages)
    }

    /// The results of the batch, once the new messages are stored.
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
                Step::Duplicate(key) => Ok(known[&key].clone()),
                Step::DuplicateInBatch(first) => results[first].clone().map(|appended| Appended {
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

pub(in super::super) const fn participants_of(message: &NewMessage) -> Participants {
    (message.sender, message.peer)
}
