//! The texts of the composer, of drafts, and of copied messages.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

/// These texts in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct WriteTexts {
    pub emoji: &'static str,
    pub show_all: &'static str,
    pub show_less: &'static str,
    pub field_full: fn(i64) -> String,
    pub not_saved: &'static str,
    pub unsaved: &'static str,
    /// Who, when, what.
    pub copied: fn(&str, &str, &str) -> String,
}
