//! List cursors from clients: a parsed cursor round-trips.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_server::store::ListCursor;

fuzz_target!(|text: &str| {
    if let Some(cursor) = ListCursor::parse(text) {
        assert_eq!(ListCursor::parse(&cursor.to_text()), Some(cursor));
    }
});
