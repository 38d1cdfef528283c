//! The texts of the delivery marks of sent messages.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

/// These texts in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct ReceiptTexts {
    pub delivered: &'static str,
    pub read: &'static str,
}
