//! 简体中文。

use super::GroupTexts;
use crate::i18n::isolate::isolated;
use crate::net::HttpError;
use tidings_client_state::GroupEvent;
use tidings_shared::api::ProblemCode;

pub(in crate::i18n) const TEXTS: GroupTexts = GroupTexts {
    group: "群聊",
    new: "新建群聊",
    name: "群聊名称",
    name_missing: "请填写群聊名称。",
    name_too_long: "名称太长，请缩短到 64 个字符以内。",
    people: "成员",
    search_people: "搜索联系人",
    chosen: |count| format!("已选 {count} 人"),
    nobody_chosen: "请至少选择一个人。",
    remove: |name| format!("移除{}", isolated(name)),
    create: "创建",
    add_members: "添加成员",
    add: "添加",
    cancel: "取消",
    is_member: "已在群内",
    failed,

    count: |count| format!("{count} 位成员"),
    members: "群成员",
    show_members: "查看群成员",
    close: "关闭",
    owner: "群主",
    yourself: "我",
    members_failed: "群成员加载失败。",
    messages_in: |name| format!("群聊“{}”中的消息", isolated(name)),

    event: |event, who, content| {
        let who = who.map_or_else(|| "你".into(), isolated);
        let content = isolated(content);
        match event {
            GroupEvent::Created => format!("{who}创建了群聊“{content}”"),
            GroupEvent::Added => {
                // The server joins the names with a comma, and cuts them short with dots.
                let names = content.replace(", …", "等人").replace(", ", "、");
                format!("{who}邀请{names}加入了群聊")
            }
        }
    },
};

fn failed(error: &HttpError) -> String {
    match error {
        HttpError::Refused(ProblemCode::LimitReached, _) => {
            "群聊最多 10,000 人，请少选一些人。".into()
        }
        HttpError::Refused(ProblemCode::Forbidden, _) => {
            "只有群主可以添加成员，请联系群主。".into()
        }
        HttpError::Refused(ProblemCode::NotFound, _) => "群聊已不存在，或你不在群内。".into(),
        HttpError::Refused(_, reason) => format!("服务器拒绝了请求：{reason}。请修改后重试。"),
        HttpError::TooManyAttempts(Some(seconds)) => {
            format!("操作过于频繁，请在 {seconds} 秒后再试。")
        }
        HttpError::TooManyAttempts(None) => "操作过于频繁，请稍后再试。".into(),
        HttpError::Network => "服务器没有响应，请检查网络和会话列表后重试。".into(),
        HttpError::NotLoggedIn | HttpError::BadCredentials | HttpError::Server => {
            "服务器暂时无法完成，请稍后再试。".into()
        }
    }
}
