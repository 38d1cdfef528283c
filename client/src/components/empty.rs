//! An empty place, which says what to do next.

use super::Icon;
use yew::prelude::*;

/// What an empty place says.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct EmptyProps {
    /// A picture of what would be here.
    pub icon: Icon,
    /// What is so.
    pub title: AttrValue,
    /// What to do.
    #[prop_or_default]
    pub hint: AttrValue,
    /// A button to do it with.
    #[prop_or_default]
    pub children: Html,
}

/// An empty place.
#[component]
pub fn Empty(props: &EmptyProps) -> Html {
    html! {
        <div class="empty">
            <span class="empty-icon">{ props.icon.html() }</span>
            <p class="empty-title">{ &props.title }</p>
            if !props.hint.is_empty() {
                <p class="empty-hint">{ &props.hint }</p>
            }
            { props.children.clone() }
        </div>
    }
}
