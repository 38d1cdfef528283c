//! The panel of the open group.

use crate::stage::{click, find, render};
use crate::{Actions, HIKERS, everyone, has, people, press, record, text};
use std::rc::Rc;
use tidings_client::components::{GroupPanel, GroupPanelAction};
use tidings_client_state::Contacts;
use tidings_shared::api::Group;
use tidings_shared::{GroupId, Peer, UserId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, Event, HtmlElement};
use yew::prelude::*;

async fn panel(me: i64, failed: bool, actions: &Actions<GroupPanelAction>) -> Element {
    let group = Group {
        group_id: GroupId(7),
        name: "Hikers".into(),
        avatar: String::new(),
        owner: UserId(1001),
        members: 3,
    };
    let members = if failed {
        Contacts::default()
    } else {
        everyone()
    };
    render(html! {
        <GroupPanel
            peer={HIKERS}
            name={Rc::<str>::from("Hikers")}
            avatar={Rc::<str>::from("")}
            me={UserId(me)}
            group={(!failed).then(|| Rc::new(group))}
            {failed}
            {members}
            on_action={record(actions)}
        />
    })
    .await
}

#[wasm_bindgen_test]
async fn panel_lists_the_members_and_only_the_owner_adds() {
    let actions = Actions::default();
    let root = panel(1001, false, &actions).await;
    assert_eq!(text(&root, "group-count"), "3 members");
    let rows = text(&root, "members");
    assert!(
        rows.contains("李四You") && rows.contains("Owner") && rows.contains("王五"),
        "{rows}"
    );
    let own = find::<Element>(&root, "member");
    assert_eq!(own.tag_name(), "DIV", "nobody writes to themselves");
    click(&root, "group-add").await;
    assert!(actions.borrow().contains(&GroupPanelAction::Add));
    let other: HtmlElement = root
        .query_selector("[data-testid=member][data-peer='1002']")
        .expect("valid")
        .expect("a member")
        .unchecked_into();
    other.click();
    yew::scheduler::flush().await;
    let opened = GroupPanelAction::Open(Peer::User(UserId(1002)));
    assert!(actions.borrow().contains(&opened));
    root.remove();

    let root = panel(1002, false, &Actions::default()).await;
    assert!(!has(&root, "group-add"), "only the owner adds");
    root.remove();
}

#[wasm_bindgen_test]
async fn failed_panel_shows_the_failure_and_retries() {
    let actions = Actions::default();
    let root = panel(1002, true, &actions).await;
    let shown = root.text_content().expect("text");
    assert!(shown.contains("could not be loaded"), "{shown}");
    let again = root.query_selector(".empty .button").expect("valid");
    again
        .expect("a button")
        .unchecked_into::<HtmlElement>()
        .click();
    yew::scheduler::flush().await;
    assert!(actions.borrow().contains(&GroupPanelAction::Retry));
    press(&find(&root, "group-panel-close"), "Escape").await;
    assert!(actions.borrow().contains(&GroupPanelAction::Close));
    root.remove();
}

#[wasm_bindgen_test]
async fn full_member_list_requests_no_more_until_scrolled() {
    let actions = Actions::default();
    let members: Vec<(i64, String)> = (1..=50).map(|uid| (uid, format!("user {uid}"))).collect();
    let members: Vec<(i64, &str)> = members.iter().map(|(uid, name)| (*uid, &**name)).collect();
    let root = render(html! {
        <>
            <style>{ ".list { height: 300px; overflow: auto } .rows > li { height: 56px }" }</style>
            <GroupPanel
                peer={HIKERS}
                name={Rc::<str>::from("Hikers")}
                avatar={Rc::<str>::from("")}
                me={UserId(1)}
                group={None::<Rc<Group>>}
                failed=false
                members={people(&members)}
                on_action={record(&actions)}
            />
        </>
    })
    .await;
    assert_eq!(*actions.borrow(), []);
    let list = root.query_selector(".list").expect("valid").expect("one");
    list.set_scroll_top(list.scroll_height());
    let scroll = Event::new("scroll").expect("a valid name");
    list.dispatch_event(&scroll).expect("a live event");
    yew::scheduler::flush().await;
    assert!(actions.borrow().contains(&GroupPanelAction::MoreMembers));
    root.remove();
}
