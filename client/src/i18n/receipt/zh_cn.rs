//! 简体中文。

use super::ReceiptTexts;

pub(in crate::i18n) const TEXTS: ReceiptTexts = ReceiptTexts {
    delivered: "已送达",
    read: "已读",
};
