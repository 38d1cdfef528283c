//! The composer in a real browser: what sends, and what input methods may do.
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

type Texts = Rc<RefCell<Vec<String>>>;

struct Harness {
    root: Element,
    sent: Texts,
    drafts: Texts,
}

impl Harness {
    async fn new(draft: &str) -> Self {
        let (sent, drafts) = (Texts::default(), Texts::default());
        let record = |texts: &Texts| {
            let texts = texts.clone();
            Callback::from(move |text: String| texts.borrow_mut().push(text))
        };
        let (on_send, on_draft) = (record(&sent), record(&drafts));
        let draft: Rc<str> = draft.into();
        let peer = Peer::User(UserId(1001));
        let root =
            render(html! { <Composer {draft} {peer} draft_version=0 {on_draft} {on_send} /> })
                .await;
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

    /// Presses Enter; returns whether the browser was prevented from writing a new line.
    async fn enter(&self, how: impl Fn(&KeyboardEventInit)) -> bool {
        let prevented = self.presses_enter(how);
        yew::scheduler::flush().await;
        prevented
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
async fn enter_sends_the_text() {
    let composer = Harness::new("").await;
    composer.write("hello").await;
    assert!(composer.enter(|_| {}).await);
    assert_eq!(composer.sent(), ["hello"]);
    assert_eq!(composer.field().value(), "");
    assert!(!composer.may_send());
}

#[wasm_bindgen_test]
async fn enter_twice_before_a_render_sends_once() {
    let composer = Harness::new("").await;
    composer.write("hello").await;
    // Nothing is rendered in between.
    composer.presses_enter(|_| {});
    composer.presses_enter(|_| {});
    composer
        .field()
        .set_value("and what is written right after");
    yew::scheduler::flush().await;
    assert_eq!(composer.sent(), ["hello"]);
    assert_eq!(composer.field().value(), "and what is written right after");
}

#[wasm_bindgen_test]
async fn shift_enter_sends_nothing() {
    let composer = Harness::new("").await;
    composer.write("hello").await;
    assert!(!composer.enter(|init| init.set_shift_key(true)).await);
    assert_eq!(composer.sent(), [""; 0]);
}

#[wasm_bindgen_test]
async fn enter_that_confirms_a_composition_sends_nothing() {
    let composer = Harness::new("").await;
    composer.write("nihao").await;
    assert!(!composer.enter(|init| init.set_is_composing(true)).await);
    assert!(!composer.enter(|init| init.set_key_code(229)).await);
    assert_eq!(composer.sent(), [""; 0]);
    assert_eq!(composer.field().value(), "nihao");
}

#[wasm_bindgen_test]
async fn white_space_and_too_long_text_cannot_be_sent() {
    let composer = Harness::new("").await;
    assert!(!composer.may_send());
    composer.write(" \n ").await;
    assert!(!composer.may_send());
    composer.enter(|_| {}).await;
    composer.write(&"字".repeat(2730)).await;
    assert!(composer.may_send());
    composer.write(&"字".repeat(2731)).await;
    assert!(!composer.may_send());
    assert!(
        composer
            .root
            .text_content()
            .expect("text")
            .contains("1 byte too many")
    );
    composer.enter(|_| {}).await;
    assert_eq!(composer.sent(), [""; 0]);
}

#[wasm_bindgen_test]
async fn draft_is_restored_and_every_change_is_emitted() {
    let composer = Harness::new("half a thought").await;
    assert_eq!(composer.field().value(), "half a thought");
    assert!(composer.may_send());
    composer.write("half a thought more").await;
    assert_eq!(*composer.drafts.borrow(), ["half a thought more"]);
    click(&composer.root, "composer-send").await;
    assert_eq!(composer.sent(), ["half a thought more"]);
}
