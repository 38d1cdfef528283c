//! An event of a group, as a line of its thread.

use crate::i18n::Locale;
use tidings_client_state::{Bubble, GroupEvent};
use yew::prelude::*;

/// A row of the thread with an event; the bubble holds the actor and the content.
pub fn event_line(event: GroupEvent, bubble: &Bubble, locale: &Locale) -> Html {
    let who = bubble.sender.as_ref().map(|sender| &*sender.name);
    let text = (locale.texts.group.event)(event, who, &bubble.text);
    html! {
        <div
            key={bubble.key.clone()}
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
