//! Groups in a real browser: who writes, what happened, the dialog and the panel.
#![cfg(target_arch = "wasm32")]

mod stage;

use stage::{click, find, render};
use std::cell::RefCell;
use std::rc::Rc;
use tidings_client::components::{
    BubbleRow, ConversationRow, EventLine, GroupDialog, GroupDialogAction, GroupPanel,
    GroupPanelAction, ThreadHead,
};
use tidings_client::net::HttpError;
use tidings_client::state::{
    Bubble, BubbleState, Contacts, Content, Event as GroupEvent, ListRow, PreviewKind, Sender,
    Standing,
};
use tidings_client::{clock, dom};
use tidings_shared::api::{Group, ProblemCode, User, Users};
use tidings_shared::{Direction, GroupId, Mid, Peer, Seq, UserId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{
    Element, Event, EventInit, HtmlElement, HtmlInputElement, KeyboardEvent, KeyboardEventInit,
};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

const HIKERS: Peer = Peer::Group(GroupId(7));

fn people(names: &[(i64, &str)]) -> Contacts {
    let user = |(uid, name): &(i64, &str)| User {
        uid: UserId(*uid),
        username: (*name).into(),
        avatar: String::new(),
    };
    let mut contacts = Contacts::default();
    contacts.ask();
    contacts.arrived(
        None,
        Users {
            users: names.iter().map(user).collect(),
            next: None,
        },
    );
    contacts
}

fn everyone() -> Contacts {
    people(&[(1001, "李四"), (1002, "王五"), (1003, "Ada Lovelace")])
}

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

fn text(root: &Element, testid: &str) -> String {
    find::<Element>(root, testid).text_content().expect("text")
}

fn has(root: &Element, testid: &str) -> bool {
    let selector = format!("[data-testid={testid}]");
    root.query_selector(&selector).expect("valid").is_some()
}

async fn type_in(field: &HtmlInputElement, text: &str) {
    field.set_value(text);
    let init = EventInit::new();
    init.set_bubbles(true);
    let event = Event::new_with_event_init_dict("input", &init).expect("a valid name");
    field.dispatch_event(&event).expect("a live event");
    yew::scheduler::flush().await;
}

async fn press(target: &HtmlElement, key: &str) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    init.set_cancelable(true);
    let event =
        KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).expect("a valid name");
    target.dispatch_event(&event).expect("a live event");
    yew::scheduler::flush().await;
}

fn has_focus(element: &Element) -> bool {
    dom::document().active_element().as_ref() == Some(element)
}

/// What was done in a component.
type Done<T> = Rc<RefCell<Vec<T>>>;

fn listen<T: 'static>(done: &Done<T>) -> Callback<T> {
    let done = done.clone();
    Callback::from(move |action| done.borrow_mut().push(action))
}

#[wasm_bindgen_test]
async fn the_first_bubble_of_a_run_names_who_wrote_it_and_the_others_do_not() {
    let shown = |first| {
        let bubble = bubble(first, Content::Text, "hello");
        render(html! { <BubbleRow {bubble} on_action={Callback::noop()} /> })
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
async fn what_happened_to_a_group_is_a_line_and_no_bubble() {
    let bubble = bubble(
        true,
        Content::Event(GroupEvent::Added),
        "王五, Ada Lovelace",
    );
    let event = GroupEvent::Added;
    let root = render(html! { <EventLine {event} {bubble} /> }).await;
    assert_eq!(text(&root, "event"), "李四 added 王五, Ada Lovelace");
    assert!(!has(&root, "message"));
}

#[wasm_bindgen_test]
async fn a_group_in_the_list_says_who_wrote_last_or_what_happened() {
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
async fn the_head_of_a_group_counts_its_members_and_opens_them() {
    let asked = Done::default();
    let head = |peer, members| {
        let on_members = listen(&asked);
        let on_back = Callback::noop();
        render(html! {
            <ThreadHead
                {peer}
                name={Rc::<str>::from("Hikers")}
                avatar={Rc::<str>::from("")}
                standing={None::<Standing>}
                {members}
                open=false
                {on_members}
                {on_back}
            />
        })
    };
    let root = head(HIKERS, Some(3)).await;
    assert_eq!(text(&root, "member-count"), "3 members");
    click(&root, "group-open").await;
    assert_eq!(*asked.borrow(), [true]);
    let direct = head(Peer::User(UserId(1001)), None).await;
    assert!(!has(&direct, "group-open") && !has(&direct, "member-count"));
}

struct Desk {
    root: Element,
    done: Done<GroupDialogAction>,
}

impl Desk {
    async fn new(adds: bool, members: Contacts, error: Option<HttpError>) -> Self {
        let done = Done::default();
        let on_action = listen(&done);
        let root = render(html! {
            <GroupDialog {adds} contacts={everyone()} {members} busy=false {error} {on_action} />
        })
        .await;
        Self { root, done }
    }

    /// What was submitted or cancelled, without the wishes for more contacts.
    fn done(&self) -> Vec<GroupDialogAction> {
        let more =
            |action: &GroupDialogAction| !matches!(action, GroupDialogAction::MoreContacts(_));
        self.done
            .borrow()
            .iter()
            .filter(|action| more(action))
            .cloned()
            .collect()
    }

    fn name(&self) -> HtmlInputElement {
        find(&self.root, "group-name")
    }

    fn search(&self) -> HtmlInputElement {
        find(&self.root, "people-search")
    }

    fn boxes(&self) -> Vec<HtmlInputElement> {
        let all = self
            .root
            .query_selector_all("[type=checkbox]")
            .expect("valid");
        (0..all.length())
            .filter_map(|at| all.get(at)?.dyn_into().ok())
            .collect()
    }

    async fn tick(&self, at: usize) {
        self.boxes()[at].click();
        yew::scheduler::flush().await;
    }

    fn chosen(&self) -> Vec<String> {
        let all = self
            .root
            .query_selector_all("[data-testid=chosen]")
            .expect("valid");
        (0..all.length())
            .filter_map(|at| all.get(at)?.text_content())
            .collect()
    }

    async fn submit(&self) {
        click(&self.root, "group-submit").await;
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A modal dialog would keep the focus from the next test's.
        self.root.remove();
    }
}

#[wasm_bindgen_test]
async fn a_group_needs_a_name_and_somebody_and_says_so_where_it_is_missing() {
    let desk = Desk::new(false, Contacts::default(), None).await;
    assert!(has_focus(&desk.name()), "the dialog takes the focus");
    desk.search().focus().expect("a field");
    desk.submit().await;
    assert_eq!(text(&desk.root, "group-error"), "Give the group a name.");
    assert!(has_focus(&desk.name()));
    type_in(&desk.name(), &"群".repeat(65)).await;
    assert_eq!(text(&desk.root, "group-name-count"), "65/64");
    desk.submit().await;
    assert!(text(&desk.root, "group-error").contains("too long"));
    type_in(&desk.name(), " Hikers ").await;
    assert_eq!(text(&desk.root, "group-name-count"), "6/64");
    desk.submit().await;
    assert_eq!(
        text(&desk.root, "group-error"),
        "Choose at least one person."
    );
    assert!(has_focus(&desk.search()));
    assert_eq!(desk.done(), []);
    desk.tick(1).await;
    assert!(!has(&desk.root, "group-error"));
    desk.submit().await;
    let expected = GroupDialogAction::Submit("Hikers".into(), vec![UserId(1002)]);
    assert_eq!(desk.done(), [expected]);
}

#[wasm_bindgen_test]
async fn people_are_found_chosen_and_let_go_by_the_keyboard() {
    let desk = Desk::new(false, Contacts::default(), None).await;
    type_in(&desk.search(), "ada").await;
    assert_eq!(desk.boxes().len(), 1);
    press(&desk.search(), "Enter").await;
    assert_eq!(desk.chosen(), ["Ada Lovelace"]);
    type_in(&desk.search(), "").await;
    press(&desk.search(), "ArrowDown").await;
    let boxes = desk.boxes();
    assert!(has_focus(&boxes[0]));
    press(&boxes[0], "ArrowDown").await;
    assert!(has_focus(&boxes[1]));
    desk.tick(1).await;
    assert_eq!(desk.chosen(), ["Ada Lovelace", "王五"]);
    click(&desk.root, "chosen").await;
    assert_eq!(desk.chosen(), ["王五"]);
    assert!(
        has_focus(&desk.search()),
        "the button that had the focus is gone"
    );
    assert_eq!(desk.done(), []);
}

#[wasm_bindgen_test]
async fn what_the_server_refuses_is_said_with_what_to_do() {
    let refused = |code| HttpError::Refused(code, "a reason".into());
    for (error, words) in [
        (refused(ProblemCode::LimitReached), "Choose fewer people"),
        (refused(ProblemCode::Forbidden), "Only the group’s owner"),
        (refused(ProblemCode::BadRequest), "a reason. Change it"),
        (HttpError::Network, "did not answer"),
        (HttpError::Server, "Try again in a moment"),
    ] {
        let desk = Desk::new(false, Contacts::default(), Some(error)).await;
        let said = text(&desk.root, "group-error");
        assert!(said.contains(words), "{said}");
    }
}

#[wasm_bindgen_test]
async fn who_is_a_member_cannot_be_added_and_no_name_is_asked_for() {
    let desk = Desk::new(true, people(&[(1001, "李四")]), None).await;
    assert!(!has(&desk.root, "group-name"));
    let boxes = desk.boxes();
    assert!(boxes[0].disabled() && boxes[0].checked());
    press(&desk.search(), "ArrowDown").await;
    assert!(has_focus(&boxes[1]), "the first that can be chosen");
    desk.tick(2).await;
    desk.submit().await;
    let expected = GroupDialogAction::Submit(String::new(), vec![UserId(1003)]);
    assert_eq!(desk.done(), [expected]);
}

#[wasm_bindgen_test]
async fn the_browsers_wish_to_close_the_dialog_is_asked_for_and_not_done() {
    let desk = Desk::new(false, Contacts::default(), None).await;
    let dialog = find::<Element>(&desk.root, "group-dialog");
    let init = EventInit::new();
    init.set_cancelable(true);
    let cancel = Event::new_with_event_init_dict("cancel", &init).expect("a valid name");
    assert!(!dialog.dispatch_event(&cancel).expect("a live event"));
    yew::scheduler::flush().await;
    assert_eq!(desk.done(), [GroupDialogAction::Cancel]);
}

async fn panel(me: i64, failed: bool, done: &Done<GroupPanelAction>) -> Element {
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
            on_action={listen(done)}
        />
    })
    .await
}

#[wasm_bindgen_test]
async fn the_panel_lists_the_members_and_lets_the_owner_add_some() {
    let done = Done::default();
    let root = panel(1001, false, &done).await;
    assert_eq!(text(&root, "group-count"), "3 members");
    let rows = text(&root, "members");
    assert!(
        rows.contains("李四You") && rows.contains("Owner") && rows.contains("王五"),
        "{rows}"
    );
    let own = find::<Element>(&root, "member");
    assert_eq!(own.tag_name(), "DIV", "nobody writes to themselves");
    click(&root, "group-add").await;
    assert!(done.borrow().contains(&GroupPanelAction::Add));
    let other: HtmlElement = root
        .query_selector("[data-testid=member][data-peer='1002']")
        .expect("valid")
        .expect("a member")
        .unchecked_into();
    other.click();
    yew::scheduler::flush().await;
    let opened = GroupPanelAction::Open(Peer::User(UserId(1002)));
    assert!(done.borrow().contains(&opened));
    root.remove();

    let root = panel(1002, false, &Done::default()).await;
    assert!(!has(&root, "group-add"), "only the owner adds");
    root.remove();
}

#[wasm_bindgen_test]
async fn a_panel_that_could_not_be_filled_says_so_and_asks_again() {
    let done = Done::default();
    let root = panel(1002, true, &done).await;
    let said = root.text_content().expect("text");
    assert!(said.contains("could not be loaded"), "{said}");
    let again = root.query_selector(".empty .button").expect("valid");
    again
        .expect("a button")
        .unchecked_into::<HtmlElement>()
        .click();
    yew::scheduler::flush().await;
    assert!(done.borrow().contains(&GroupPanelAction::Again));
    press(&find(&root, "group-panel-close"), "Escape").await;
    assert!(done.borrow().contains(&GroupPanelAction::Close));
    root.remove();
}
