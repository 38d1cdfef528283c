//! The texts of registration and of the profile dialog.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

/// These texts in one language.
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
    /// For a new password that is too common.
    pub common_password: &'static str,
    /// For a login that is locked out.
    pub locked: &'static str,
    pub email_taken: &'static str,
    pub profile: &'static str,
    pub change_picture: &'static str,
    pub remove_picture: &'static str,
    pub no_picture: &'static str,
    pub save_name: &'static str,
    pub no_name: &'static str,
    pub saved: &'static str,
    pub old_password: &'static str,
    pub new_password: &'static str,
    pub change_password: &'static str,
    pub others_end: &'static str,
    pub password_changed: &'static str,
    pub wrong_password: &'static str,
    pub logins: &'static str,
    pub unknown_agent: &'static str,
    pub this_login: &'static str,
    pub used: fn(&str) -> String,
    pub unused: &'static str,
    pub end_login: fn(&str) -> String,
    pub end_others: &'static str,
    pub login_ended: &'static str,
    pub doing: &'static str,
}
