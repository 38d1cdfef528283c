//! English.

use super::ReceiptTexts;

pub(in crate::i18n) const TEXTS: ReceiptTexts = ReceiptTexts {
    delivered: "delivered",
    read: "read",
};
