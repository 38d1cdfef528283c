//! Placeholders for content that is being loaded.

use crate::i18n::Texts;
use yew::prelude::*;

/// The kind of placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skeleton {
    /// Rows of a list.
    List,
    /// Messages.
    Thread,
}

impl Skeleton {
    /// The HTML.
    pub fn html(self, texts: &Texts) -> Html {
        let (class, shape) = match self {
            Self::Thread => {
                let bubble = |class: &'static str| html! { <span class={classes!("skeleton-bubble", class)} /> };
                let bubbles = ["short", "long", "out", "long", "out short", "short"];
                ("skeleton-thread", bubbles.map(bubble))
            }
            Self::List => {
                let row = html! {
                    <span class="skeleton-row">
                        <span class="skeleton-face" />
                        <span class="skeleton-lines"><span /><span /></span>
                    </span>
                };
                ("skeleton-list", [(); 6].map(|()| row.clone()))
            }
        };
        html! {
            <div {class} role="status">
                <span class="hidden-text">{ texts.loading }</span>
                { for shape }
            </div>
        }
    }
}
