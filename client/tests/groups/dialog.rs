//! The dialog that creates a group or adds members to one.

use crate::stage::{click, find, render};
use crate::{Actions, everyone, has, people, press, record, text};
use tidings_client::components::{GroupDialog, GroupDialogAction};
use tidings_client::dom;
use tidings_client::net::HttpError;
use tidings_client_state::Contacts;
use tidings_shared::UserId;
use tidings_shared::api::ProblemCode;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, Event, EventInit, HtmlInputElement};
use yew::prelude::*;

async fn type_in(field: &HtmlInputElement, text: &str) {
    field.set_value(text);
    let init = EventInit::new();
    init.set_bubbles(true);
    let event = Event::new_with_event_init_dict("input", &init).expect("a valid name");
    field.dispatch_event(&event).expect("a live event");
    yew::scheduler::flush().await;
}

fn has_focus(element: &Element) -> bool {
    dom::document().active_element().as_ref() == Some(element)
}

/// The dialog, and what it emitted.
struct Dialog {
    root: Element,
    actions: Actions<GroupDialogAction>,
}

impl Dialog {
    async fn new(adds: bool, members: Contacts, error: Option<HttpError>) -> Self {
        let actions = Actions::default();
        let on_action = record(&actions);
        let root = render(html! {
            <GroupDialog {adds} contacts={everyone()} {members} busy=false {error} {on_action} />
        })
        .await;
        Self { root, actions }
    }

    /// The submits and cancels; requests for more contacts are left out.
    fn actions(&self) -> Vec<GroupDialogAction> {
        let more =
            |action: &GroupDialogAction| !matches!(action, GroupDialogAction::MoreContacts(_));
        self.actions
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

impl Drop for Dialog {
    fn drop(&mut self) {
        // A modal dialog would keep the focus away from the next test's dialog.
        self.root.remove();
    }
}

#[wasm_bindgen_test]
async fn invalid_form_shows_the_error_and_focuses_its_field() {
    let dialog = Dialog::new(false, Contacts::default(), None).await;
    assert!(has_focus(&dialog.name()), "the dialog takes the focus");
    dialog.search().focus().expect("a field");
    dialog.submit().await;
    assert_eq!(text(&dialog.root, "group-error"), "Give the group a name.");
    assert!(has_focus(&dialog.name()));
    type_in(&dialog.name(), &"群".repeat(65)).await;
    assert_eq!(text(&dialog.root, "group-name-count"), "65/64");
    dialog.submit().await;
    assert!(text(&dialog.root, "group-error").contains("too long"));
    type_in(&dialog.name(), " Hikers ").await;
    assert_eq!(text(&dialog.root, "group-name-count"), "6/64");
    dialog.submit().await;
    assert_eq!(
        text(&dialog.root, "group-error"),
        "Choose at least one person."
    );
    assert!(has_focus(&dialog.search()));
    assert_eq!(dialog.actions(), []);
    dialog.tick(1).await;
    assert!(!has(&dialog.root, "group-error"));
    dialog.submit().await;
    let expected = GroupDialogAction::Submit("Hikers".into(), vec![UserId(1002)]);
    assert_eq!(dialog.actions(), [expected]);
}

#[wasm_bindgen_test]
async fn people_are_found_and_chosen_by_the_keyboard() {
    let dialog = Dialog::new(false, Contacts::default(), None).await;
    type_in(&dialog.search(), "ada").await;
    assert_eq!(dialog.boxes().len(), 1);
    press(&dialog.search(), "Enter").await;
    assert_eq!(dialog.chosen(), ["Ada Lovelace"]);
    type_in(&dialog.search(), "").await;
    press(&dialog.search(), "ArrowDown").await;
    let boxes = dialog.boxes();
    assert!(has_focus(&boxes[0]));
    press(&boxes[0], "ArrowDown").await;
    assert!(has_focus(&boxes[1]));
    dialog.tick(1).await;
    assert_eq!(dialog.chosen(), ["Ada Lovelace", "王五"]);
    click(&dialog.root, "chosen").await;
    assert_eq!(dialog.chosen(), ["王五"]);
    assert!(
        has_focus(&dialog.search()),
        "the button that had the focus is gone"
    );
    assert_eq!(dialog.actions(), []);
}

#[wasm_bindgen_test]
async fn server_error_says_what_to_do() {
    let refused = |code| HttpError::Refused(code, "a reason".into());
    for (error, words) in [
        (refused(ProblemCode::LimitReached), "Choose fewer people"),
        (refused(ProblemCode::Forbidden), "Only the group’s owner"),
        (refused(ProblemCode::BadRequest), "a reason. Change it"),
        (HttpError::Network, "did not answer"),
        (HttpError::Server, "Try again in a moment"),
    ] {
        let dialog = Dialog::new(false, Contacts::default(), Some(error)).await;
        let shown = text(&dialog.root, "group-error");
        assert!(shown.contains(words), "{shown}");
    }
}

#[wasm_bindgen_test]
async fn members_cannot_be_added_again_and_need_no_name() {
    let dialog = Dialog::new(true, people(&[(1001, "李四")]), None).await;
    assert!(!has(&dialog.root, "group-name"));
    let boxes = dialog.boxes();
    assert!(boxes[0].disabled() && boxes[0].checked());
    press(&dialog.search(), "ArrowDown").await;
    assert!(has_focus(&boxes[1]), "the first that can be chosen");
    dialog.tick(2).await;
    dialog.submit().await;
    let expected = GroupDialogAction::Submit(String::new(), vec![UserId(1003)]);
    assert_eq!(dialog.actions(), [expected]);
}

#[wasm_bindgen_test]
async fn browser_cancel_is_emitted_and_prevented() {
    let dialog = Dialog::new(false, Contacts::default(), None).await;
    let element = find::<Element>(&dialog.root, "group-dialog");
    let init = EventInit::new();
    init.set_cancelable(true);
    let cancel = Event::new_with_event_init_dict("cancel", &init).expect("a valid name");
    assert!(!element.dispatch_event(&cancel).expect("a live event"));
    yew::scheduler::flush().await;
    assert_eq!(dialog.actions(), [GroupDialogAction::Cancel]);
}
