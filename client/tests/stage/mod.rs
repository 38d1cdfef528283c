//! Renders components for tests, in the context that the app gives them.

use std::rc::Rc;
use tidings_client::i18n::{Lang, Locale};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

#[derive(Debug, Clone, PartialEq, Properties)]
struct StageProps {
    children: Html,
}

#[component]
fn Stage(props: &StageProps) -> Html {
    html! {
        <ContextProvider<Rc<Locale>> context={english()}>{ props.children.clone() }</ContextProvider<Rc<Locale>>>
    }
}

/// The English locale.
pub(crate) fn english() -> Rc<Locale> {
    Rc::new(Locale::new(Lang::En))
}

/// Renders `children` and returns the element around them.
pub(crate) async fn render(children: Html) -> Element {
    let document = tidings_client::dom::document();
    let root = document.create_element("div").expect("a valid name");
    let body = document.body().expect("a page has one");
    body.append_child(&root).expect("a fresh element");
    yew::Renderer::<Stage>::with_root_and_props(root.clone(), StageProps { children }).render();
    yew::scheduler::flush().await;
    root
}

/// The element with this test id.
pub(crate) fn find<T: JsCast>(root: &Element, testid: &str) -> T {
    root.query_selector(&format!("[data-testid={testid}]"))
        .expect("a valid selector")
        .unwrap_or_else(|| panic!("{testid} is in {}", root.inner_html()))
        .dyn_into()
        .unwrap_or_else(|_| panic!("{testid} is of another kind"))
}

/// Clicks the element with this test id.
pub(crate) async fn click(root: &Element, testid: &str) {
    find::<HtmlElement>(root, testid).click();
    yew::scheduler::flush().await;
}
