//! What happened to a group, as a line of its thread.

use crate::i18n::use_locale;
use crate::state::{Bubble, Event};
use std::rc::Rc;
use yew::prelude::*;

/// What happened.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct EventLineProps {
    /// What happened.
    pub event: Event,
    /// Who did it, and its content.
    pub bubble: Rc<Bubble>,
}

/// A row of the thread with what happened to the group.
#[component]
pub fn EventLine(props: &EventLineProps) -> Html {
    let locale = use_locale();
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
