//! English.

use super::WriteTexts;
use crate::i18n::isolate::isolated;

pub(in crate::i18n) const TEXTS: WriteTexts = WriteTexts {
    emoji: "Emoji",
    show_all: "Show all",
    show_less: "Show less",
    copied: |who, when, text| format!("{} ({when}): {text}", isolated(who)),
};
