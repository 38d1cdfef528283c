//! The emoji picker of the composer.
//!
//! The chosen emoji is inserted as if it had been typed, so that the browser can undo it and the
//! composer gets its `input` event.

use super::Icon;
use crate::i18n::use_locale;
use crate::{dom, storage};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDocument, HtmlElement, Node};
use yew::prelude::*;

/// Emoji in a row; the style sheet has the same number.
const COLUMNS: u32 = 8;

/// So many recently chosen emoji come first: two rows.
const RECENT: usize = 16;

/// Faces, gestures, hearts, people's things, nature, food, places, signs.
const EMOJI: &str = "😀 😄 😁 😆 😅 🤣 😂 🙂 😉 😊 😇 🥰 😍 😘 😋 😛 😜 🤪 🤗 🤭 🤫 🤔 🤐 😐 😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤕 🤢 🤧 🥵 🥶 😵 🤯 🤠 🥳 😎 🤓 😕 😟 🙁 😮 😯 😲 😳 🥺 😨 😰 😥 😢 😭 😱 😖 😣 😞 😓 😩 😫 🥱 😤 😡 😠 💀 💩 🤡 👻 👽 🤖 😺 🙈 🙉 🙊 👋 ✋ 👌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 👍 👎 ✊ 👊 👏 🙌 🤝 🙏 💪 👀 🧠 👶 👦 👧 👨 👩 👴 👵 🙋 🤦 🤷 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💖 💯 💢 💥 💦 💤 💬 🎉 🎊 🎁 🎂 🎈 🏆 🥇 ⚽ 🏀 🎮 🎵 🎸 🎬 📷 💻 📱 ⏰ 💡 🔋 🔑 🔒 🔔 📌 📎 ✏️ 📚 📅 📈 💰 🧧 ✉️ 🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐯 🐷 🐸 🐵 🐔 🐧 🦆 🐟 🐳 🦀 🐝 🌸 🌹 🌻 🌲 🍀 🍁 ☀️ 🌙 ⭐ ☁️ 🌧️ ⛄ 🔥 🌈 🌊 🍎 🍉 🍓 🍅 🍞 🍔 🍕 🍜 🍚 🥟 🍰 🍫 ☕ 🍵 🍺 🍷 🥂 🏠 🏢 🏥 🚗 🚲 🚄 ✈️ 🚀 ⛵ 🗺️ ✅ ❌ ❓ ❗ ⚠️ ➕ ➡️ ⬅️";

/// The field to insert into.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct EmojiPickerProps {
    /// The field.
    pub field: NodeRef,
}

/// A button, and the emoji while it is pressed.
#[component]
pub fn EmojiPicker(props: &EmojiPickerProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let open = use_state_eq(|| false);
    let root = use_node_ref();
    let grid = use_node_ref();
    {
        let grid = grid.clone();
        use_effect_with(*open, move |_| focus_cell(&grid, 0));
    }
    let toggle = {
        let open = open.clone();
        move |_: MouseEvent| open.set(!*open)
    };
    let leave = {
        let (open, root) = (open.clone(), root.clone());
        move |event: FocusEvent| {
            let to = event.related_target().and_then(|to| to.dyn_into().ok());
            let root = root.cast::<Node>();
            if !root.is_some_and(|root| root.contains(to.as_ref())) {
                open.set(false);
            }
        }
    };
    let onclick = {
        let (open, field) = (open.clone(), props.field.clone());
        move |event: MouseEvent| {
            let cell = event
                .target()
                .and_then(|cell| cell.dyn_into::<Element>().ok());
            let cell = cell.and_then(|cell| cell.closest("button").ok().flatten());
            if let Some(emoji) = cell {
                let emoji = emoji.text_content().unwrap_or_default();
                open.set(false);
                insert(&field, &emoji);
                store_recent(&emoji);
            }
        }
    };
    let onkeydown = {
        let (open, field, grid) = (open.clone(), props.field.clone(), grid.clone());
        move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                open.set(false);
                focus(&field);
            } else if walk(&grid, &event.key()) {
                event.prevent_default();
            }
        }
    };
    // A click leaves the focus where it is: not every browser gives it to a button.
    let onmousedown = |event: MouseEvent| event.prevent_default();
    html! {
        <div class="emoji" ref={root} onfocusout={leave} {onmousedown}>
            <button
                type="button"
                class="button-icon"
                data-testid="emoji-open"
                aria-label={texts.write.emoji}
                title={texts.write.emoji}
                aria-expanded={(*open).to_string()}
                onclick={toggle}
            >
                { Icon::Face.html() }
            </button>
            if *open {
                <div
                    ref={grid}
                    class="emoji-grid"
                    data-testid="emoji-grid"
                    role="group"
                    aria-label={texts.write.emoji}
                    translate="no"
                    {onclick}
                    {onkeydown}
                >
                    { cells() }
                </div>
            }
        </div>
    }
}

fn cells() -> Html {
    let recent = storage::recent_emoji();
    let cell = |emoji: &str| {
        html! { <button type="button" tabindex="-1">{ emoji.to_owned() }</button> }
    };
    let first: Vec<&str> = recent.split_whitespace().take(RECENT).collect();
    let rest = EMOJI.split(' ').filter(|emoji| !first.contains(emoji));
    html! { <>{ for first.iter().copied().map(cell) }{ for rest.map(cell) }</> }
}

/// Stores the emoji as the most recent one.
fn store_recent(emoji: &str) {
    let before = storage::recent_emoji();
    let others = before.split_whitespace().filter(|other| *other != emoji);
    let recent = std::iter::once(emoji).chain(others).take(RECENT);
    let recent: Vec<String> = recent.map(str::to_owned).collect();
    storage::set_recent_emoji(&recent.join(" "));
}

fn focus(field: &NodeRef) {
    if let Some(field) = field.cast::<HtmlElement>() {
        // A field that cannot take the focus leaves it where it is.
        let _ = field.focus();
    }
}

fn insert(field: &NodeRef, text: &str) {
    focus(field);
    let document: HtmlDocument = dom::document().unchecked_into();
    // Every browser supports this in a field with the focus, and none reports a failure.
    let _ = document.exec_command_with_show_ui_and_value("insertText", false, text);
}

fn focus_cell(grid: &NodeRef, at: u32) {
    let cells = grid.cast::<Element>().map(|grid| grid.children());
    let cell = cells.and_then(|cells| cells.item(at)?.dyn_into::<HtmlElement>().ok());
    if let Some(cell) = cell {
        // A cell that cannot take the focus leaves it where it is.
        let _ = cell.focus();
    }
}

/// Moves the focus for an arrow key, Home or End; returns whether it was one.
fn walk(grid: &NodeRef, key: &str) -> bool {
    let cells = grid.cast::<Element>().map(|grid| grid.children());
    let focused = dom::document().active_element();
    let (Some(cells), Some(focused)) = (cells, focused) else {
        return false;
    };
    let last = cells.length().saturating_sub(1);
    let at = (0..=last).find(|at| cells.item(*at).as_ref() == Some(&focused));
    let at = at.unwrap_or(0);
    let to = match key {
        "ArrowLeft" => at.saturating_sub(1),
        "ArrowRight" => at + 1,
        "ArrowUp" => at.checked_sub(COLUMNS).unwrap_or(at),
        "ArrowDown" if at + COLUMNS > last => at,
        "ArrowDown" => at + COLUMNS,
        "Home" => 0,
        "End" => last,
        _ => return false,
    };
    focus_cell(grid, to.min(last));
    true
}

#[cfg(test)]
mod tests {
    use super::EMOJI;
    use std::collections::HashSet;
    use tidings_client_state::is_emoji_alone;

    #[test]
    fn emoji_are_single_and_unique() {
        let all: Vec<&str> = EMOJI.split(' ').collect();
        for emoji in &all {
            assert!(is_emoji_alone(emoji), "{emoji}");
        }
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}
