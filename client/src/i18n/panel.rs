//! The texts of the connection panel. The names of frames are the protocol's own and are not here.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

use std::time::Duration;
use tidings_client_state::Trend;
use tidings_shared::link::{Cause, Phase};

/// These texts in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct PanelTexts {
    pub title: &'static str,
    pub open: fn(&str) -> String,
    pub close: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub copy_failed: &'static str,

    /// `bool`: whether the browser reports a network.
    pub phase: fn(Phase, bool) -> &'static str,
    /// A time of day, and how long ago that is.
    pub since: fn(&str, &str) -> String,
    pub span: fn(Duration) -> String,
    pub none_yet: &'static str,

    pub round_trip: &'static str,
    pub interval: &'static str,
    pub trend: fn(Trend) -> &'static str,
    /// The interval at first, the time of the last change, and answers since then.
    pub interval_history: fn(&str, &str, u64) -> String,
    pub heartbeat: &'static str,
    pub within: fn(&str) -> String,
    pub unless_something: &'static str,
    pub answer_awaited: &'static str,
    pub not_connected: &'static str,

    pub acknowledged: &'static str,
    pub of_received: fn(u64, u64) -> String,
    pub repushes: &'static str,
    pub outbox: &'static str,
    /// Those waiting, and of these those refused for good.
    pub unsent: fn(usize, usize) -> String,
    pub traffic: &'static str,
    pub frames_bytes: fn(u64, &str) -> String,

    pub reconnects: &'static str,
    pub no_ends: &'static str,
    pub cause: fn(Cause) -> String,
    /// How long a connection was bound, or how many attempts in a row failed.
    pub bound_for: fn(&str) -> String,
    pub attempts: fn(u32) -> String,
    pub frames: &'static str,
    pub no_frames: &'static str,
    pub version: &'static str,
    pub language: &'static str,
    pub browser: &'static str,
    pub made_at: &'static str,
}

/// Splits a span into hours, minutes and seconds, for the words of a language.
fn parts(span: Duration) -> (u64, u64, u64) {
    let seconds = span.as_secs();
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}
