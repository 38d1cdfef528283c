//! Frames from clients: a parsed frame round-trips.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_shared::ErrorBody;
use tidings_shared::frame::ClientFrame;

fuzz_target!(|text: &str| {
    match ClientFrame::parse(text) {
        Ok(frame) => assert_eq!(ClientFrame::parse(&frame.to_json()), Ok(frame)),
        Err(error) => drop(ErrorBody::from(error)),
    }
});
