//! The texts of registering.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

/// What registering says in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct AccountTexts {
    pub create_one: &'static str,
    pub have_one: &'static str,
    pub create: &'static str,
    pub creating: &'static str,
    pub name: &'static str,
    pub password_rule: &'static str,
    pub fill_in_all: &'static str,
    pub no_address: &'static str,
    pub short_password: &'static str,
    pub email_taken: &'static str,
}
