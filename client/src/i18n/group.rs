//! The texts about groups.

mod en;
mod zh_cn;

pub(super) use en::TEXTS as EN;
pub(super) use zh_cn::TEXTS as ZH_CN;

use crate::net::HttpError;
use tidings_client_state::GroupEvent;

/// These texts in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is named for what it says")]
pub struct GroupTexts {
    pub group: &'static str,
    pub new: &'static str,
    pub name: &'static str,
    pub name_missing: &'static str,
    pub name_too_long: &'static str,
    pub people: &'static str,
    pub search_people: &'static str,
    pub chosen: fn(usize) -> String,
    pub nobody_chosen: &'static str,
    pub remove: fn(&str) -> String,
    pub create: &'static str,
    pub add_members: &'static str,
    pub add: &'static str,
    pub cancel: &'static str,
    pub is_member: &'static str,
    pub failed: fn(&HttpError) -> String,

    pub count: fn(u64) -> String,
    pub members: &'static str,
    pub show_members: &'static str,
    pub close: &'static str,
    pub owner: &'static str,
    pub yourself: &'static str,
    pub members_failed: &'static str,
    pub messages_in: fn(&str) -> String,

    /// Who did it (`None`: the person who reads), and the message's content.
    pub event: fn(GroupEvent, Option<&str>, &str) -> String,
}

#[cfg(test)]
mod tests {
    use super::{EN, GroupEvent, ZH_CN};

    #[test]
    fn group_events_are_written_in_both_languages() {
        let texts = |event, who, content| {
            [
                (EN.event)(event, who, content),
                (ZH_CN.event)(event, who, content),
            ]
        };
        assert_eq!(
            texts(GroupEvent::Created, Some("张三"), "Hikers"),
            ["张三 created the group “Hikers”", "张三创建了群聊“Hikers”"]
        );
        assert_eq!(
            texts(GroupEvent::Created, None, "Hikers"),
            ["You created the group “Hikers”", "你创建了群聊“Hikers”"]
        );
        assert_eq!(
            texts(GroupEvent::Added, Some("张三"), "李四, 王五"),
            ["张三 added 李四, 王五", "张三邀请李四、王五加入了群聊"]
        );
    }

    #[test]
    fn truncated_list_of_names_stays_marked() {
        let names = "李四, 王五, …";
        assert_eq!(
            (EN.event)(GroupEvent::Added, None, names),
            "You added 李四, 王五, …"
        );
        assert_eq!(
            (ZH_CN.event)(GroupEvent::Added, None, names),
            "你邀请李四、王五等人加入了群聊"
        );
    }

    #[test]
    fn member_count_has_its_unit() {
        assert_eq!([(EN.count)(1), (EN.count)(2)], ["1 member", "2 members"]);
        assert_eq!((ZH_CN.count)(1), "1 位成员");
    }
}
