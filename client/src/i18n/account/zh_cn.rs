//! 简体中文。

use super::AccountTexts;

pub(in crate::i18n) const TEXTS: AccountTexts = AccountTexts {
    create_one: "注册新账号",
    have_one: "已有账号，去登录",
    create: "注册",
    creating: "正在注册…",
    name: "昵称",
    password_rule: "至少 8 个字符",
    fill_in_all: "请填写邮箱、昵称和密码。",
    no_address: "这不是有效的邮箱地址。",
    short_password: "密码至少需要 8 个字符。",
    email_taken: "该邮箱已注册，请直接登录，或换一个邮箱。",
};
