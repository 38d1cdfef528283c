//! The data that `--demo` puts into an empty database: the course's three users, with pictures
//! drawn for this project, and a short message history about the course's topics.

use super::user;
use crate::clock;
use crate::domain::ConnectionId;
use crate::store::{AdvanceCursor, GroupLimits, NewGroup, NewMessage, Picture, Store, UserDraft};
use std::collections::HashMap;
use tidings_shared::{Body, ConversationId, Peer, UserId};

const ZHANG: UserId = UserId(1000);
const LI: UserId = UserId(1001);
const WANG: UserId = UserId(1002);

const PASSWORD: &str = "1234";
/// Uid, name, email, and the picture's file.
const USERS: [(UserId, &str, &str, &[u8]); 3] = [
    (
        ZHANG,
        "张三",
        "zhangsan@gmail.com",
        include_bytes!("demo/zhangsan.png"),
    ),
    (
        LI,
        "李四",
        "lisi@gmail.com",
        include_bytes!("demo/lisi.png"),
    ),
    (
        WANG,
        "王五",
        "wangwu@hotmail.com",
        include_bytes!("demo/wangwu.png"),
    ),
];

const MINUTE_MS: i64 = 60_000;
const GROUP: &str = "即时消息学习小组";
/// How long ago, in minutes, the group was made.
const GROUP_AGE: i64 = 1440;
/// Sender, recipient (`None`: the group), how many minutes ago, and the text; oldest first.
const PAST: [(UserId, Option<UserId>, i64, &str); 13] = [
    (
        ZHANG,
        None,
        1438,
        "大家好！最后一课的聊天室，我们在这里一起讨论。",
    ),
    (
        WANG,
        None,
        1431,
        "Hi! First question: what if a push is never acknowledged?",
    ),
    (
        LI,
        None,
        1424,
        "重推两次还没有 ack，就断开连接；消息留在库里，下次上线再推。",
    ),
    (WANG, Some(ZHANG), 190, "Is it on disk when I see the tick?"),
    (
        ZHANG,
        Some(WANG),
        188,
        "Yes: the server answers after the commit is synced.",
    ),
    (LI, Some(ZHANG), 64, "期末的聊天室跑起来了吗？"),
    (
        ZHANG,
        Some(LI),
        62,
        "跑起来了。刚才断网又连上，一条没丢，也没有重复。",
    ),
    (LI, Some(ZHANG), 61, "要是 ack 丢了呢？不会收到两遍吗？"),
    (
        ZHANG,
        Some(LI),
        59,
        "会重推，但 seq 是同一个，页面只显示一次。",
    ),
    (LI, Some(ZHANG), 58, "明白了 👍 心跳那一课我再看看。"),
    (
        WANG,
        Some(ZHANG),
        21,
        "Then I may pull the plug while you type :-)",
    ),
    (
        ZHANG,
        None,
        9,
        "心跳间隔现在是自适应的，可以打开连接面板看看。",
    ),
    (LI, None, 7, "看到了！往返时间、重推次数都在里面 🎉"),
];

/// Does nothing if there are users.
pub(super) async fn add(store: &dyn Store) -> anyhow::Result<()> {
    if !store.users(UserId(0), 1).await?.is_empty() {
        return Ok(());
    }
    let drafts = USERS.map(|(uid, username, email, _)| UserDraft {
        email: email.into(),
        username: username.into(),
        password: PASSWORD.into(),
        avatar: String::new(),
        uid: Some(uid),
    });
    match user::add(store, &drafts).await {
        Ok(_) => {}
        // Another node that started at the same moment was faster.
        Err(_) if !store.users(UserId(0), 1).await?.is_empty() => return Ok(()),
        Err(error) => return Err(error),
    }
    for (uid, .., file) in USERS {
        let picture = Picture::new("image/png", file.to_vec());
        let kept = Some((&picture, &*picture.url()));
        store.set_avatar(uid, kept).await?;
    }
    add_past(store, clock::now_ms()).await?;
    tracing::info!("added the demo users");
    Ok(())
}

/// Everybody has read each conversation, except a last message from another user.
async fn add_past(store: &dyn Store, now_ms: i64) -> anyhow::Result<()> {
    let group = NewGroup {
        owner: ZHANG,
        name: GROUP.into(),
        members: vec![LI, WANG],
        created_at: now_ms - GROUP_AGE * MINUTE_MS,
        key: None,
        limits: GroupLimits::NONE,
    };
    let group = store.create_group(&group).await??.group.group_id;
    let batch = PAST.map(|(sender, recipient, minutes, text)| NewMessage {
        sender,
        peer: recipient.map_or(Peer::Group(group), Peer::User),
        body: Body::Text(text.into()),
        client_msg_id: None,
        origin: ConnectionId::NONE,
        created_at: now_ms - minutes * MINUTE_MS,
    });
    let appended = store.append(&batch).await?;
    let last_senders: HashMap<_, _> = appended
        .into_iter()
        .flatten()
        .map(|message| (message.conversation, message.record.sender.uid))
        .collect();
    let mut advances = Vec::new();
    for (uid, ..) in USERS {
        for cursor in store.cursors(uid, ConversationId(0)).await? {
            let (conversation, last) = (cursor.delivery.conversation, cursor.delivery.last_seq);
            let wrote = last_senders.get(&conversation) == Some(&uid);
            let read = if wrote { last } else { last.prev() };
            advances.push(AdvanceCursor {
                conversation,
                uid,
                read,
                delivered: read,
            });
        }
    }
    Ok(store.advance(&advances).await?)
}
