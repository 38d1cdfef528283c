//! The only module that reads the wall clock; it also detects jumps of it.

use std::time::{Duration, SystemTime};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Milliseconds since 1970-01-01T00:00Z.
#[expect(clippy::disallowed_methods, reason = "this is the named place")]
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| {
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
        })
}

/// How often [`watch`] checks the clock.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// By how much the wall clock may deviate from the monotonic clock between two checks, in ms.
const JUMP_MS: i64 = 5_000;

/// Logs every jump of the wall clock for as long as it is polled. Code that reads the wall clock
/// continues with the new time.
pub(crate) async fn watch() {
    let mut ticks = interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = (now_ms(), Instant::now());
    loop {
        ticks.tick().await;
        if let Some(jump_ms) = jump(&mut last, (now_ms(), Instant::now())) {
            tracing::warn!(
                jump_ms,
                "the clock jumped, or this machine slept: times shown and logins that expire follow it"
            );
        }
    }
}

/// How far the wall clock jumped since the last check, in ms, if it did.
fn jump(last: &mut (i64, Instant), now: (i64, Instant)) -> Option<i64> {
    let (wall, moment) = std::mem::replace(last, now);
    let passed = i64::try_from((now.1 - moment).as_millis()).unwrap_or(i64::MAX);
    let jump = now.0.saturating_sub(wall).saturating_sub(passed);
    (jump.abs() > JUMP_MS).then_some(jump)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clock_jump_is_detected_once_and_slow_checks_are_not() {
        let start = Instant::now();
        let at = |wall, seconds| (wall, start + Duration::from_secs(seconds));
        let mut last = at(0, 0);
        assert_eq!(jump(&mut last, at(5_100, 5)), None);
        assert_eq!(
            jump(&mut last, at(65_000, 65)),
            None,
            "this process stood still"
        );
        let day = 86_400_000;
        assert_eq!(jump(&mut last, at(70_000 + day, 70)), Some(day));
        assert_eq!(jump(&mut last, at(75_000 + day, 75)), None);
        assert_eq!(jump(&mut last, at(80_000, 80)), Some(-day));
    }
}
