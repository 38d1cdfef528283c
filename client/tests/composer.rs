//! The composer in a real browser: what sends, and what an input method may do unharmed.
#![cfg(target_arch = "wasm32")]

mod stage;

use stage::{click, find, render};
use std::cell::RefCell;
use std::rc::Rc;
use tidings_client::components::Composer;
use tidings_shared::{Peer, UserId};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, Event, EventInit, HtmlTextAreaElement, KeyboardEvent, KeyboardEventInit};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

type Heard = Rc<RefCell<Vec<String>>>;

struct Desk {
    root: Element,
    sent: Heard,
    drafts: Heard,
}

impl Desk {
    async fn new(draft: &str) -> Self {
        let (sent, drafts) = (Heard::default(), Heard::default());
        let hear = |heard: &Heard| {
            let heard = heard.clone();
            Callback::from(move |text: String| heard.borrow_mut().push(text))
        };
        let (on_send, on_draft) = (hear(&sent), hear(&drafts));
        let draft: Rc<str> = draft.into();
        let peer = Peer::User(UserId(1001));
        let root = render(html! { <Composer {draft} {peer} begun=0 {on_draft} {on_send} /> }).await;
        Self { root, sent, drafts }
    }

    fn field(&self) -> HtmlTextAreaElement {
        find(&self.root, "composer-input")
    }

    async fn write(&self, text: &str) {
        self.field().set_value(text);
        let init = EventInit::new();
        init.set_bubbles(true);
        let event = Event::new_with_event_init_dict("input", &init).expect("a valid name");
        self.field().dispatch_event(&event).expect("a live event");
        yew::scheduler::flush().await;
    }

    /// Presses Enter; returns whether the browser was kept from writing a new line.
    async fn enter(&self, how: impl Fn(&KeyboardEventInit)) -> bool {
        let kept = self.presses_enter(how);
        yew::scheduler::flush().await;
        kept
    }

    /// The same, before anything is rendered.
    fn presses_enter(&self, how: impl Fn(&KeyboardEventInit)) -> bool {
        let init = KeyboardEventInit::new();
        init.set_key("Enter");
        init.set_bubbles(true);
        init.set_cancelable(true);
        how(&init);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init)
            .expect("a valid name");
        !self.field().dispatch_event(&event).expect("a live event")
    }

    fn sent(&self) -> Vec<String> {
        self.sent.borrow().clone()
    }

    fn may_send(&self) -> bool {
        !find::<Element>(&self.root, "composer-send").has_attribute("disabled")
    }
}

#[wasm_bindgen_test]
async fn enter_sends_what_is_written() {
    let desk = Desk::new("").await;
    desk.write("hello").await;
    assert!(desk.enter(|_| {}).await);
    assert_eq!(desk.sent(), ["hello"]);
    assert_eq!(desk.field().value(), "");
    assert!(!desk.may_send());
}

#[wasm_bindgen_test]
async fn enter_twice_sends_once_however_slow_the_page_is() {
    let desk = Desk::new("").await;
    desk.write("hello").await;
    // Nothing is rendered in between.
    desk.presses_enter(|_| {});
    desk.presses_enter(|_| {});
    desk.field().set_value("and what is written right after");
    yew::scheduler::flush().await;
    assert_eq!(desk.sent(), ["hello"]);
    assert_eq!(desk.field().value(), "and what is written right after");
}

#[wasm_bindgen_test]
async fn shift_and_enter_begin_a_new_line() {
    let desk = Desk::new("").await;
    desk.write("hello").await;
    assert!(!desk.enter(|init| init.set_shift_key(true)).await);
    assert_eq!(desk.sent(), [""; 0]);
}

#[wasm_bindgen_test]
async fn enter_that_confirms_an_input_method_sends_nothing() {
    let desk = Desk::new("").await;
    desk.write("nihao").await;
    assert!(!desk.enter(|init| init.set_is_composing(true)).await);
    assert!(!desk.enter(|init| init.set_key_code(229)).await);
    assert_eq!(desk.sent(), [""; 0]);
    assert_eq!(desk.field().value(), "nihao");
}

#[wasm_bindgen_test]
async fn white_space_and_what_is_too_long_cannot_be_sent() {
    let desk = Desk::new("").await;
    assert!(!desk.may_send());
    desk.write(" \n ").await;
    assert!(!desk.may_send());
    desk.enter(|_| {}).await;
    desk.write(&"字".repeat(2730)).await;
    assert!(desk.may_send());
    desk.write(&"字".repeat(2731)).await;
    assert!(!desk.may_send());
    assert!(
        desk.root
            .text_content()
            .expect("text")
            .contains("1 byte too many")
    );
    desk.enter(|_| {}).await;
    assert_eq!(desk.sent(), [""; 0]);
}

#[wasm_bindgen_test]
async fn a_draft_is_there_again_and_every_change_is_told() {
    let desk = Desk::new("half a thought").await;
    assert_eq!(desk.field().value(), "half a thought");
    assert!(desk.may_send());
    desk.write("half a thought more").await;
    assert_eq!(*desk.drafts.borrow(), ["half a thought more"]);
    click(&desk.root, "composer-send").await;
    assert_eq!(desk.sent(), ["half a thought more"]);
}
