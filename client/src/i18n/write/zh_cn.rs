//! 简体中文

use super::WriteTexts;
use crate::i18n::isolate::isolated;

pub(in crate::i18n) const TEXTS: WriteTexts = WriteTexts {
    emoji: "表情",
    show_all: "展开全文",
    show_less: "收起",
    field_full: |over| format!("超出 {over} 字节，输入框已满，更长的部分已截去"),
    not_saved: "浏览器存储空间已满或被禁用，关闭或刷新本页会丢失尚未发出的内容。",
    unsaved: "未能保存到此浏览器，发出前请勿关闭本页。",
    copied: |who, when, text| format!("{}（{when}）：{text}", isolated(who)),
};
