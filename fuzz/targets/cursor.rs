//! Where a list goes on, as a client hands it back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_server::store::ListCursor;

fuzz_target!(|text: &str| {
    if let Some(cursor) = ListCursor::parse(text) {
        assert_eq!(ListCursor::parse(&cursor.to_text()), Some(cursor));
    }
});
