//! Times as a language writes them, by the browser's `Intl`.

use super::{Lang, Texts};
use crate::clock;
use js_sys::{Array, Function, Intl, Object, Reflect};
use std::cell::OnceCell;
use wasm_bindgen::JsValue;

/// For so many days a weekday is unambiguous.
const WEEK: i64 = 6;

/// What the formatters write, as options of `Intl.DateTimeFormat`.
const TIME: Options = &[
    ("hour", "2-digit"),
    ("minute", "2-digit"),
    ("hourCycle", "h23"),
];
const PRECISE: Options = &[
    ("hour", "2-digit"),
    ("minute", "2-digit"),
    ("second", "2-digit"),
    ("hourCycle", "h23"),
];
const WEEKDAY: Options = &[("weekday", "short")];
const SHORT: Options = &[
    ("year", "2-digit"),
    ("month", "numeric"),
    ("day", "numeric"),
];
const LONG: Options = &[
    ("year", "numeric"),
    ("month", "long"),
    ("day", "numeric"),
    ("weekday", "long"),
];

type Options = &'static [(&'static str, &'static str)];

/// The formatters of a language.
#[derive(Debug)]
pub struct Dates {
    texts: &'static Texts,
    time: Formatter,
    precise: Formatter,
    weekday: Formatter,
    short: Formatter,
    long: Formatter,
}

impl Dates {
    /// The formatters of a language.
    pub fn new(lang: Lang) -> Self {
        let format = |options| Formatter {
            lang,
            options,
            made: OnceCell::new(),
        };
        Self {
            texts: lang.texts(),
            time: format(TIME),
            precise: format(PRECISE),
            weekday: format(WEEKDAY),
            short: format(SHORT),
            long: format(LONG),
        }
    }

    /// The time of day.
    pub fn time(&self, at_ms: i64) -> String {
        self.time.write(at_ms)
    }

    /// The time of day to the second.
    pub fn precise(&self, at_ms: i64) -> String {
        self.precise.write(at_ms)
    }

    /// The date and the time of day.
    pub fn stamp(&self, at_ms: i64) -> String {
        [self.short.write(at_ms), self.time(at_ms)].join(" ")
    }

    /// A short form for rows of the list: the time today, then the weekday, then the date.
    pub fn brief(&self, at_ms: i64, now_ms: i64) -> String {
        let age = clock::local_day(now_ms) - clock::local_day(at_ms);
        match age {
            ..=0 => self.time(at_ms),
            1 => self.texts.yesterday.into(),
            2..=WEEK => self.weekday.write(at_ms),
            _ => self.short.write(at_ms),
        }
    }

    /// A day, for the separator above its messages.
    pub fn day(&self, at_ms: i64, now_ms: i64) -> String {
        let age = clock::local_day(now_ms) - clock::local_day(at_ms);
        match age {
            0 => self.texts.today.into(),
            1 => self.texts.yesterday.into(),
            _ => self.long.write(at_ms),
        }
    }
}

/// A browser formatter, made on first use: making one takes far longer than using it, and the login
/// page needs none.
#[derive(Debug)]
struct Formatter {
    lang: Lang,
    options: Options,
    made: OnceCell<Function>,
}

impl Formatter {
    /// Formats a time; one beyond the range of a JavaScript date gives an empty text.
    fn write(&self, at_ms: i64) -> String {
        self.made
            .get_or_init(|| self.make())
            .call1(&JsValue::UNDEFINED, &clock::date(at_ms))
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_default()
    }

    fn make(&self) -> Function {
        let object = Object::new();
        for (key, value) in self.options {
            // Fails only for what is no object.
            let _ = Reflect::set(&object, &(*key).into(), &(*value).into());
        }
        let locales = Array::of1(&JsValue::from_str(self.lang.tag()));
        Intl::DateTimeFormat::new(&locales, &object).format()
    }
}
