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
    alerts: "不在此页面时收到消息",
    notify: "通知",
    notify_denied: "浏览器禁止了本站的通知，或不支持通知。",
    sound: "声音",
    notify_offer: "你离开时有新消息。要显示通知吗？",
    notify_yes: "显示通知",
    notify_no: "不用了",
    done: "完成",
};
