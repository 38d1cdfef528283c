//! Outboxes from the browser's storage: a parsed outbox is written back complete.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_client_state::{OutboxText, read_outbox};

fuzz_target!(|text: &str| {
    if let Ok(outbox) = read_outbox(text) {
        let nothing_new = OutboxText {
            pending: Vec::new(),
            replaces: Vec::new(),
        };
        if let Some(kept) = nothing_new.merged_with(outbox.clone()) {
            assert_eq!(read_outbox(&kept), Ok(outbox));
        }
    }
});
