//! The one place that reads the wall clock.

use std::time::SystemTime;

/// Milliseconds since 1970-01-01T00:00Z.
#[expect(clippy::disallowed_methods, reason = "this is the named place")]
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| {
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
        })
}
