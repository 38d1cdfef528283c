//! The shape of what is on its way.

use crate::i18n::use_locale;
use yew::prelude::*;

/// Which shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Properties)]
pub struct SkeletonProps {
    /// `true`: messages; `false`: rows of a list.
    #[prop_or_default]
    pub thread: bool,
}

/// The shape of what is on its way.
#[component]
pub fn Skeleton(props: &SkeletonProps) -> Html {
    let texts = use_locale().texts;
    let shape = if props.thread {
        let bubble =
            |class: &'static str| html! { <span class={classes!("skeleton-bubble", class)} /> };
        ["short", "long", "out", "long", "out short", "short"].map(bubble)
    } else {
        let row = html! {
            <span class="skeleton-row">
                <span class="skeleton-face" />
                <span class="skeleton-lines"><span /><span /></span>
            </span>
        };
        [(); 6].map(|()| row.clone())
    };
    html! {
        <div class={if props.thread { "skeleton-thread" } else { "skeleton-list" }} role="status">
            <span class="hidden-text">{ texts.loading }</span>
            { for shape }
        </div>
    }
}
