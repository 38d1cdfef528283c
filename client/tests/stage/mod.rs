//! A place to render components in, with the contexts that the app gives them.

use tidings_client::i18n::{Lang, Locale};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

#[derive(Debug, Clone, PartialEq, Properties)]
struct StageProps {
    locale: Locale,
    children: Html,
}

#[component]
fn Stage(props: &StageProps) -> Html {
    html! {
        <ContextProvider<Locale> context={props.locale.clone()}>
            { props.children.clone() }
        </ContextProvider<Locale>>
    }
}

/// Renders `children` in English and returns the element around them.
pub(crate) async fn render(children: Html) -> Element {
    let document = tidings_client::dom::document();
    let root = document.create_element("div").expect("a valid name");
    let body = document.body().expect("a page has one");
    body.append_child(&root).expect("a fresh element");
    let props = StageProps {
        locale: Locale::new(Lang::En),
        children,
    };
    yew::Renderer::<Stage>::with_root_and_props(root.clone(), props).render();
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
