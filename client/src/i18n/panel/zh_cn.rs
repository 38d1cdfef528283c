//! 简体中文。

use super::{PanelTexts, parts};
use std::time::Duration;
use tidings_client_state::Trend;
use tidings_shared::close::CloseCode;
use tidings_shared::link::{Cause, Phase};

pub(in crate::i18n) const TEXTS: PanelTexts = PanelTexts {
    title: "连接",
    open: |status| format!("{status}，查看连接详情"),
    close: "关闭连接详情",
    copy: "复制诊断信息",
    copied: "已复制，不含消息内容。",
    copy_failed: "浏览器不允许复制。",

    phase,
    since: |time, ago| format!("自 {time} 起，已 {ago}"),
    span,
    none_yet: "暂无",

    round_trip: "往返时延",
    interval: "心跳间隔",
    trend,
    interval_history: |first, time, answers| {
        format!("{time} 起采用，最初 {first}，已应答 {answers} 次")
    },
    heartbeat: "下次心跳",
    within: |span| format!("{span}后"),
    unless_something: "到时仍未收到数据才发送",
    answer_awaited: "已发出，应答须在此前到达",
    not_connected: "未连接",

    acknowledged: "已确认推送",
    of_received: |acknowledged, received| format!("{acknowledged} / {received}"),
    repushes: "重复推送",
    outbox: "待发送",
    unsent: |waiting, failed| match failed {
        0 => waiting.to_string(),
        failed => format!("{waiting}，其中 {failed} 条被拒绝"),
    },
    traffic: "收发帧数",
    frames_bytes: |frames, bytes| format!("{frames}（{bytes}）"),

    reconnects: "重连",
    no_ends: "连接没有断开过。",
    cause,
    bound_for: |span| format!("已连接 {span}"),
    attempts: |times| format!("{times} 次尝试失败"),
    frames: "最近的帧",
    no_frames: "还没有收发任何数据。",
    version: "页面版本",
    language: "语言",
    browser: "浏览器",
    made_at: "时间",
};

const fn phase(phase: Phase, network: bool) -> &'static str {
    match phase {
        Phase::Live if !network => "已连接，但系统报告没有网络",
        Phase::Live => "已连接",
        Phase::Idle => "尚未开始",
        Phase::Connecting => "正在连接",
        Phase::Binding => "正在绑定",
        Phase::Waiting(_) if !network => "等待网络恢复",
        Phase::Waiting(_) => "等待下次重连",
        Phase::Stopped => "已结束",
    }
}

const fn trend(trend: Trend) -> &'static str {
    match trend {
        Trend::Unknown => "服务器尚未给出",
        Trend::First => "初始：由服务器给出",
        Trend::Longer => "延长：最近的心跳均有应答",
        Trend::Shorter => "缩短：有一次心跳没有应答",
        Trend::Found => "稳定：长时间未变",
    }
}

fn span(span: Duration) -> String {
    match parts(span) {
        (0, 0, seconds) => format!("{seconds} 秒"),
        (0, minutes, 0) => format!("{minutes} 分钟"),
        (0, minutes, seconds) => format!("{minutes} 分 {seconds} 秒"),
        (hours, minutes, _) => format!("{hours} 小时 {minutes} 分"),
    }
}

fn cause(cause: Cause) -> String {
    let code = match cause {
        Cause::ConnectTimeout => return "建立连接超时".into(),
        Cause::HeartbeatMissed => return "心跳没有应答".into(),
        Cause::Asked => return "由本页面关闭".into(),
        Cause::Closed(code) => code,
    };
    let known = CloseCode::ALL
        .into_iter()
        .find(|known| known.code() == code);
    let reason = match known {
        _ if code == 1006 => "连接异常中断",
        Some(CloseCode::Normal) => "正常关闭",
        Some(CloseCode::GoingAway) => "服务器正在停机",
        Some(CloseCode::Idle) => "长时间没有数据",
        Some(CloseCode::AckMissing) => "推送未得到确认",
        Some(CloseCode::TooSlow) => "连接太慢",
        Some(CloseCode::RateLimited) => "请求或连接过多",
        Some(CloseCode::NotLoggedIn) => "未登录",
        Some(CloseCode::ProtocolError) => "协议错误",
        Some(CloseCode::Replaced) => "被另一个连接取代",
        Some(CloseCode::KickedOut) => "此登录已被终止",
        None => "连接关闭",
    };
    format!("{code}：{reason}")
}
