//! Rows, bubbles and the connection chip in a real browser.
#![cfg(target_arch = "wasm32")]

mod stage;

use stage::{click, find, render};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tidings_client::components::{BubbleRow, Chip, ConversationRow};
use tidings_client::{clock, dom};
use tidings_client_state::{Bubble, BubbleState, Content, ListRow, PreviewKind};
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{ClientMsgId, Direction, ErrorCode, Mid, Peer, Seq, UserId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

fn bubble(text: &str, state: BubbleState) -> Rc<Bubble> {
    Rc::new(Bubble {
        key: "k".into(),
        mid: Some(Mid(9)),
        seq: Some(Seq(3)),
        unsent: Some(ClientMsgId("u-1".into())),
        text: text.into(),
        content: Content::Text,
        sender: None,
        direction: Direction::Sent,
        state,
        time: 1_700_000_000_000,
        first: true,
        last: true,
    })
}

async fn message(text: &str, state: BubbleState) -> Element {
    render(html! { <BubbleRow
        bubble={bubble(text, state)}
        unfolded=false
        on_action={Callback::noop()}
        on_fold={Callback::noop()}
    /> })
    .await
}

#[wasm_bindgen_test]
async fn text_is_shown_verbatim_and_never_as_html() {
    let text = "<b>bold</b> & <img src=x onerror=alert(1)>\n  two";
    let root = message(text, BubbleState::Sent).await;
    let shown = find::<Element>(&root, "message-text");
    assert_eq!(shown.text_content().as_deref(), Some(text));
    assert_eq!(shown.child_element_count(), 0);
}

#[wasm_bindgen_test]
async fn address_becomes_a_link_without_opener_or_referrer() {
    let root = message("see https://example.org/a, ok", BubbleState::Sent).await;
    let link = root.query_selector("a").expect("valid").expect("a link");
    assert_eq!(
        link.get_attribute("href").as_deref(),
        Some("https://example.org/a")
    );
    assert_eq!(
        link.get_attribute("rel").as_deref(),
        Some("noopener noreferrer")
    );
    assert_eq!(link.get_attribute("target").as_deref(), Some("_blank"));
    let shown = find::<Element>(&root, "message-text").text_content();
    assert_eq!(shown.as_deref(), Some("see https://example.org/a, ok"));
}

#[wasm_bindgen_test]
async fn link_shows_its_real_host() {
    let text = "\u{202e}http://аррӏе.com/ http://[2001:db8::1]:8080/ www.example.org http://[x]/";
    let root = message(text, BubbleState::Sent).await;
    let links = root.query_selector_all("a").expect("valid");
    let links: Vec<(String, String)> = (0..links.length())
        .filter_map(|at| links.get(at)?.dyn_into::<Element>().ok())
        .map(|link| {
            assert_eq!(link.get_attribute("dir").as_deref(), Some("ltr"));
            let href = link.get_attribute("href").expect("a link");
            (link.text_content().expect("text"), href)
        })
        .collect();
    let pair = |text: &str, href: &str| (text.to_owned(), href.to_owned());
    let ip = "http://[2001:db8::1]:8080/";
    assert_eq!(
        links,
        [
            pair("http://xn--80ak6aa92e.com/", "http://аррӏе.com/"),
            pair(ip, ip),
            pair("www.example.org", "http://www.example.org"),
        ]
    );
}

#[wasm_bindgen_test]
async fn message_has_its_ids_and_state_as_attributes() {
    let root = message("x", BubbleState::Failed(ErrorCode::UnknownRecipient)).await;
    let row = find::<Element>(&root, "message");
    for (name, value) in [
        ("data-mid", "9"),
        ("data-seq", "3"),
        ("data-state", "failed"),
        ("data-direction", "sent"),
    ] {
        assert_eq!(row.get_attribute(name).as_deref(), Some(value), "{name}");
    }
    let text = row.text_content().expect("text");
    assert!(text.contains("does not exist any more"), "{text}");
    assert!(text.contains("Retry") && text.contains("Delete"), "{text}");
}

#[wasm_bindgen_test]
async fn conversation_row_shows_draft_and_badge() {
    let row = ListRow {
        peer: Peer::User(UserId(1001)),
        name: "李四".into(),
        avatar: "".into(),
        kind: PreviewKind::Draft,
        text: "half a thought".into(),
        sender: None,
        time: clock::wall_ms(),
        unread: 1000,
        selected: false,
        online: false,
    };
    let opened = Rc::new(Cell::new(None));
    let on_open = {
        let opened = opened.clone();
        Callback::from(move |peer| opened.set(Some(peer)))
    };
    let root = render(html! { <ConversationRow {row} {on_open} /> }).await;
    let text = |testid| find::<Element>(&root, testid).text_content().expect("text");
    assert_eq!(text("row-name"), "李四");
    assert_eq!(text("row-preview"), "Draft: half a thought");
    assert_eq!(text("row-badge"), "999+");
    let heard = root.text_content().expect("text");
    assert!(heard.contains("999+ unread"), "{heard:?}");
    assert_eq!(text("row-time").len(), "12:34".len());
    click(&root, "conversation-row").await;
    assert_eq!(opened.get(), Some(Peer::User(UserId(1001))));
}

#[wasm_bindgen_test]
async fn chip_shows_the_connection_phase_and_retries() {
    let asked = Rc::new(Cell::new(0));
    let on_retry = {
        let asked = asked.clone();
        Callback::from(move |()| asked.set(asked.get() + 1))
    };
    let chip = |phase, cause| {
        let on_retry = on_retry.clone();
        let on_open = Callback::noop();
        render(html! { <Chip {phase} {cause} open=false {on_retry} {on_open} /> })
    };
    let until = clock::now() + Duration::from_secs(7);
    let waiting = chip(Phase::Waiting(until), Some(Cause::Closed(1006))).await;
    let text = waiting.text_content().expect("text");
    assert!(
        text.contains("Offline") && text.contains("retry in 7 s"),
        "{text}"
    );
    let status = waiting
        .query_selector("[role=status]")
        .expect("valid")
        .expect("one");
    assert!(
        !status.text_content().expect("text").contains('7'),
        "ticks are not read out"
    );
    click(&waiting, "retry-now").await;
    assert_eq!(asked.get(), 1);

    let stopped = chip(Phase::Stopped, Some(Cause::Closed(4502))).await;
    let phase = find::<Element>(&stopped, "connection").get_attribute("data-phase");
    assert_eq!(phase.as_deref(), Some("stopped"));
    assert!(
        stopped
            .text_content()
            .expect("text")
            .contains("Another window")
    );

    let live = chip(Phase::Live, None).await;
    assert_eq!(live.text_content().as_deref(), Some("Connected"));
    // The next test looks for the one chip of the page.
    [waiting, stopped, live].iter().for_each(Element::remove);
}

#[derive(PartialEq, Properties)]
struct ClickToConnectProps {
    on_retry: Callback<()>,
}

/// A chip whose connection waits until a click anywhere in it.
#[component]
fn ClickToConnect(props: &ClickToConnectProps) -> Html {
    let phase = use_state(|| Phase::Waiting(clock::now()));
    let connect = {
        let phase = phase.clone();
        move |_: MouseEvent| phase.set(Phase::Connecting)
    };
    let (on_retry, on_open) = (props.on_retry.clone(), Callback::noop());
    html! {
        <div data-testid="connect" onclick={connect}>
            <Chip phase={*phase} cause={None} open=false {on_retry} {on_open} />
        </div>
    }
}

#[wasm_bindgen_test]
async fn removed_retry_button_passes_its_focus_on() {
    let root = render(html! { <ClickToConnect on_retry={Callback::noop()} /> }).await;
    let button: HtmlElement = find(&root, "retry-now");
    button.focus().expect("a button");
    assert_eq!(dom::document().active_element().as_ref(), Some(&*button));
    click(&root, "connect").await;
    assert!(!button.is_connected());
    let focused = dom::document().active_element();
    assert_eq!(focused, Some(find::<Element>(&root, "panel-open")));
    root.remove();
}

#[derive(PartialEq, Properties)]
struct ShrinkingProps {
    rows: u64,
}

/// A list that loses its first row with each click.
#[component]
fn Shrinking(props: &ShrinkingProps) -> Html {
    let first = use_state(|| 0);
    let onclick = {
        let first = first.clone();
        move |_: MouseEvent| first.set(*first + 1)
    };
    let row = |n: u64| html! { <li key={n}>{ n }</li> };
    html! { <ul data-testid="list" {onclick}>{ for (*first..props.rows).map(row) }</ul> }
}

#[wasm_bindgen_test]
async fn last_row_keeps_its_element_when_the_first_goes() {
    let root = render(html! { <Shrinking rows=2 /> }).await;
    let list: Element = find(&root, "list");
    let survivor = list.last_element_child().expect("two rows");
    click(&root, "list").await;
    assert_eq!(list.child_element_count(), 1);
    assert!(survivor.is_connected(), "it is not made anew");
    root.remove();
}

#[wasm_bindgen_test]
fn page_has_its_language_attribute() {
    dom::set_language("zh-CN");
    let root = dom::document().document_element().expect("one");
    assert_eq!(root.get_attribute("lang").as_deref(), Some("zh-CN"));
}
