//! Bus payloads from Redis: a decoded event round-trips.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_server::bus::redis::payload::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(received) = decode(bytes) {
        let again = encode(received.node, received.published_at, &received.event);
        let again = decode(&again).expect("what was written is read");
        assert_eq!(format!("{again:?}"), format!("{received:?}"));
    }
});
