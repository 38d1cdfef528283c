//! The composer.
//!
//! The field's value belongs to the browser: it is read when needed, and written only to empty it
//! on sending and to restore a refused text, never while an input method composes. The field grows
//! with its text by a hidden copy in the same grid cell, so that nothing has to be measured.
//! `state` decides what a key does and what may be sent.

mod state;

use super::{EmojiPicker, Icon, dynamic_text, thread_keys};
use crate::dom;
use crate::i18n::{Texts, use_locale};
use state::{InputState, Key, KeyAction};
use std::rc::Rc;
use tidings_client_state::{FIELD_UNITS, peer_key};
use tidings_shared::Peer;
use web_sys::{Element, HtmlTextAreaElement};
use yew::prelude::*;

/// The bytes of the text in the hidden copy: enough to fill the field at its greatest height. The
/// browser lays out the whole copy at each key.
const COPIED: usize = 4096;

/// The conversation, its draft and the callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ComposerProps {
    /// The recipient; each has a field of its own.
    pub peer: Peer,
    /// The text the field starts with.
    pub draft: Rc<str>,
    /// Changes when `draft` has to be taken over: for another conversation, or when a message was
    /// refused.
    pub draft_version: u64,
    /// The text changes.
    pub on_draft: Callback<String>,
    /// The text is sent.
    pub on_send: Callback<String>,
}

/// The composer of the open conversation.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let texts = use_locale().texts;
    let (element, copy) = (use_node_ref(), use_node_ref());
    let input = use_state_eq(|| InputState::of(&props.draft));
    let field = Field {
        element,
        copy,
        input: input.setter(),
    };
    {
        let (field, draft) = (field.clone(), props.draft.clone());
        use_effect_with(props.draft_version, move |_| field.begin(&draft));
    }
    let oninput = {
        let (field, on_draft) = (field.clone(), props.on_draft.clone());
        move |_: InputEvent| {
            on_draft.emit(field.changed());
        }
    };
    let send = {
        let (field, on_send) = (field.clone(), props.on_send.clone());
        Callback::from(move |()| field.send(&on_send))
    };
    let onkeydown = {
        let send = send.clone();
        move |event: KeyboardEvent| key_down(&event, &send)
    };
    let onsubmit = send.reform(|event: SubmitEvent| event.prevent_default());
    html! {
        <form class="composer" {onsubmit}>
            <div class="composer-field" ref={field.copy}>
                <textarea
                    key={peer_key(props.peer)}
                    ref={field.element.clone()}
                    rows="1"
                    id="composer-input"
                    data-testid="composer-input"
                    aria-label={texts.write_message}
                    placeholder={texts.write_message}
                    enterkeyhint="send"
                    autocomplete="off"
                    maxlength={FIELD_UNITS.to_string()}
                    dir="auto"
                    translate="no"
                    defaultvalue={props.draft.to_string()}
                    {oninput}
                    {onkeydown}
                />
            </div>
            { bytes_left(*input, texts) }
            <EmojiPicker field={field.element} />
            <button
                type="submit"
                class="composer-send"
                data-testid="composer-send"
                aria-label={texts.send}
                title={texts.send}
                disabled={!input.may_send()}
            >
                { Icon::Send.html() }
            </button>
        </form>
    }
}

fn bytes_left(input: InputState, texts: &Texts) -> Html {
    html! {
        if let Some(left) = input.left {
            <span class={classes!("composer-left", (left < 0).then_some("over"))} role="status">
                if input.is_full {
                    { dynamic_text((texts.write.field_full)(-left)) }
                } else {
                    { dynamic_text((texts.bytes_left)(left)) }
                }
            </span>
        }
    }
}

fn key_down(event: &KeyboardEvent, send: &Callback<()>) {
    let field: HtmlTextAreaElement = event.target_unchecked_into();
    let key = Key {
        name: &event.key(),
        shift: event.shift_key(),
        composes: event.is_composing() || event.key_code() == dom::IME_KEY_CODE,
        empty: field.text_length() == 0,
    };
    match key.action() {
        Some(KeyAction::Send) => {
            event.prevent_default();
            send.emit(());
        }
        Some(KeyAction::FocusLastMessage) if thread_keys::focus_last_sent() => {
            event.prevent_default();
        }
        Some(KeyAction::FocusLastMessage) | None => {}
    }
}

/// The field, its hidden copy, and the state derived from its text.
#[derive(Clone)]
struct Field {
    element: NodeRef,
    copy: NodeRef,
    input: UseStateSetter<InputState>,
}

impl Field {
    fn text(&self) -> String {
        let field = self.element.cast::<HtmlTextAreaElement>();
        field.map_or_else(String::new, |field| field.value())
    }

    fn set_text(&self, text: &str) {
        if let Some(field) = self.element.cast::<HtmlTextAreaElement>() {
            field.set_value(text);
        }
        drop(self.changed());
    }

    /// The text changed, by the person or by the page; returns it.
    fn changed(&self) -> String {
        let text = self.text();
        self.input.set(InputState::of(&text));
        if let Some(copy) = self.copy.cast::<Element>() {
            let beginning = &text[..text.floor_char_boundary(COPIED)];
            dom::set_attribute(&copy, "data-copy", beginning);
        }
        text
    }

    fn begin(&self, draft: &str) {
        if self.text() == draft {
            drop(self.changed());
        } else {
            self.set_text(draft);
        }
    }

    fn send(&self, on_send: &Callback<String>) {
        let text = self.text();
        if InputState::of(&text).may_send() {
            // Emptied at once: another Enter would send it again before anything is rendered.
            self.set_text("");
            on_send.emit(text);
        }
        if let Some(field) = self.element.cast::<HtmlTextAreaElement>() {
            // A field that cannot take the focus leaves it where it is.
            let _ = field.focus();
        }
    }
}
