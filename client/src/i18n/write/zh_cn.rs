//! 简体中文

use super::WriteTexts;
use crate::i18n::isolate::isolated;

pub(in crate::i18n) const TEXTS: WriteTexts = WriteTexts {
    emoji: "表情",
    show_all: "展开全文",
    show_less: "收起",
    copied: |who, when, text| format!("{}（{when}）：{text}", isolated(who)),
};
