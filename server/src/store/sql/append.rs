//! Appending a batch of messages: a handful of set-wise statements in one transaction, however
//! many messages.

use super::dialect::{self, Connection};
use super::plan::{self, Key, Known, Plan};
use super::routes::Routes;
use super::{Work, json, messages};
use crate::store::repeats::Repeats;
use crate::store::{Appended, NewMessage, Refused, StoreError};
use std::collections::HashMap;

/// Appends these messages.
pub(in super::super) struct Append<'a> {
    pub(in super::super) batch: &'a [NewMessage],
    pub(in super::super) repeats: Repeats,
}

impl Work for Append<'_> {
    type Output = Vec<Result<Appended, Refused>>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let Self { batch, repeats } = self;
        let known = match repeats {
            Repeats::Unexpected => Known::default(),
            Repeats::LookedFor => stored_before(connection, batch).await?,
        };
        let pairs = batch
            .iter()
            .filter(|message| plan::key(message).is_none_or(|key| !known.contains_key(&key)))
            .map(plan::pair);
        let Routes { ways, mut last } = Routes::of(connection, &pairs.collect()).await?;
        let plan = Plan::new(batch, &known, &ways);
        // A repeat is answered as before, even where its sender has no way to its peer any more.
        if *repeats == Repeats::Unexpected && !plan.is_all_new() && plan.refuses_a_key(batch) {
            return Err(StoreError::Repeated);
        }
        let moves = plan.moves();
        if moves.is_empty() {
            return plan.results(Vec::new(), &known);
        }
        // From here to the commit nobody else writes to these conversations.
        dialect::reserve(connection, json(&moves), &mut last).await?;
        let mut stored = plan.place(&mut last)?;
        dialect::insert(connection, &mut stored).await?;
        plan.results(stored, &known)
    }
}

/// What the senders' keys stored before.
async fn stored_before<'a>(
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
