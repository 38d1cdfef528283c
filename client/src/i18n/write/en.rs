//! English.

use super::WriteTexts;
use crate::i18n::isolate::isolated;

pub(in crate::i18n) const TEXTS: WriteTexts = WriteTexts {
    emoji: "Emoji",
    show_all: "Show all",
    show_less: "Show less",
    field_full: |over| {
        format!("{over} bytes too many. The field is full; what was longer is cut off.")
    },
    not_saved: "This browser’s storage is full or blocked. What is not sent yet is lost if you close or reload this page.",
    unsaved: "Not kept in this browser. Do not close this page before it is sent.",
    copied: |who, when, text| format!("{} ({when}): {text}", isolated(who)),
};
