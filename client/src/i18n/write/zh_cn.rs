//! 简体中文

use super::WriteTexts;

pub(in crate::i18n) const TEXTS: WriteTexts = WriteTexts {
    emoji: "表情",
    copied: |who, when, text| format!("{who}（{when}）：{text}"),
};
