//! CSV files for `tidings user import`: every parsed uid is in range.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_server::command::user::parse_csv;
use tidings_shared::UserId;

fuzz_target!(|bytes: &[u8]| {
    for draft in parse_csv(bytes, "users.csv").unwrap_or_default() {
        let uid = draft.uid.unwrap_or(UserId::MAX);
        assert!((UserId(1)..=UserId::MAX).contains(&uid));
    }
});
