//! Counts of messages as people see and hear them: exact while that tells them anything.

/// More are not counted out. The server does not count much further either
/// (`tidings_shared::limits::UNREAD_MAX`).
const MOST: u64 = 999;

/// A count, "999+" for more.
pub fn short(count: u64) -> String {
    if count > MOST {
        format!("{MOST}+")
    } else {
        count.to_string()
    }
}
