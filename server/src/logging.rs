//! Logging to standard error.
//!
//! No token, password or message text is ever logged. Each request is a span with its id, each
//! connection a span with its id and user.

use std::io::IsTerminal as _;
use tracing::{Span, info_span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Caps a library's level even at `trace`.
const NO_FRAMES: &str = "tungstenite=info";

/// Always logged: the audit log.
const AUDIT: &str = "tidings_server::audit=info";

/// The log format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging. `TIDINGS_LOG` is the filter, in the form of `RUST_LOG`; the default is `info`. A
/// second call does nothing.
#[expect(clippy::missing_panics_doc, reason = "the directives are constants")]
pub fn start(format: LogFormat) {
    let wanted = std::env::var("TIDINGS_LOG").unwrap_or_default();
    let wanted = Some(wanted.trim()).filter(|wanted| !wanted.is_empty());
    let parsed = EnvFilter::try_new(wanted.unwrap_or("info"));
    let wrong = parsed.as_ref().err().map(ToString::to_string);
    let filter = parsed.unwrap_or_else(|_| EnvFilter::new("info"));
    // At `trace` this library logs whole frames, and so message texts.
    let finest = |max| max == LevelFilter::TRACE;
    let filter = if filter.max_level_hint().is_none_or(finest) {
        filter.add_directive(NO_FRAMES.parse().expect("a directive"))
    } else {
        filter
    };
    let filter = filter.add_directive(AUDIT.parse().expect("a directive"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // No colours in a file or the journal.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Fails if a program that embeds this server has started logging already.
    drop(started);
    if let Some(error) = wrong {
        tracing::warn!(
            error,
            "TIDINGS_LOG is no filter, such as info or debug; info is logged"
        );
    }
}

/// The span of a connection. A root span, because the handshake's span is over.
pub(crate) fn connection(id: u64, uid: i64) -> Span {
    info_span!(parent: None, "connection", id = format_args!("{id:016x}"), uid)
}
