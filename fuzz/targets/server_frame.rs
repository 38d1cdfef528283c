//! Frames from servers: a parsed frame round-trips if its JSON fits into a frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_shared::frame::ServerFrame;
use tidings_shared::limits;

fuzz_target!(|text: &str| {
    if let Ok(frame) = ServerFrame::parse(text) {
        let json = frame.to_json();
        if json.len() <= limits::FRAME_BYTES {
            assert_eq!(ServerFrame::parse(&json), Ok(frame));
        }
    }
});
