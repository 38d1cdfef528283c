//! 简体中文。

use super::SettingsTexts;

pub(in crate::i18n) const TEXTS: SettingsTexts = SettingsTexts {
    settings: "设置",
    language: "语言",
    theme: "主题",
    theme_system: "跟随系统",
    theme_light: "浅色",
    theme_dark: "深色",
    text_size: "文字大小",
    text_small: "小",
    text_medium: "标准",
    text_large: "大",
    done: "完成",
};
