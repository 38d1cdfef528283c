//! A message.

use super::thread::{ThreadAction, act};
use super::{Avatar, Icon, avatar, words};
use crate::i18n::{Texts, use_locale};
use crate::state::{Bubble, BubbleState, Content, Piece, Sender, is_emoji_alone, pieces};
use std::rc::Rc;
use tidings_shared::{ClientMsgId, Direction, Peer};
use yew::prelude::*;

/// Which message.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct BubbleProps {
    /// What it shows.
    pub bubble: Rc<Bubble>,
    /// What the person does with it.
    pub on_action: Callback<ThreadAction>,
}

/// A row of the thread with a message.
#[component]
pub fn BubbleRow(props: &BubbleProps) -> Html {
    let locale = use_locale();
    let texts = locale.texts;
    let bubble = &props.bubble;
    let (direction, side) = match bubble.direction {
        Direction::Sent => ("sent", "out"),
        Direction::Received => ("received", "in"),
    };
    let state = match bubble.state {
        BubbleState::Sent | BubbleState::Delivered | BubbleState::Read => "sent",
        BubbleState::Pending => "pending",
        BubbleState::Failed(_) => "failed",
    };
    let receipt = match bubble.state {
        BubbleState::Delivered => Some("delivered"),
        BubbleState::Read => Some("read"),
        _ => None,
    };
    let when = |holds: bool, class| if holds { class } else { "" };
    let class = classes!(
        "message",
        side,
        when(bubble.first, "first"),
        when(bubble.last, "last"),
        when(bubble.sender.is_some(), "of-group"),
        when(is_emoji_alone(&bubble.text), "large")
    );
    html! {
        <div
            {class}
            tabindex="-1"
            data-testid="message"
            data-mid={bubble.mid.map(|mid| mid.to_string())}
            data-seq={bubble.seq.map(|seq| seq.to_string())}
            data-state={state}
            data-direction={direction}
            data-receipt={receipt}
        >
            if let Some(sender) = bubble.sender.as_ref().filter(|_| bubble.first) {
                { head(sender) }
            }
            <div class="bubble">
                <span
                    class="bubble-text"
                    data-testid="message-text"
                    dir="auto"
                    translate={(bubble.content == Content::Text).then_some("no")}
                >
                    if bubble.content == Content::Text {
                        { for pieces(&bubble.text).into_iter().map(piece) }
                    } else {
                        <em>{ texts.unsupported }</em>
                    }
                </span>
                <span class="bubble-meta">
                    { locale.dates.time(bubble.time) }
                    { mark(texts, bubble) }
                </span>
            </div>
            { failure(texts, props) }
        </div>
    }
}

/// Who wrote the messages that follow.
fn head(sender: &Sender) -> Html {
    let peer = Peer::User(sender.uid);
    html! {
        <div class={classes!("sender", avatar::hue(peer))} data-testid="sender">
            <Avatar {peer} name={sender.name.clone()} src={sender.avatar.clone()} size="avatar-small" />
            <span class="sender-name" dir="auto" translate="no">{ sender.name.clone() }</span>
        </div>
    }
}

/// Addresses become links as nodes, so that no text of anyone is ever read as HTML.
fn piece(piece: Piece<'_>) -> Html {
    match piece {
        Piece::Text(text) => Html::from(text.to_owned()),
        Piece::Link(address) => html! {
            <a href={address.to_owned()} target="_blank" rel="noopener noreferrer">
                { address.to_owned() }
            </a>
        },
    }
}

fn mark(texts: &Texts, bubble: &Bubble) -> Html {
    let (icon, label) = match (bubble.direction, bubble.state) {
        (Direction::Received, _) => return html! {},
        (_, BubbleState::Sent) => (Icon::Check, texts.state_sent),
        (_, BubbleState::Delivered) => (Icon::Checks, texts.receipt.delivered),
        (_, BubbleState::Read) => (Icon::Checks, texts.receipt.read),
        (_, BubbleState::Pending) => (Icon::Clock, texts.state_pending),
        (_, BubbleState::Failed(_)) => (Icon::Warning, texts.not_sent),
    };
    html! { <>{ icon.html() }<span class="hidden-text">{ words(label) }</span></> }
}

fn failure(texts: &Texts, props: &BubbleProps) -> Html {
    let (BubbleState::Failed(code), Some(id)) = (props.bubble.state, &props.bubble.unsent) else {
        return html! {};
    };
    let act = |action: fn(ClientMsgId) -> ThreadAction| act(&props.on_action, action(id.clone()));
    html! {
        <div class="failure">
            <span>{ texts.not_sent }{ (texts.refused)(code) }</span>
            <button
                type="button"
                class="button-quiet"
                data-testid="retry"
                onclick={act(ThreadAction::Retry)}
            >
                { texts.retry }
            </button>
            <button
                type="button"
                class="button-quiet button-danger-text"
                data-testid="delete"
                onclick={act(ThreadAction::Delete)}
            >
                { texts.delete }
            </button>
        </div>
    }
}
