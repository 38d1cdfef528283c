//! The driver of the connection with the browser's own sockets, timers and events.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tidings_client::net::{Connection, Signal};
use tidings_client::{clock, dom};
use tidings_shared::UserId;
use tidings_shared::link::{Cause, Phase};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Event;
use yew::Callback;

wasm_bindgen_test_configure!(run_in_browser);

/// Nothing listens here: port 9 is "discard".
const NOWHERE: &str = "ws://127.0.0.1:9/ws";

/// Signals that arrived, and who waits for the next.
#[derive(Clone, Default)]
struct Ear {
    heard: Rc<RefCell<Vec<Signal>>>,
    waiting: Rc<RefCell<Option<js_sys::Function>>>,
}

impl Ear {
    fn connection(&self, url: &str) -> Connection {
        let ear = self.clone();
        let owner = Callback::from(move |signal| {
            ear.heard.borrow_mut().push(signal);
            if let Some(wake) = ear.waiting.take() {
                wake.call0(&wasm_bindgen::JsValue::UNDEFINED)
                    .expect("a resolver");
            }
        });
        Connection::with_url(UserId(1), url.into(), owner)
    }

    /// Awaits signals until `done`.
    async fn until(&self, done: impl Fn(&[Signal]) -> bool) {
        while !done(&self.heard.borrow()) {
            let waiting = self.waiting.clone();
            let promise = js_sys::Promise::new(&mut |resolve, _| {
                waiting.replace(Some(resolve));
            });
            JsFuture::from(promise)
                .await
                .expect("it is only ever resolved");
        }
    }
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_waited_for_and_tried_again_when_asked() {
    let ear = Ear::default();
    let connection = ear.connection(NOWHERE);
    assert_eq!(connection.phase(), Phase::Idle);
    connection.start();
    assert_eq!(connection.phase(), Phase::Connecting);
    ear.until(|_| matches!(connection.phase(), Phase::Waiting(_)))
        .await;
    assert_eq!(connection.last_cause(), Some(Cause::Closed(1006)));
    connection.retry_now();
    assert_eq!(connection.phase(), Phase::Connecting);
    connection.stop();
    assert_eq!(connection.phase(), Phase::Stopped);
}

#[wasm_bindgen_test]
async fn an_address_the_browser_refuses_is_an_end_like_any_other() {
    let ear = Ear::default();
    let connection = ear.connection("ftp://127.0.0.1/ws");
    connection.start();
    assert!(matches!(connection.phase(), Phase::Waiting(_)));
    connection.stop();
}

#[wasm_bindgen_test]
async fn the_network_coming_back_ends_the_waiting() {
    let ear = Ear::default();
    let connection = ear.connection(NOWHERE);
    connection.start();
    ear.until(|_| matches!(connection.phase(), Phase::Waiting(_)))
        .await;
    let online = Event::new("online").expect("a valid name");
    dom::window().dispatch_event(&online).expect("a live event");
    assert_eq!(connection.phase(), Phase::Connecting);
}

#[wasm_bindgen_test]
async fn the_owner_is_woken_at_its_moment_and_not_before() {
    let ear = Ear::default();
    let connection = ear.connection(NOWHERE);
    let due = clock::now() + Duration::from_millis(30);
    connection.wake_at(Some(clock::now() + Duration::from_hours(1)));
    connection.wake_at(Some(due));
    ear.until(|heard| heard.contains(&Signal::Due)).await;
    assert!(clock::now() >= due);
    assert_eq!(ear.heard.borrow().len(), 1);
}

#[wasm_bindgen_test]
async fn showing_the_page_is_told() {
    let ear = Ear::default();
    let _connection = ear.connection(NOWHERE);
    let shown = Event::new("visibilitychange").expect("a valid name");
    dom::document()
        .dispatch_event(&shown)
        .expect("a live event");
    ear.until(|heard| !heard.is_empty()).await;
    assert!(matches!(ear.heard.borrow()[..], [Signal::Visible(_)]));
}
