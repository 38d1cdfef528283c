//! The texts of the settings.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

/// These texts in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct SettingsTexts {
    pub settings: &'static str,
    pub language: &'static str,
    pub theme: &'static str,
    pub theme_system: &'static str,
    pub theme_light: &'static str,
    pub theme_dark: &'static str,
    pub text_size: &'static str,
    pub text_small: &'static str,
    pub text_medium: &'static str,
    pub text_large: &'static str,
    pub alerts: &'static str,
    pub notify: &'static str,
    pub notify_denied: &'static str,
    pub sound: &'static str,
    pub notify_offer: &'static str,
    pub notify_yes: &'static str,
    pub notify_no: &'static str,
    pub done: &'static str,
}
