//! Where a message is written.
//!
//! The field belongs to the browser: its value is read when it is needed and written only to empty
//! it as it is sent, and to bring back what could not be, never while an input method composes. It
//! grows with its text by a hidden copy of it in the same grid cell, so that nothing has to be
//! measured.

use super::{EmojiPicker, Icon, thread_keys};
use crate::dom;
use crate::i18n::use_locale;
use crate::state::peer_key;
use std::rc::Rc;
use tidings_shared::Peer;
use tidings_shared::limits::CONTENT_BYTES;
use web_sys::{Element, HtmlTextAreaElement};
use yew::prelude::*;

/// The counter appears when fewer bytes are left.
const NEAR_LIMIT: i64 = 512;

/// What is written.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ComposerProps {
    /// Whom it is written to: each has a field of their own.
    pub peer: Peer,
    /// What the field begins with.
    pub draft: Rc<str>,
    /// Grows each time it begins: with another conversation, or when a message was not taken.
    pub begun: u64,
    /// The text changes.
    pub on_draft: Callback<String>,
    /// The text is sent.
    pub on_send: Callback<String>,
}

/// What the page needs to know of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gauge {
    blank: bool,
    /// Bytes left, where that is worth saying.
    left: Option<i64>,
}

impl Gauge {
    fn of(text: &str) -> Self {
        let limit = i64::try_from(CONTENT_BYTES).unwrap_or(i64::MAX);
        let used = i64::try_from(text.trim_end().len()).unwrap_or(i64::MAX);
        Self {
            blank: text.trim().is_empty(),
            left: Some(limit - used).filter(|left| *left < NEAR_LIMIT),
        }
    }

    fn may_send(self) -> bool {
        !self.blank && self.left.is_none_or(|left| left >= 0)
    }
}

/// The composer of the open conversation.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let field = use_node_ref();
    let grower = use_node_ref();
    let gauge = use_state_eq(|| Gauge::of(&props.draft));
    {
        let (field, grower, gauge) = (field.clone(), grower.clone(), gauge.clone());
        let draft = props.draft.clone();
        use_effect_with(props.begun, move |_| {
            if let Some(field) = field.cast::<HtmlTextAreaElement>() {
                if field.value() != *draft {
                    field.set_value(&draft);
                }
                gauge.set(Gauge::of(&field.value()));
                mirror(&grower, &field.value());
            }
        });
    }
    let oninput = {
        let (field, gauge, on_draft) = (field.clone(), gauge.clone(), props.on_draft.clone());
        let grower = grower.clone();
        Callback::from(move |_: InputEvent| {
            if let Some(field) = field.cast::<HtmlTextAreaElement>() {
                let text = field.value();
                gauge.set(Gauge::of(&text));
                mirror(&grower, &text);
                on_draft.emit(text);
            }
        })
    };
    let send = {
        let (field, gauge, on_send) = (field.clone(), gauge.clone(), props.on_send.clone());
        let grower = grower.clone();
        Callback::from(move |()| {
            if let Some(field) = field.cast::<HtmlTextAreaElement>() {
                let text = field.value();
                if Gauge::of(&text).may_send() {
                    // At once: another Enter would send it again, before anything is rendered.
                    field.set_value("");
                    gauge.set(Gauge::of(""));
                    mirror(&grower, "");
                    on_send.emit(text);
                }
                let _ = field.focus();
            }
        })
    };
    let onkeydown = {
        let send = send.clone();
        Callback::from(move |event: KeyboardEvent| {
            let sends = event.key() == "Enter"
                && !event.shift_key()
                && !event.is_composing()
                && event.key_code() != dom::IME_KEY_CODE;
            if sends {
                event.prevent_default();
                send.emit(());
            } else if event.key() == "ArrowUp" && is_empty(&event) && thread_keys::focus_last_own()
            {
                // The person's last message has the focus, from where it can be copied.
                event.prevent_default();
            }
        })
    };
    let onsubmit = Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        send.emit(());
    });
    html! {
        <form class="composer" {onsubmit}>
            <div class="composer-field" ref={grower}>
                <textarea
                    key={peer_key(props.peer)}
                    ref={field.clone()}
                    rows="1"
                    id="composer-input"
                    data-testid="composer-input"
                    aria-label={texts.write_message}
                    placeholder={texts.write_message}
                    enterkeyhint="send"
                    autocomplete="off"
                    dir="auto"
                    defaultvalue={props.draft.to_string()}
                    {oninput}
                    {onkeydown}
                />
            </div>
            if let Some(left) = gauge.left {
                <span class={if left < 0 { "composer-left over" } else { "composer-left" }} role="status">
                    { (texts.bytes_left)(left) }
                </span>
            }
            <EmojiPicker field={field.clone()} />
            <button
                type="submit"
                class="composer-send"
                data-testid="composer-send"
                aria-label={texts.send}
                title={texts.send}
                disabled={!gauge.may_send()}
            >
                { Icon::Send.html() }
            </button>
        </form>
    }
}

/// Whether nothing is written where a key was pressed, not even by an input method.
fn is_empty(event: &KeyboardEvent) -> bool {
    let field: HtmlTextAreaElement = event.target_unchecked_into();
    !event.is_composing() && field.value().is_empty()
}

/// Gives the hidden copy its text.
fn mirror(grower: &NodeRef, text: &str) {
    if let Some(element) = grower.cast::<Element>() {
        dom::set_attribute(&element, "data-copy", text);
    }
}

#[cfg(test)]
mod tests {
    use super::{CONTENT_BYTES, Gauge};

    #[test]
    fn white_space_is_not_sent_and_the_limit_is_in_bytes() {
        assert!(!Gauge::of(" \n").may_send());
        assert!(Gauge::of(&"字".repeat(CONTENT_BYTES / 3)).may_send());
        assert!(!Gauge::of(&"字".repeat(CONTENT_BYTES / 3 + 1)).may_send());
    }

    #[test]
    fn the_counter_appears_near_the_limit() {
        assert_eq!(Gauge::of("short").left, None);
        assert_eq!(Gauge::of(&"x".repeat(CONTENT_BYTES - 1)).left, Some(1));
        assert_eq!(Gauge::of(&"x".repeat(CONTENT_BYTES + 1)).left, Some(-1));
    }
}
