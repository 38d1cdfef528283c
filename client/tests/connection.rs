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

/// The signals that arrived, and a waker for the next one.
#[derive(Clone, Default)]
struct Signals {
    received: Rc<RefCell<Vec<Signal>>>,
    waiting: Rc<RefCell<Option<js_sys::Function>>>,
}

impl Signals {
    fn connection(&self, url: &str) -> Connection {
        let signals = self.clone();
        let owner = Callback::from(move |signal| {
            signals.received.borrow_mut().push(signal);
            if let Some(wake) = signals.waiting.take() {
                wake.call0(&wasm_bindgen::JsValue::UNDEFINED)
                    .expect("a resolver");
            }
        });
        Connection::with_url(UserId(1), url.into(), owner)
    }

    /// Awaits signals until `done`.
    async fn until(&self, done: impl Fn(&[Signal]) -> bool) {
        while !done(&self.received.borrow()) {
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
async fn unreachable_server_is_retried_on_request() {
    let signals = Signals::default();
    let connection = signals.connection(NOWHERE);
    assert_eq!(connection.phase(), Phase::Idle);
    connection.start();
    assert_eq!(connection.phase(), Phase::Connecting);
    signals
        .until(|_| matches!(connection.phase(), Phase::Waiting(_)))
        .await;
    assert_eq!(connection.last_cause(), Some(Cause::Closed(1006)));
    connection.retry_now();
    assert_eq!(connection.phase(), Phase::Connecting);
    connection.stop();
    assert_eq!(connection.phase(), Phase::Stopped);
}

#[wasm_bindgen_test]
async fn refused_url_is_handled_like_a_close() {
    let signals = Signals::default();
    let connection = signals.connection("ftp://127.0.0.1/ws");
    connection.start();
    assert!(matches!(connection.phase(), Phase::Waiting(_)));
    connection.stop();
}

#[wasm_bindgen_test]
async fn online_event_reconnects_at_once() {
    let signals = Signals::default();
    let connection = signals.connection(NOWHERE);
    connection.start();
    signals
        .until(|_| matches!(connection.phase(), Phase::Waiting(_)))
        .await;
    let online = Event::new("online").expect("a valid name");
    dom::window().dispatch_event(&online).expect("a live event");
    assert_eq!(connection.phase(), Phase::Connecting);
}

#[wasm_bindgen_test]
async fn owner_is_woken_at_its_deadline_and_not_before() {
    let signals = Signals::default();
    let connection = signals.connection(NOWHERE);
    let due = clock::now() + Duration::from_millis(30);
    connection.wake_at(Some(clock::now() + Duration::from_hours(1)));
    connection.wake_at(Some(due));
    signals
        .until(|received| received.contains(&Signal::Due))
        .await;
    assert!(clock::now() >= due);
    assert_eq!(signals.received.borrow().len(), 1);
}

#[wasm_bindgen_test]
async fn visibility_change_is_signalled() {
    let signals = Signals::default();
    let _connection = signals.connection(NOWHERE);
    let shown = Event::new("visibilitychange").expect("a valid name");
    dom::document()
        .dispatch_event(&shown)
        .expect("a live event");
    signals.until(|received| !received.is_empty()).await;
    assert!(matches!(
        signals.received.borrow()[..],
        [Signal::Visible(_)]
    ));
}
