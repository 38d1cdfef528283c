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
    alerts: "When a message comes and you are elsewhere",
    notify: "Notification",
    notify_denied: "This browser blocks notifications for this site, or has none.",
    sound: "Sound",
    notify_offer: "Messages came while you were elsewhere. Show notifications?",
    notify_yes: "Show them",
    notify_no: "No, thanks",
    done: "Done",
};
