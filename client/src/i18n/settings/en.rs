//! English.

use super::SettingsTexts;

pub(in crate::i18n) const TEXTS: SettingsTexts = SettingsTexts {
    settings: "Settings",
    language: "Language",
    theme: "Theme",
    theme_system: "Like the system",
    theme_light: "Light",
    theme_dark: "Dark",
    text_size: "Text size",
    text_small: "Small",
    text_medium: "Medium",
    text_large: "Large",
    done: "Done",
};
