//! The state of the connection, always visible: a quiet dot while it is live, a chip otherwise.

use super::{Countdown, Icon, dynamic_text};
use crate::dom;
use crate::i18n::{Texts, use_locale};
use tidings_shared::close::CloseCode;
use tidings_shared::link::{Cause, Phase};
use yew::prelude::*;

/// The state of the connection, and the callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ChipProps {
    /// The phase of the connection.
    pub phase: Phase,
    /// Why the last one ended.
    pub cause: Option<Cause>,
    /// Whether the connection panel is open.
    pub open: bool,
    /// The person asks to connect now.
    pub on_retry: Callback<()>,
    /// The person opens or closes the connection panel.
    pub on_open: Callback<bool>,
}

/// The connection chip. Only text that changes rarely is in its live region.
#[component]
pub fn Chip(props: &ChipProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    use_kept_focus();
    let onclick = props.on_retry.reform(|_: MouseEvent| ());
    let toggle = {
        let (on_open, open) = (props.on_open.clone(), props.open);
        move |_: MouseEvent| on_open.emit(!open)
    };
    let (name, status) = match props.phase {
        Phase::Live => ("live", texts.connected),
        Phase::Idle | Phase::Connecting | Phase::Binding => ("connecting", texts.connecting),
        Phase::Waiting(_) => ("waiting", texts.offline),
        Phase::Stopped => ("stopped", stopped(texts, props.cause)),
    };
    let icon = match props.phase {
        Phase::Waiting(_) => Icon::Offline.html(),
        Phase::Stopped => Icon::Warning.html(),
        _ => html! { <span class="chip-dot" /> },
    };
    html! {
        <div class="chip" data-testid="connection" data-phase={name}>
            // The button has its text in the label only, because the status beside it is what is
            // read out.
            <button
                type="button"
                class="chip-open"
                id="panel-open"
                data-testid="panel-open"
                aria-label={(texts.panel.open)(status)}
                title={(texts.panel.open)(status)}
                aria-expanded={props.open.to_string()}
                aria-controls="panel"
                onclick={toggle}
            >
                { icon }
            </button>
            <span class="chip-status" role="status">{ dynamic_text(status) }</span>
            if let Phase::Waiting(until) = props.phase {
                <Countdown {until} />
                <span aria-hidden="true">{ "·" }</span>
                <button type="button" class="chip-button" data-testid="retry-now" {onclick}>
                    { dynamic_text(texts.retry_now) }
                </button>
            } else if props.phase == Phase::Stopped {
                <button type="button" class="chip-button" data-testid="retry-now" {onclick}>
                    { dynamic_text(texts.connect_again) }
                </button>
            }
        </div>
    }
}

/// Moves the focus to the chip when the retry button is removed, by a click or by a reconnect.
#[hook]
fn use_kept_focus() {
    let focused = dom::document().active_element();
    let button = focused.filter(|focused| focused.matches(".chip-button") == Ok(true));
    use_effect(move || {
        if button.is_some_and(|button| !button.is_connected()) {
            dom::focus("panel-open");
        }
    });
}

fn stopped(texts: &Texts, cause: Option<Cause>) -> &'static str {
    let Some(Cause::Closed(code)) = cause else {
        return texts.stopped;
    };
    if code == CloseCode::Replaced.code() {
        texts.stopped_replaced
    } else if code == CloseCode::KickedOut.code() {
        texts.stopped_kicked_out
    } else if code == CloseCode::ProtocolError.code() {
        texts.stopped_protocol
    } else {
        texts.stopped
    }
}
