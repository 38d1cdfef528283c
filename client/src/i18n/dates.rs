//! Times as a language writes them, by the browser's `Intl`.

use super::{Lang, Texts};
use crate::clock;
use js_sys::{Array, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// The days in which a weekday is unmistakable.
const WEEK: i64 = 6;

/// Formatters, made once a language: making one takes far longer than using it.
#[derive(Debug)]
pub struct Dates {
    texts: &'static Texts,
    time: Function,
    precise: Function,
    weekday: Function,
    short: Function,
    long: Function,
}

impl Dates {
    /// The formatters of a language.
    pub fn new(lang: Lang) -> Self {
        let format = |options: &[(&str, &str)]| {
            let object = Object::new();
            for (key, value) in options {
                // Fails only for what is no object.
                let _ = Reflect::set(&object, &(*key).into(), &(*value).into());
            }
            let locales = Array::of1(&JsValue::from_str(lang.tag()));
            Intl::DateTimeFormat::new(&locales, &object).format()
        };
        Self {
            texts: lang.texts(),
            time: format(&[
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("hourCycle", "h23"),
            ]),
            precise: format(&[
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("second", "2-digit"),
                ("hourCycle", "h23"),
            ]),
            weekday: format(&[("weekday", "short")]),
            short: format(&[
                ("year", "2-digit"),
                ("month", "numeric"),
                ("day", "numeric"),
            ]),
            long: format(&[
                ("year", "numeric"),
                ("month", "long"),
                ("day", "numeric"),
                ("weekday", "long"),
            ]),
        }
    }

    /// The time of day.
    pub fn time(&self, at_ms: i64) -> String {
        call(&self.time, at_ms)
    }

    /// The time of day to the second.
    pub fn precise(&self, at_ms: i64) -> String {
        call(&self.precise, at_ms)
    }

    /// The date and the time of day.
    pub fn stamp(&self, at_ms: i64) -> String {
        [call(&self.short, at_ms), self.time(at_ms)].join(" ")
    }

    /// As short as a row of the list wants it: the time today, then the weekday, then the date.
    pub fn brief(&self, at_ms: i64, now_ms: i64) -> String {
        let age = clock::local_day(now_ms) - clock::local_day(at_ms);
        match age {
            ..=0 => self.time(at_ms),
            1 => self.texts.yesterday.into(),
            2..=WEEK => call(&self.weekday, at_ms),
            _ => call(&self.short, at_ms),
        }
    }

    /// A day, for the separator above its messages.
    pub fn day(&self, at_ms: i64, now_ms: i64) -> String {
        let age = clock::local_day(now_ms) - clock::local_day(at_ms);
        match age {
            0 => self.texts.today.into(),
            1 => self.texts.yesterday.into(),
            _ => call(&self.long, at_ms),
        }
    }
}

/// A time beyond what a date can hold has no text.
fn call(format: &Function, at_ms: i64) -> String {
    format
        .call1(&JsValue::UNDEFINED, &clock::date(at_ms))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}
