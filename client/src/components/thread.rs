//! The messages of the open conversation, and those of the last open ones, hidden.
//!
//! A struct component, because it has to measure the page before and after its rows change: see
//! `scroller.rs`.

use super::empty::{empty, hint};
use super::scroller::Scroller;
use super::{BubbleRow, Icon, Skeleton, dynamic_text, event_line, thread_keys};
use crate::clock;
use crate::dom;
use crate::i18n::{Locale, Texts, short};
use gloo_timers::callback::Timeout;
use std::rc::Rc;
use tidings_client_state::{Fetching, RenderedThreads, Row, ThreadRows, ThreadView, peer_key};
use tidings_shared::{ClientMsgId, Peer};
use web_sys::Element;
use yew::prelude::*;

/// A view starts with the rows in sight; those above are rendered after it has been painted.
const SEEN_MS: u32 = 100;

/// What the person does in a thread.
#[derive(Debug, Clone, PartialEq)]
pub enum ThreadAction {
    /// They scroll near the first row.
    NearTop,
    /// They scroll near the last row.
    NearBottom,
    /// They scroll to the end, or away from it.
    AtEnd(bool),
    /// They jump to the end.
    Jump,
    /// They retry what could not be fetched.
    RetryFetch,
    /// They send a failed message again.
    Retry(ClientMsgId),
    /// They delete a message that is not sent.
    Delete(ClientMsgId),
}

/// The callback of a button in the thread.
pub(super) fn act(
    on_action: &Callback<ThreadAction>,
    action: ThreadAction,
) -> Callback<MouseEvent> {
    let on_action = on_action.clone();
    Callback::from(move |_: MouseEvent| {
        // The button is about to be removed, and must not take the focus along.
        dom::focus("thread");
        on_action.emit(action.clone());
    })
}

/// The thread and its callback.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ThreadProps {
    /// The language.
    pub locale: Rc<Locale>,
    /// What it shows.
    pub view: Rc<ThreadView>,
    /// The name of the peer.
    pub name: Rc<str>,
    /// The name of the person themselves.
    pub my_name: Rc<str>,
    /// What the person does.
    pub on_action: Callback<ThreadAction>,
}

/// An event of a thread.
#[derive(Debug)]
pub enum ThreadMsg {
    /// It was scrolled, by the person or by this component.
    Scrolled,
    /// Its size changed.
    Resized,
    /// The first rows of a conversation have been painted.
    Seen,
    /// A key was pressed in it.
    Key(KeyboardEvent),
    /// Something in it is copied.
    Copy(Event),
    /// The message with this key is folded or unfolded.
    Fold(Rc<str>),
}

/// The messages of the open conversation.
pub struct Thread {
    log: NodeRef,
    scroller: Option<Scroller>,
    /// The conversations with rows in the DOM.
    rendered: RenderedThreads,
    /// The keys of the messages shown in full.
    unfolded: Vec<Rc<str>>,
    /// The callback for all events of this component.
    notify: Callback<ThreadMsg>,
    fold: Callback<Rc<str>>,
    /// The last `opening` that this has begun to show.
    opening: u64,
    /// The last `AtEnd` sent to the owner.
    last_sent_at_end: Option<bool>,
    /// Runs until the first rows have been painted.
    unseen: Option<Timeout>,
}

impl Component for Thread {
    type Message = ThreadMsg;
    type Properties = ThreadProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut rendered = RenderedThreads::default();
        rendered.show(&ctx.props().view);
        let notify = ctx.link().callback(|msg: ThreadMsg| msg);
        Self {
            log: NodeRef::default(),
            scroller: None,
            rendered,
            unfolded: Vec::new(),
            fold: notify.reform(ThreadMsg::Fold),
            notify,
            opening: 0,
            last_sent_at_end: None,
            unseen: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &Self::Properties) -> bool {
        let view = &ctx.props().view;
        self.prepare(view);
        self.rendered.show(view);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Self::Message) -> bool {
        match msg {
            ThreadMsg::Scrolled => {
                if let Some(scroller) = &self.scroller {
                    scroller.scrolled();
                }
                self.update_edges(ctx);
                false
            }
            ThreadMsg::Resized => {
                self.update_edges(ctx);
                false
            }
            ThreadMsg::Seen => {
                self.unseen = None;
                let changed = self.rendered.tidy(ctx.props().view.peer);
                self.update_edges(ctx);
                changed
            }
            ThreadMsg::Key(event) => {
                if let Some(log) = self.log.cast::<Element>() {
                    thread_keys::walk(&log, &event);
                }
                false
            }
            ThreadMsg::Fold(key) => {
                // An unfolded text continues below where it ended. Folding may remove all that is
                // in sight, except the message's end.
                if let Some(at) = self.unfolded.iter().position(|unfolded| *unfolded == key) {
                    self.unfolded.swap_remove(at);
                    self.scroller.iter().for_each(Scroller::save_anchor);
                } else {
                    self.unfolded.push(key);
                }
                true
            }
            ThreadMsg::Copy(event) => {
                if let Some(log) = self.log.cast::<Element>() {
                    thread_keys::copy(&log, &event, ctx.props());
                }
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ThreadProps {
            locale,
            view,
            name,
            on_action,
            ..
        } = ctx.props();
        let texts = locale.texts;
        let act = |action| act(on_action, action);
        let label = match view.peer {
            Peer::User(_) => (texts.messages_with)(name),
            Peer::Group(_) => (texts.group.messages_in)(name),
        };
        let list = |list: &ThreadRows| {
            let is_open = list.peer == view.peer;
            html! {
                <div
                    key={peer_key(list.peer)}
                    class={if is_open { "message-rows" } else { "left-rows" }}
                >
                    { for list.rows.iter().map(|row| self.row(row, locale, on_action)) }
                </div>
            }
        };
        let blank = view.fetching == Fetching::First;
        let is_empty = view.rows.is_empty() && view.fetching == Fetching::Nothing;
        html! {
            <div class="thread-box">
                <div
                    ref={self.log.clone()}
                    class="thread"
                    id="thread"
                    data-testid="thread"
                    role="log"
                    aria-live="off"
                    aria-label={label}
                    aria-busy={blank.to_string()}
                    tabindex="0"
                    onkeydown={self.notify.reform(ThreadMsg::Key)}
                    oncopy={self.notify.reform(ThreadMsg::Copy)}
                    onscroll={self.notify.reform(|_| ThreadMsg::Scrolled)}
                >
                    if blank {
                        { Skeleton::Thread.html(texts) }
                    }
                    if is_empty {
                        { empty(
                            Icon::Chat,
                            texts.empty_thread_title.into(),
                            hint((texts.empty_thread_hint)(name).into()),
                        ) }
                    }
                    <div class="messages">
                        if view.fetching == Fetching::Older {
                            <p class="thread-note">{ texts.loading_older }</p>
                        }
                        if view.fetching == Fetching::Failed {
                            <p class="thread-note">
                                { texts.fetch_failed }
                                <button
                                    type="button"
                                    class="button-quiet"
                                    onclick={act(ThreadAction::RetryFetch)}
                                >
                                    { texts.try_again }
                                </button>
                            </p>
                        }
                        // In a `div` of their own, because beside nodes without a key yew would not
                        // keep rows. Not in a component of their own, because it would be rendered
                        // after this one, when the scroller has released its anchor.
                        <div>{ for self.rendered.iter().map(list) }</div>
                    </div>
                </div>
                if !(blank || view.at_end && view.follows_end) {
                    { Self::jump(view, texts, act(ThreadAction::Jump)) }
                }
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first_render: bool) {
        if self.scroller.is_none()
            && let Some(log) = self.log.cast::<Element>()
        {
            let notify = self.notify.clone();
            let resized = move || notify.emit(ThreadMsg::Resized);
            self.scroller = Some(Scroller::new(log, resized));
            self.prepare(&ctx.props().view);
        }
        if let Some(scroller) = &self.scroller {
            scroller.restore();
        }
        self.update_edges(ctx);
    }
}

impl Thread {
    /// Called before the rows change.
    fn prepare(&mut self, view: &ThreadView) {
        let Some(scroller) = &self.scroller else {
            return;
        };
        if view.fetching == Fetching::First || self.opening == view.opening {
            scroller.save_anchor();
        } else {
            self.opening = view.opening;
            self.last_sent_at_end = None;
            scroller.begin_thread();
        }
    }

    /// Reports where the person is, and requests rows near the edges.
    fn update_edges(&mut self, ctx: &Context<Self>) {
        let view = &ctx.props().view;
        let Some(scroller) = &self.scroller else {
            return;
        };
        if view.fetching == Fetching::First || self.opening != view.opening {
            return;
        }
        let edges = scroller.measure();
        let notify = |action| ctx.props().on_action.emit(action);
        let last_sent = self.last_sent_at_end.replace(edges.at_end);
        if last_sent.is_none() {
            let notify = self.notify.clone();
            let seen = move || notify.emit(ThreadMsg::Seen);
            self.unseen = Some(Timeout::new(SEEN_MS, seen));
        }
        if last_sent.unwrap_or(view.at_end) != edges.at_end {
            notify(ThreadAction::AtEnd(edges.at_end));
        }
        // Older rows above an unread divider may be rendered before the first paint.
        let waits = self.unseen.is_some() && edges.at_end && !scroller.all_rows_fit();
        if edges.top && !waits {
            notify(ThreadAction::NearTop);
        }
        if edges.bottom && !view.follows_end {
            notify(ThreadAction::NearBottom);
        }
    }

    fn row(&self, row: &Row, locale: &Rc<Locale>, on_action: &Callback<ThreadAction>) -> Html {
        match row {
            Row::Day(at_ms, day) => html! {
                <div key={format!("d{day}")} class="day">
                    <span>{ dynamic_text(locale.dates.day(*at_ms, clock::wall_ms())) }</span>
                </div>
            },
            Row::Unread(above) => html! {
                <div key="unread" class="unread-divider" data-testid="unread-divider">
                    <span>{ dynamic_text((locale.texts.unread_divider)(*above)) }</span>
                </div>
            },
            Row::Event(event, bubble) => event_line(*event, bubble, locale),
            Row::Bubble(bubble) => html! {
                <BubbleRow
                    key={bubble.key.clone()}
                    bubble={bubble.clone()}
                    unfolded={self.unfolded.contains(&bubble.key)}
                    on_action={on_action.clone()}
                    on_fold={self.fold.clone()}
                />
            },
        }
    }

    fn jump(view: &ThreadView, texts: &Texts, onclick: Callback<MouseEvent>) -> Html {
        let label = match view.unread {
            0 => texts.jump_to_latest.to_owned(),
            count => (texts.jump_to_new)(count),
        };
        html! {
            <button type="button" class="jump" data-testid="jump" aria-label={label} {onclick}>
                { Icon::Down.html() }
                if view.unread > 0 {
                    <span class="badge" aria-hidden="true">
                        { dynamic_text(short(view.unread)) }
                    </span>
                }
            </button>
        }
    }
}
