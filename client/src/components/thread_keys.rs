//! The thread by keyboard: moving between rows, and copying.

use super::thread::ThreadProps;
use crate::dom;
use tidings_client_state::{Bubble, Row};
use tidings_shared::Direction;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element, Event, HtmlElement, KeyboardEvent, NodeList, Selection};

/// The rows that take the focus.
const ROWS: &str = ".message-rows > :is(.message, .event)";

fn rows(log: &Element) -> Option<NodeList> {
    log.query_selector_all(ROWS).ok()
}

fn focus(row: &Element) {
    if let Some(row) = row.dyn_ref::<HtmlElement>() {
        // A row that cannot take the focus leaves it where it is.
        let _ = row.focus();
    }
}

/// Moves the focus to the person's own last message. Returns whether one is rendered.
pub(super) fn focus_last_sent() -> bool {
    let sent = dom::document()
        .query_selector_all(".message-rows > .message.out")
        .ok()
        .and_then(|sent| sent.get(sent.length().checked_sub(1)?))
        .and_then(|sent| sent.dyn_into::<Element>().ok());
    if let Some(sent) = &sent {
        focus(sent);
    }
    sent.is_some()
}

/// The arrow keys move from row to row, Home and End to the first and last rendered one, Escape to
/// the composer. On the thread itself only "up" does something: it moves to the last row.
pub(super) fn walk(log: &Element, event: &KeyboardEvent) {
    let key = event.key();
    if key == "Escape" {
        return dom::focus("composer-input");
    }
    let Some(focused) = dom::document().active_element() else {
        return;
    };
    let Some(rows) = rows(log).filter(|rows| rows.length() > 0) else {
        return;
    };
    let last = rows.length() - 1;
    let to = if focused == *log {
        (key == "ArrowUp").then_some(last)
    } else {
        // A button in a row keeps its keys.
        let at = (0..=last).find(|at| rows.get(*at).is_some_and(|row| row == *focused.as_ref()));
        at.and_then(|at| match key.as_str() {
            "ArrowUp" => at.checked_sub(1),
            "ArrowDown" => Some(at + 1).filter(|next| *next <= last),
            "Home" => Some(0),
            "End" => Some(last),
            _ => None,
        })
    };
    let row = to.and_then(|at| rows.get(at)?.dyn_into::<Element>().ok());
    if let Some(row) = row {
        event.prevent_default();
        focus(&row);
    }
}

/// Copies a selection over several messages, each with its sender and time, or the text of the
/// focused row if nothing is selected. A selection within one message is left to the browser.
pub(super) fn copy(log: &Element, event: &Event, props: &ThreadProps) {
    let Some(event) = event.dyn_ref::<ClipboardEvent>() else {
        return;
    };
    let selection = dom::window().get_selection().ok().flatten();
    let selection = selection.filter(|selection| !selection.is_collapsed());
    let Some(rows) = rows(log) else { return };
    let bubbles = props.view.rows.iter().filter_map(|row| match row {
        Row::Bubble(bubble) | Row::Event(_, bubble) => Some(&**bubble),
        Row::Day(..) | Row::Unread(_) => None,
    });
    let chosen: Vec<&Bubble> = bubbles
        .zip(0..rows.length())
        .filter(|(_, at)| {
            rows.get(*at)
                .is_some_and(|row| is_chosen(selection.as_ref(), &row))
        })
        .map(|(bubble, _)| bubble)
        .collect();
    let text = match (&selection, chosen.as_slice()) {
        (None, [one]) => one.text.to_string(),
        (Some(_), [_, _, ..]) => {
            let lines: Vec<String> = chosen.iter().map(|b| line(b, props)).collect();
            lines.join("\n")
        }
        _ => return,
    };
    if let Some(data) = event.clipboard_data()
        && data.set_data("text/plain", &text).is_ok()
    {
        event.prevent_default();
    }
}

fn is_chosen(selection: Option<&Selection>, row: &web_sys::Node) -> bool {
    match selection {
        Some(selection) => selection
            .contains_node_with_allow_partial_containment(row, true)
            .unwrap_or(false),
        None => dom::document()
            .active_element()
            .is_some_and(|focused| *row == *focused.as_ref()),
    }
}

fn line(bubble: &Bubble, props: &ThreadProps) -> String {
    let locale = &props.locale;
    let who = match (&bubble.sender, bubble.direction) {
        (Some(sender), _) => &sender.name,
        (None, Direction::Sent) => &props.my_name,
        (None, Direction::Received) => &props.name,
    };
    (locale.texts.write.copied)(who, &locale.dates.stamp(bubble.time), &bubble.text)
}
