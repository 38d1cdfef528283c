//! English.

use super::{PanelTexts, parts};
use std::time::Duration;
use tidings_client_state::Trend;
use tidings_shared::close::CloseCode;
use tidings_shared::link::{Cause, Phase};

pub(in crate::i18n) const TEXTS: PanelTexts = PanelTexts {
    title: "Connection",
    open: |status| format!("{status} Show the details of the connection"),
    close: "Close the details",
    copy: "Copy diagnosis",
    copied: "Copied, without any message text.",
    copy_failed: "The browser does not allow copying.",

    phase,
    since: |time, ago| format!("since {time}, for {ago}"),
    span,
    none_yet: "none yet",

    round_trip: "Round trip",
    interval: "Heartbeat interval",
    trend,
    interval_history: |first, time, answers| {
        let times = if answers == 1 {
            "once".into()
        } else {
            format!("{answers} times")
        };
        format!("since {time}, at first {first}, answered {times}")
    },
    heartbeat: "Next heartbeat",
    within: |span| format!("in {span}"),
    unless_something: "sent if nothing arrives until then",
    answer_awaited: "sent; the answer must come until then",
    not_connected: "not connected",

    acknowledged: "Pushes acknowledged",
    of_received: |acknowledged, received| format!("{acknowledged} of {received}"),
    repushes: "Pushes seen again",
    outbox: "Waiting to be sent",
    unsent: |waiting, failed| match failed {
        0 => waiting.to_string(),
        failed => format!("{waiting}, of these {failed} refused"),
    },
    traffic: "Frames",
    frames_bytes: |frames, bytes| format!("{frames} ({bytes})"),

    reconnects: "Reconnects",
    no_ends: "The connection has not been lost.",
    cause,
    bound_for: |span| format!("after {span}"),
    attempts: |times| match times {
        1 => "1 attempt failed".into(),
        times => format!("{times} attempts failed"),
    },
    frames: "Last frames",
    no_frames: "Nothing was sent or received yet.",
    version: "Page version",
    language: "Language",
    browser: "Browser",
    made_at: "Time",
};

const fn phase(phase: Phase, network: bool) -> &'static str {
    match phase {
        Phase::Live if !network => "Connected, though the system reports no network",
        Phase::Live => "Connected",
        Phase::Idle => "Not started",
        Phase::Connecting => "Connecting",
        Phase::Binding => "Logging in",
        Phase::Waiting(_) if !network => "Waiting for the network",
        Phase::Waiting(_) => "Waiting for the next attempt",
        Phase::Stopped => "Ended",
    }
}

const fn trend(trend: Trend) -> &'static str {
    match trend {
        Trend::Unknown => "the server has not named one yet",
        Trend::First => "first: as the server said",
        Trend::Longer => "longer: the last ones were answered",
        Trend::Shorter => "shorter: one had no answer",
        Trend::Found => "found: unchanged for long",
    }
}

fn span(span: Duration) -> String {
    match parts(span) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn cause(cause: Cause) -> String {
    let code = match cause {
        Cause::ConnectTimeout => return "connecting took too long".into(),
        Cause::HeartbeatMissed => return "a heartbeat had no answer".into(),
        Cause::Asked => return "closed by this page".into(),
        Cause::Closed(code) => code,
    };
    let known = CloseCode::ALL
        .into_iter()
        .find(|known| known.code() == code);
    let reason = match known {
        _ if code == 1006 => "lost without a word",
        Some(known) => known.reason(),
        None => "closed",
    };
    format!("{code}: {reason}")
}
