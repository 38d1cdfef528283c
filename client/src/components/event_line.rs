//! What happened to a group, as a line of its thread.

use crate::component::component;
use crate::element::html;
use crate::i18n::Locale;
use crate::state::{Bubble, Event};
use std::rc::Rc;
use yew::prelude::*;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLineProps {
    /// The language.
    pub locale: Rc<Locale>,
    /// What happened.
    pub event: Event,
    /// Who did it, and its content.
    pub bubble: Rc<Bubble>,
}

/// A row of the thread with what happened to the group.
#[component]
pub fn EventLine(props: &EventLineProps) -> Html {
    let locale = &props.locale;
    let bubble = &props.bubble;
    let who = bubble.sender.as_ref().map(|sender| &*sender.name);
    let text = (locale.texts.group.event)(props.event, who, &bubble.text);
    html! {
        <div
            class="event"
            tabindex="-1"
            data-testid="event"
            data-seq={bubble.seq.map(|seq| seq.to_string())}
            title={locale.dates.time(bubble.time)}
        >
            <span dir="auto">{ text }</span>
        </div>
    }
}
