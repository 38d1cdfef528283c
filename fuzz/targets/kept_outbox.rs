//! What the page finds in the browser's storage: an outbox that is read is kept whole.
#![no_main]

// The file itself: the page around it is not built for this.
#[path = "../../client/src/state/outbox_text.rs"]
mod outbox_text;

use libfuzzer_sys::fuzz_target;
use outbox_text::{OutboxText, read_outbox};

fuzz_target!(|text: &str| {
    if let Ok(outbox) = read_outbox(text) {
        let nothing_new = OutboxText {
            pending: Vec::new(),
            replaces: Vec::new(),
        };
        if let Some(kept) = nothing_new.beside(outbox.clone()) {
            assert_eq!(read_outbox(&kept), Ok(outbox));
        }
    }
});
