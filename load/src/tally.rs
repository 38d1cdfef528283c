//! The counters of a run.

use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of a run, from its first connection to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Successful binds, first ones and reconnects.
    pub binds: u64,
    /// Messages sent; each counts once, however often it was sent again.
    pub sent: u64,
    /// Messages sent again, after a reconnect or because the server was busy.
    pub resent: u64,
    /// Messages answered.
    pub answered: u64,
    /// Messages refused for good.
    pub refused: u64,
    /// Messages shown to a recipient.
    pub shown: u64,
    /// Duplicate pushes, removed by `seq`: delivery is at least once.
    #[serde(rename = "repeats_removed")]
    pub duplicates_removed: u64,
    /// Messages shown to a recipient twice.
    pub shown_twice: u64,
    /// Messages shown after a later one.
    pub out_of_order: u64,
    /// Pushes of answered messages that did not arrive; set at the end.
    pub lost: u64,
    /// Messages neither answered nor refused; set at the end.
    pub unanswered: u64,
    /// Pushes of messages that this run did not send.
    pub foreign: u64,
    /// Heartbeats sent.
    pub heartbeats: u64,
    /// Errors that a user would see: a refused message, or a connection that must not reconnect.
    pub visible_errors: u64,
    /// Type-7 errors, by code.
    pub errors: BTreeMap<String, u64>,
    /// Closed connections, by code; 1006 means without a close frame.
    pub closes: BTreeMap<u16, u64>,
    /// Connections that could not be opened or bound, by reason.
    pub failures: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an error.
    pub fn error(&mut self, code: &str) {
        count(&mut self.errors, code);
    }

    /// Counts a connection that could not be opened or bound.
    pub fn failure(&mut self, reason: &str) {
        count(&mut self.failures, reason);
    }

    /// Counts a closed connection.
    pub fn close(&mut self, code: u16) {
        *self.closes.entry(code).or_default() += 1;
    }
}

fn count(counts: &mut BTreeMap<String, u64>, key: &str) {
    if let Some(count) = counts.get_mut(key) {
        *count += 1;
    } else {
        counts.insert(key.to_owned(), 1);
    }
}
