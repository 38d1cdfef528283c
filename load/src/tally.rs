//! What is counted.

use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of a run, from its first connection to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Connections that were bound, again or for the first time.
    pub binds: u64,
    /// Messages sent, each once however often it was sent again.
    pub sent: u64,
    /// Messages sent again, after a reconnect or because the server was busy.
    pub resent: u64,
    /// Messages answered.
    pub answered: u64,
    /// Messages refused for good.
    pub refused: u64,
    /// Messages shown to a recipient.
    pub shown: u64,
    /// Pushes removed by their `seq`: at least once is what the wire promises.
    pub repeats_removed: u64,
    /// Messages shown to a recipient twice.
    pub shown_twice: u64,
    /// Messages shown after one that comes after them.
    pub out_of_order: u64,
    /// Pushes of answered messages that never came; known at the end.
    pub lost: u64,
    /// Messages neither answered nor refused; known at the end.
    pub unanswered: u64,
    /// Pushes that this run did not send.
    pub foreign: u64,
    /// Heartbeats sent.
    pub heartbeats: u64,
    /// What a person would have been shown as an error: a refused message, a connection that must
    /// not come back.
    pub visible_errors: u64,
    /// Type 7, by code.
    pub errors: BTreeMap<String, u64>,
    /// Closed connections, by code; 1006 is none at all.
    pub closes: BTreeMap<u16, u64>,
    /// Connections that could not be opened or bound, by reason.
    pub failures: BTreeMap<String, u64>,
}

impl Tally {
    /// One more error of this code.
    pub fn error(&mut self, code: &str) {
        count(&mut self.errors, code);
    }

    /// One more connection that could not be opened.
    pub fn failure(&mut self, reason: &str) {
        count(&mut self.failures, reason);
    }

    /// One more connection closed.
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
