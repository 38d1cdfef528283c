//! 简体中文。

use super::isolate::isolated;
use super::{Texts, short};
use crate::net::HttpError;
use tidings_shared::ErrorCode;

pub(super) const TEXTS: Texts = Texts {
    other_language: "English",
    switch_language: "Switch to English",

    slogan: "消息，使命必达。",
    email: "邮箱",
    password: "密码",
    log_in: "登录",
    logging_in: "正在登录…",
    fill_in_both: "请输入邮箱和密码。",
    login_failed,
    session_ended: "登录已失效，请重新登录；尚未发出的内容仍然保留。",
    server_unreachable: "无法连接服务器，请检查网络后重试。",
    try_again: "重试",
    loading: "正在加载…",

    log_out: "退出登录",
    unsent_title: "还有消息没有发出",
    unsent_question: |count| format!("还有 {count} 条消息没有发出，现在退出将会丢失。"),
    log_out_anyway: "仍然退出",
    cancel: "取消",

    chats: "会话",
    contacts: "联系人",
    search: "搜索",
    total_unread: |count| format!("共 {} 条未读", short(count)),
    unread: |count| format!("{} 条未读", short(count)),
    draft: "草稿：",
    you: "我：",
    online: "在线",
    last_seen: |time| format!("最后在线：{time}"),
    unsupported: "此处无法显示这类消息。",
    no_chats_title: "还没有会话",
    no_chats_hint: "在“联系人”中选择一个人，发出第一条消息，或者新建一个群聊。",
    no_contacts_title: "这里还没有其他人",
    no_contacts_hint: "加入这台服务器的人会出现在这里。",
    nothing_found: |query| format!("没有找到“{}”。", isolated(query)),
    nothing_found_hint: "请检查输入，或只输入名字的一部分。",
    contacts_failed: "联系人加载失败。",

    pick_title: "选择一个会话",
    pick_hint: "左侧是你的会话；在“联系人”中可以找到所有人。",
    empty_thread_title: "还没有消息",
    empty_thread_hint: |name| format!("在下方给{}发出第一条消息吧。", isolated(name)),
    messages_with: |name| format!("与{}的消息", isolated(name)),
    back: "返回列表",
    today: "今天",
    yesterday: "昨天",
    unread_divider: |above| match above {
        0 => "以下为未读消息".into(),
        count => format!("以下为未读消息 · 上方还有 {count} 条"),
    },
    jump_to_latest: "跳到最新消息",
    jump_to_new: |count| format!("{} 条新消息", short(count)),
    loading_older: "正在加载更早的消息…",
    fetch_failed: "部分消息加载失败。",
    state_pending: "发送中",
    state_sent: "已发送",
    not_sent: "未发送：",
    retry: "重发",
    delete: "删除",
    name_and_text: |name, text| format!("{}：{text}", isolated(name)),

    write_message: "输入消息",
    send: "发送",
    bytes_left: |left| {
        if left < 0 {
            format!("超出 {} 字节", -left)
        } else {
            format!("还可输入 {left} 字节")
        }
    },

    connected: "已连接",
    connecting: "正在连接…",
    offline: "已离线，",
    retry_in: |seconds| format!("{seconds} 秒后重连"),
    retry_now: "立即重连",
    connect_again: "重新连接",
    stopped_replaced: "此连接已被另一个窗口接管。",
    stopped_kicked_out: "此登录已在别处被终止。",
    stopped_protocol: "页面版本过旧，请刷新。",
    stopped: "服务器断开了连接。",

    dismiss: "关闭",
    new_version: "Tidings 有新版本了。",
    reload: "重新加载",
    outbox_full: "等待发送的消息太多，请等网络恢复后再试。",
    outbox_unreadable: "有待发送的消息无法读取，尚未发送，已原样保存在此浏览器中，可复制后另行处理。",
    copy: "复制",
    logout_failed: "无法连接服务器，尚未退出登录，请重试。",
    server_refused: |reason| format!("操作没有成功：{reason}"),
    refused,

    account: super::account::ZH_CN,
    group: super::group::ZH_CN,
    panel: super::panel::ZH_CN,
    settings: super::settings::ZH_CN,
    write: super::write::ZH_CN,
    receipt: super::receipt::ZH_CN,
};

fn login_failed(error: &HttpError) -> String {
    match error {
        HttpError::BadCredentials => "邮箱或密码不正确。".into(),
        HttpError::TooManyAttempts(None) => "尝试次数过多，请稍后再试。".into(),
        HttpError::TooManyAttempts(Some(seconds)) if *seconds <= 90 => {
            format!("尝试次数过多，请在 {seconds} 秒后再试。")
        }
        HttpError::TooManyAttempts(Some(seconds)) => {
            format!("尝试次数过多，请在 {} 分钟后再试。", seconds.div_ceil(60))
        }
        HttpError::Network => "无法连接服务器，请检查网络后重试。".into(),
        HttpError::NotLoggedIn | HttpError::Refused(..) | HttpError::Server => {
            "服务器暂时无法响应，请稍后再试。".into()
        }
    }
}

const fn refused(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::TooLong | ErrorCode::TooLarge => "内容太长。",
        ErrorCode::Empty => "内容为空。",
        ErrorCode::UnknownRecipient => "对方或群聊已不存在。",
        ErrorCode::InvalidRecipient => "不能给自己发消息。",
        ErrorCode::InvalidContent => "包含无法发送的字符。",
        ErrorCode::TooManyRequests => "操作太频繁，稍后会自动继续。",
        ErrorCode::Busy | ErrorCode::TooManyConnections => "服务器繁忙。",
        ErrorCode::Unavailable => "服务器暂时无法保存消息。",
        ErrorCode::NotLoggedIn | ErrorCode::UidMismatch => "登录已失效。",
        ErrorCode::Malformed
        | ErrorCode::TooDeep
        | ErrorCode::UnknownType
        | ErrorCode::NotBound
        | ErrorCode::AlreadyBound
        | ErrorCode::BindTimeout
        | ErrorCode::InvalidMsgType
        | ErrorCode::InvalidClientMsgId
        | ErrorCode::Unknown => "服务器无法识别此页面的请求，请刷新页面。",
    }
}
