//! Counts of messages as people see and hear them: exact up to a limit.

/// The largest exact count. The server counts little further
/// (`tidings_shared::limits::UNREAD_MAX`).
const MAX_COUNT: u64 = 999;

/// A count, "999+" for more.
pub fn short(count: u64) -> String {
    if count > MAX_COUNT {
        format!("{MAX_COUNT}+")
    } else {
        count.to_string()
    }
}
