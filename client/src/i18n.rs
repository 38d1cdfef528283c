//! Every text of the page, in each language, and how each language writes times.
//!
//! [`Texts`] is one struct and each language one constant of it, so that a text missing in a
//! language does not compile. Never here: what decides which text is shown.

mod account;
mod context;
mod count;
mod dates;
mod en;
mod group;
mod isolate;
mod panel;
mod receipt;
mod settings;
mod texts;
mod write;
mod zh_cn;

pub use account::AccountTexts;
pub use context::use_locale;
pub use count::short;
pub use dates::Dates;
pub use group::GroupTexts;
pub use isolate::isolated;
pub use panel::PanelTexts;
pub use receipt::ReceiptTexts;
pub use settings::SettingsTexts;
pub use texts::Texts;
pub use write::WriteTexts;

use crate::clock;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// 简体中文
    ZhCn,
    /// English
    En,
}

impl Lang {
    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// Its name in the language itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZhCn => "简体中文",
            Self::En => "English",
        }
    }

    /// The language for a BCP 47 tag; `None`: neither of the page's.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The person's choice, or else the browser's, or else English.
    pub fn preferred() -> Self {
        crate::storage::language()
            .or_else(|| Self::of_tag(&crate::dom::window().navigator().language()?))
            .unwrap_or(Self::En)
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::ZhCn => Self::En,
            Self::En => Self::ZhCn,
        }
    }

    /// Its texts.
    pub const fn texts(self) -> &'static Texts {
        match self {
            Self::ZhCn => &zh_cn::TEXTS,
            Self::En => &en::TEXTS,
        }
    }
}

/// The language of the page, its texts and date formats; given to components through a context.
#[derive(Debug)]
pub struct Locale {
    /// The language.
    pub lang: Lang,
    /// Its texts.
    pub texts: &'static Texts,
    /// Its date formats.
    pub dates: Dates,
    /// The local day and the time zone it was made for: "today" and "yesterday" change at midnight,
    /// and times are written in the zone.
    made: (i64, [i64; 2]),
}

impl Locale {
    /// The locale of a language.
    pub fn new(lang: Lang) -> Self {
        Self {
            lang,
            texts: lang.texts(),
            dates: Dates::new(lang),
            made: Self::now(),
        }
    }

    /// Whether the day it was made on is over, or the time zone has changed.
    pub fn is_past(&self) -> bool {
        self.made != Self::now()
    }

    fn now() -> (i64, [i64; 2]) {
        let now_ms = clock::wall_ms();
        (clock::local_day(now_ms), clock::zone(now_ms))
    }
}

impl PartialEq for Locale {
    fn eq(&self, other: &Self) -> bool {
        self.lang == other.lang && self.made == other.made
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn language_tag_is_matched_by_its_primary_subtag() {
        assert_eq!(Lang::of_tag("zh-Hant-TW"), Some(Lang::ZhCn));
        assert_eq!(Lang::of_tag("EN-gb"), Some(Lang::En));
        assert_eq!(Lang::of_tag("fr"), None);
        assert_eq!(Lang::of_tag(""), None);
    }
}
