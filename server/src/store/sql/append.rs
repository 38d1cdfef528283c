//! Appends a batch of messages with a handful of set-based statements in one transaction, however
//! many messages.

use super::dialect::{self, Connection};
use super::lookup::ConversationLookup;
use super::plan::{self, Key, Known, Plan};
use super::{Work, json, messages};
use crate::store::duplicates::Duplicates;
use crate::store::{Appended, NewMessage, Refused, StoreError};
use std::collections::HashMap;

/// Appends these messages.
pub(in super::super) struct Append<'a> {
    pub(in super::super) batch: &'a [NewMessage],
    pub(in super::super) duplicates: Duplicates,
}

impl Work for Append<'_> {
    type Output = Vec<Result<Appended, Refused>>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let Self { batch, duplicates } = self;
        let known = match duplicates {
            Duplicates::Unexpected => Known::default(),
            Duplicates::Checked => find_duplicates(connection, batch).await?,
        };
        let participants = batch
            .iter()
            .filter(|message| plan::key(message).is_none_or(|key| !known.contains_key(&key)))
            .map(plan::participants_of);
        let ConversationLookup {
            by_participants,
            mut last,
        } = ConversationLookup::of(connection, &participants.collect()).await?;
        let plan = Plan::new(batch, &known, &by_participants);
        // A duplicate is answered with the stored message, even if its sender can no longer write
        // to the recipient.
        if *duplicates == Duplicates::Unexpected
            && !plan.is_all_new()
            && plan.refuses_keyed_message(batch)
        {
            return Err(StoreError::Duplicate);
        }
        let reservations = plan.reservations();
        if reservations.is_empty() {
            return plan.results(Vec::new(), &known);
        }
        // From here to the commit these conversations are locked.
        dialect::reserve(connection, json(&reservations), &mut last).await?;
        let mut stored = plan.assign_seqs(&mut last)?;
        dialect::insert(connection, &mut stored).await?;
        plan.results(stored, &known)
    }
}

/// The messages that these keys stored before.
async fn find_duplicates<'a>(
    connection: &mut Connection,
    batch: &'a [NewMessage],
) -> Result<Known<'a>, StoreError> {
    let keys: Vec<Key<'_>> = batch.iter().filter_map(plan::key).collect();
    let mut known = Known::default();
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
