//! The connection panel in a real browser: what it shows, how it opens and closes.
#![cfg(target_arch = "wasm32")]

mod stage;

use stage::{click, find, render};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tidings_client::clock;
use tidings_client::components::{Chip, Panel};
use tidings_client_state::{Diagnosis, Snapshot};
use tidings_shared::Moment;
use tidings_shared::frame::ServerFrame;
use tidings_shared::link::{Cause, Phase};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, KeyboardEvent, KeyboardEventInit};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

fn snapshot(frames: u64) -> Snapshot {
    let now = Moment::after_origin(Duration::from_secs(100));
    let mut diagnosis = Diagnosis::new(now);
    let lost = Some(Cause::Closed(4001));
    diagnosis.changed(now, Phase::Waiting(now), lost);
    diagnosis.changed(now, Phase::Live, lost);
    for _ in 0..frames {
        let heartbeat = ServerFrame::Heartbeat(Duration::from_secs(45));
        diagnosis.received(now, Some(&heartbeat), 26);
    }
    Snapshot {
        now,
        wall_ms: clock::wall_ms(),
        diagnosis,
        network: true,
        round_trip: Some(Duration::from_millis(12)),
        answer_by: None,
        due: Some(now + Duration::from_secs(45)),
        connects: 2,
    }
}

/// The chip and its panel, as the page puts them together.
#[component]
fn ChipWithPanel() -> Html {
    let open = use_state_eq(|| false);
    let frames = use_mut_ref(|| 1_u64);
    let probe = use_callback((), move |(), ()| snapshot(frames.replace_with(|n| *n + 1)));
    let set = {
        let open = open.clone();
        Callback::from(move |wanted| open.set(wanted))
    };
    html! {
        <div class="shell">
            <Chip
                phase={Phase::Live}
                cause={None::<Cause>}
                open={*open}
                on_retry={Callback::noop()}
                on_open={set.clone()}
            />
            if *open {
                <Panel {probe} unsent={(2, 1)} on_close={set.reform(|()| false)} />
            }
        </div>
    }
}

fn is_open(root: &Element) -> bool {
    root.query_selector("[data-testid=panel]")
        .expect("valid")
        .is_some()
}

fn focused(root: &Element) -> Option<String> {
    let document = root.owner_document().expect("one");
    document.active_element()?.get_attribute("data-testid")
}

async fn opened() -> Element {
    let root = render(yew::html! { <ChipWithPanel /> }).await;
    find::<HtmlElement>(&root, "panel-open")
        .focus()
        .expect("a button");
    click(&root, "panel-open").await;
    root
}

fn text(root: &Element, testid: &str) -> String {
    find::<Element>(root, testid).text_content().expect("text")
}

#[wasm_bindgen_test]
async fn panel_shows_the_mechanisms_and_takes_the_focus() {
    let root = opened().await;
    assert_eq!(text(&root, "panel-phase"), "Connected");
    assert_eq!(text(&root, "panel-rtt"), "12 ms");
    assert!(text(&root, "panel-interval").starts_with("45 s"));
    assert_eq!(text(&root, "panel-acked"), "0 of 0");
    assert_eq!(text(&root, "panel-repushes"), "0");
    assert_eq!(text(&root, "panel-outbox"), "2, of these 1 refused");
    let ends = text(&root, "panel-reconnects");
    assert!(
        ends.contains("4001: pushes were not acknowledged"),
        "{ends}"
    );
    assert!(text(&root, "panel-frame").ends_with("0 heartbeat 45000 ms"));
    assert_eq!(focused(&root).as_deref(), Some("panel-close"));
    let opener = find::<Element>(&root, "panel-open");
    assert_eq!(
        opener.get_attribute("aria-expanded").as_deref(),
        Some("true")
    );
    click(&root, "panel-close").await;
    root.remove();
}

#[wasm_bindgen_test]
async fn escape_closes_the_panel_and_returns_the_focus() {
    let root = opened().await;
    let init = KeyboardEventInit::new();
    init.set_key("Escape");
    init.set_bubbles(true);
    let event =
        KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).expect("a valid name");
    find::<Element>(&root, "panel-close")
        .dispatch_event(&event)
        .expect("a live event");
    yew::scheduler::flush().await;
    assert!(!is_open(&root));
    assert_eq!(focused(&root).as_deref(), Some("panel-open"));
    root.remove();
}

#[wasm_bindgen_test]
async fn dot_and_close_button_toggle_the_panel() {
    let root = opened().await;
    assert!(is_open(&root));
    click(&root, "panel-open").await;
    assert!(!is_open(&root));
    click(&root, "panel-open").await;
    assert!(is_open(&root));
    click(&root, "panel-close").await;
    assert!(!is_open(&root));
    root.remove();
}

#[wasm_bindgen_test]
async fn panel_probes_a_few_times_a_second() {
    let looks = Rc::new(Cell::new(0));
    let probe = {
        let looks = looks.clone();
        Callback::from(move |()| {
            looks.set(looks.get() + 1);
            snapshot(looks.get())
        })
    };
    let root = render(html! {
        <Panel {probe} unsent={(0, 0)} on_close={Callback::noop()} />
    })
    .await;
    let before = looks.get();
    gloo_timers::future::TimeoutFuture::new(1000).await;
    let after = looks.get();
    assert!(
        (before + 1..=before + 4).contains(&after),
        "{before} {after}"
    );
    root.remove();
}
