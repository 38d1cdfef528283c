//! Rows of a group: messages and events, the row in the conversation list, the thread's head.

use crate::stage::{click, find, render};
use crate::{Actions, HIKERS, has, record, text};
use std::rc::Rc;
use tidings_client::clock;
use tidings_client::components::{BubbleRow, ConversationRow, ThreadHead, event_line};
use tidings_client::i18n::{Lang, Locale};
use tidings_client_state::{
    Bubble, BubbleState, Content, GroupEvent, ListRow, PreviewKind, Sender,
};
use tidings_shared::{Direction, Mid, Peer, Seq, UserId};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;
use yew::prelude::*;

fn bubble(first: bool, content: Content, text: &str) -> Rc<Bubble> {
    Rc::new(Bubble {
        key: "k".into(),
        mid: Some(Mid(9)),
        seq: Some(Seq(3)),
        unsent: None,
        text: text.into(),
        content,
        direction: Direction::Received,
        sender: Some(Sender {
            uid: UserId(1001),
            name: "李四".into(),
            avatar: "".into(),
        }),
        state: BubbleState::Sent,
        time: 1_700_000_000_000,
        first,
        last: true,
    })
}

#[wasm_bindgen_test]
async fn first_bubble_of_a_run_names_the_sender() {
    let shown = |first| {
        let bubble = bubble(first, Content::Text, "hello");
        render(html! { <BubbleRow
            {bubble}
            unfolded=false
            on_action={Callback::noop()}
            on_fold={Callback::noop()}
        /> })
    };
    let root = shown(true).await;
    let sender = find::<Element>(&root, "sender");
    assert_eq!(
        sender.text_content().as_deref(),
        Some("李李四"),
        "picture and name"
    );
    assert_eq!(text(&root, "message-text"), "hello");
    assert!(!has(&shown(false).await, "sender"));
}

#[wasm_bindgen_test]
async fn group_event_is_a_line_and_no_bubble() {
    let bubble = bubble(
        true,
        Content::Event(GroupEvent::Added),
        "王五, Ada Lovelace",
    );
    let event = GroupEvent::Added;
    let root = render(event_line(event, &bubble, &Locale::new(Lang::En))).await;
    assert_eq!(text(&root, "event"), "李四 added 王五, Ada Lovelace");
    assert!(!has(&root, "message"));
}

#[wasm_bindgen_test]
async fn group_row_names_the_last_sender_or_event() {
    let shown = |kind, sender: Option<&str>, text: &str| {
        let row = ListRow {
            peer: HIKERS,
            name: "Hikers".into(),
            avatar: "".into(),
            kind,
            text: text.into(),
            sender: sender.map(Into::into),
            time: clock::wall_ms(),
            unread: 0,
            selected: false,
            online: false,
        };
        render(html! { <ConversationRow {row} on_open={Callback::noop()} /> })
    };
    let root = shown(PreviewKind::Received, Some("李四"), "hello").await;
    assert_eq!(text(&root, "row-preview"), "李四: hello");
    assert_eq!(text(&root, "row-name"), "Hikers");
    let root = shown(PreviewKind::Sent, None, "hello").await;
    assert_eq!(text(&root, "row-preview"), "You: hello");
    let root = shown(
        PreviewKind::Event(GroupEvent::Created),
        Some("李四"),
        "Hikers",
    )
    .await;
    assert_eq!(
        text(&root, "row-preview"),
        "李四 created the group “Hikers”"
    );
}

#[wasm_bindgen_test]
async fn group_head_counts_the_members_and_opens_them() {
    let actions = Actions::default();
    let head = |peer, members| {
        let on_members = record(&actions);
        let head = ThreadHead {
            peer,
            name: "Hikers".into(),
            avatar: "".into(),
            presence: None,
            members,
            open: false,
            on_members,
            on_back: Callback::noop(),
        };
        render(head.html(&Locale::new(Lang::En)))
    };
    let root = head(HIKERS, Some(3)).await;
    assert_eq!(text(&root, "member-count"), "3 members");
    click(&root, "group-open").await;
    assert_eq!(*actions.borrow(), [true]);
    let direct = head(Peer::User(UserId(1001)), None).await;
    assert!(!has(&direct, "group-open") && !has(&direct, "member-count"));
}
