//! English.

use super::WriteTexts;

pub(in crate::i18n) const TEXTS: WriteTexts = WriteTexts {
    emoji: "Emoji",
    copied: |who, when, text| format!("{who} ({when}): {text}"),
};
