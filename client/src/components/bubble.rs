//! A message bubble.

use super::link::link;
use super::thread::{ThreadAction, act};
use super::{Avatar, Icon, avatar, dynamic_text};
use crate::i18n::{Texts, use_locale};
use std::rc::Rc;
use tidings_client_state::{
    Bubble, BubbleState, Content, Piece, Sender, folded, is_emoji_alone, pieces,
};
use tidings_shared::{ClientMsgId, Direction, Peer};
use yew::prelude::*;

/// The message and its callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct BubbleProps {
    /// What it shows.
    pub bubble: Rc<Bubble>,
    /// Whether a long text is shown in full.
    pub unfolded: bool,
    /// What the person does with it.
    pub on_action: Callback<ThreadAction>,
    /// The person folds or unfolds it; carries its key.
    pub on_fold: Callback<Rc<str>>,
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
        BubbleState::Pending | BubbleState::Unsaved => "pending",
        BubbleState::Failed(_) => "failed",
    };
    let receipt = match bubble.state {
        BubbleState::Delivered => Some("delivered"),
        BubbleState::Read => Some("read"),
        _ => None,
    };
    let beginning = folded(&bubble.text).filter(|_| bubble.content == Content::Text);
    let is_folded = beginning.is_some() && !props.unfolded;
    let text = beginning.filter(|_| is_folded).unwrap_or(&bubble.text);
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
                    class={classes!("bubble-text", when(is_folded, "folded"))}
                    data-testid="message-text"
                    dir="auto"
                    translate={(bubble.content == Content::Text).then_some("no")}
                >
                    if bubble.content == Content::Text {
                        { for pieces(text).into_iter().map(piece) }
                    } else {
                        <em>{ texts.unsupported }</em>
                    }
                </span>
                if beginning.is_some() {
                    { fold_button(texts, props) }
                }
                <span class="bubble-meta">
                    { locale.dates.time(bubble.time) }
                    { mark(texts, bubble) }
                </span>
            </div>
            { failure(texts, props) }
        </div>
    }
}

/// The sender of the messages that follow.
fn head(sender: &Sender) -> Html {
    let peer = Peer::User(sender.uid);
    html! {
        <div class={classes!("sender", avatar::hue(peer))} data-testid="sender">
            <Avatar {peer} name={sender.name.clone()} src={sender.avatar.clone()} size="avatar-small" />
            <bdi class="sender-name" translate="no">{ sender.name.clone() }</bdi>
        </div>
    }
}

/// A piece of the text. Links are built as nodes, so that no text is ever parsed as HTML.
fn piece(piece: Piece<'_>) -> Html {
    match piece {
        Piece::Text(text) => Html::from(text.to_owned()),
        Piece::Link(address) => link(address),
    }
}

fn fold_button(texts: &Texts, props: &BubbleProps) -> Html {
    let key = props.bubble.key.clone();
    html! {
        <button
            type="button"
            class="button-quiet fold"
            data-testid="fold"
            aria-expanded={props.unfolded.to_string()}
            onclick={props.on_fold.reform(move |_: MouseEvent| key.clone())}
        >
            { if props.unfolded { texts.write.show_less } else { texts.write.show_all } }
        </button>
    }
}

fn mark(texts: &Texts, bubble: &Bubble) -> Html {
    let (icon, label) = match (bubble.direction, bubble.state) {
        (Direction::Received, _) => return html! {},
        (_, BubbleState::Sent) => (Icon::Check, texts.state_sent),
        (_, BubbleState::Delivered) => (Icon::Checks, texts.receipt.delivered),
        (_, BubbleState::Read) => (Icon::Checks, texts.receipt.read),
        (_, BubbleState::Pending | BubbleState::Unsaved) => (Icon::Clock, texts.state_pending),
        (_, BubbleState::Failed(_)) => (Icon::Warning, texts.not_sent),
    };
    html! { <>{ icon.html() }<span class="hidden-text">{ dynamic_text(label) }</span></> }
}

fn failure(texts: &Texts, props: &BubbleProps) -> Html {
    if props.bubble.state == BubbleState::Unsaved {
        return html! { <div class="failure"><span>{ texts.write.unsaved }</span></div> };
    }
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
