//! The seconds until something happens, counted by the clock, not by the ticks.

use super::dynamic_text;
use crate::clock;
use crate::i18n::use_locale;
use gloo_timers::callback::Interval;
use std::time::Duration;
use tidings_shared::Moment;
use yew::prelude::*;

/// Often enough that no second is skipped.
const TICK_MS: u32 = 250;

/// The end of the countdown.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct CountdownProps {
    /// The moment counted down to.
    pub until: Moment,
}

/// "retry in 7 s". To be kept out of live regions.
#[component]
pub fn Countdown(props: &CountdownProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let until = props.until;
    let left = use_state_eq(|| seconds_left(until));
    {
        let left = left.clone();
        use_effect_with(until, move |&until| {
            left.set(seconds_left(until));
            let interval = Interval::new(TICK_MS, move || left.set(seconds_left(until)));
            move || drop(interval)
        });
    }
    html! { <span class="countdown">{ dynamic_text((texts.retry_in)(*left)) }</span> }
}

fn seconds_left(until: Moment) -> u64 {
    // Rounded up: nothing is due in 0 s for a whole second.
    (until.since(clock::now()) + Duration::from_millis(999)).as_secs()
}
