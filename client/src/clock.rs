//! The time and randomness of the browser. The only place that asks for either; everything else
//! takes them as arguments, so that tests decide them.

use js_sys::Uint8Array;
use std::time::Duration;
use tidings_shared::{ClientMsgId, Moment};

const HALF_A_YEAR_MS: i64 = 182 * 86_400_000;

/// Now, on the monotonic clock of this page.
pub fn now() -> Moment {
    let elapsed_ms = crate::dom::window()
        .performance()
        .map_or(0.0, |performance| performance.now());
    Moment::after_origin(Duration::from_secs_f64(elapsed_ms.max(0.0) / 1000.0))
}

/// Now, in ms since 1970, by this device's clock.
pub fn wall_ms() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place the ban points to"
    )]
    let now = js_sys::Date::now();
    ms(now)
}

/// A seed for the jitter of this page's retries. Not a secret.
pub fn seed() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A new idempotency key: a UUID of this device's time and 74 random bits (RFC 9562, version 7). A
/// database index is fastest with keys in the order of time.
///
/// Made from `getRandomValues`, because `randomUUID` exists only in secure contexts and a server
/// on a company's network may be reached by plain HTTP.
pub fn client_msg_id() -> ClientMsgId {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    ClientMsgId(uuid(wall_ms(), bytes))
}

/// The days between 1970-01-01 and the local day of a moment given in ms since 1970.
pub fn local_day(at_ms: i64) -> i64 {
    let offset_minutes = date(at_ms).get_timezone_offset();
    let offset_ms = ms(offset_minutes * 60_000.0);
    (at_ms - offset_ms).div_euclid(86_400_000)
}

/// A cheap fingerprint of the time zone: the minutes to UTC, now and half a year ago.
pub fn zone(now_ms: i64) -> [i64; 2] {
    [now_ms, now_ms - HALF_A_YEAR_MS].map(|at_ms| ms(date(at_ms).get_timezone_offset()))
}

/// The time until the next local midnight after a moment.
pub fn until_midnight(at_ms: i64) -> Duration {
    let date = date(at_ms);
    // Where a change of summer time skips midnight, this is the first moment after it.
    date.set_hours(24);
    date.set_minutes(0);
    date.set_seconds(0);
    date.set_milliseconds(0);
    Duration::from_millis(u64::try_from(ms(date.get_time()) - at_ms).unwrap_or(0))
}

/// A JavaScript date.
pub fn date(at_ms: i64) -> js_sys::Date {
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 ms is the year 287396, and beyond it a date is invalid anyway"
    )]
    let number = wasm_bindgen::JsValue::from_f64(at_ms as f64);
    js_sys::Date::new(&number)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float-to-integer cast saturates, and whole milliseconds are what is asked for"
)]
const fn ms(number: f64) -> i64 {
    number as i64
}

fn fill(bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let array = Uint8Array::new_with_length(length);
    if let Ok(crypto) = crate::dom::window().crypto()
        && crypto
            .get_random_values_with_array_buffer_view(&array)
            .is_ok()
    {
        array.copy_to(bytes);
    }
}

fn uuid(at_ms: i64, mut bytes: [u8; 16]) -> String {
    use std::fmt::Write;
    let [_, _, time @ ..] = at_ms.to_be_bytes();
    bytes[..6].copy_from_slice(&time);
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn client_msg_id_is_a_version_7_uuid() {
        assert_eq!(uuid(0, [0; 16]), "00000000-0000-7000-8000-000000000000");
        assert_eq!(uuid(-1, [255; 16]), "ffffffff-ffff-7fff-bfff-ffffffffffff");
        // The example of RFC 9562, appendix A.6.
        let random = [
            0, 0, 0, 0, 0, 0, 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f,
        ];
        let example = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
        assert_eq!(uuid(1_645_557_742_000, random), example);
    }
}
