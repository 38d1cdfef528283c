//! The messages of the open conversation, and those of the last ones before it, hidden.
//!
//! A struct component, because it has to look at the page before and after its rows change: see
//! `scroller.rs`.

use super::empty::{empty, hint};
use super::scroller::Scroller;
use super::{BubbleRow, Icon, Skeleton, event_line, thread_keys, words};
use crate::clock;
use crate::dom;
use crate::i18n::{Locale, Texts, short};
use crate::state::{Fetching, List, Lists, Row, ThreadView, peer_key};
use gloo_timers::callback::Timeout;
use std::rc::Rc;
use tidings_shared::{ClientMsgId, Peer};
use web_sys::Element;
use yew::prelude::*;

/// A view begins with the rows that are in sight; those above come when it has been seen.
const SEEN_MS: u32 = 100;

/// What the person does in a thread.
#[derive(Debug, Clone, PartialEq)]
pub enum ThreadAction {
    /// They come near the first row.
    LookUp,
    /// They come near the last row.
    LookDown,
    /// They come to the end, or leave it.
    AtEnd(bool),
    /// They jump to the end.
    Jump,
    /// They ask once more for what could not be fetched.
    FetchAgain,
    /// They send a failed message again.
    Retry(ClientMsgId),
    /// They delete a message that is not sent.
    Delete(ClientMsgId),
}

/// What a button in the thread does.
pub(super) fn act(
    on_action: &Callback<ThreadAction>,
    action: ThreadAction,
) -> Callback<MouseEvent> {
    let on_action = on_action.clone();
    Callback::from(move |_: MouseEvent| {
        // The button is about to go, and shall not take the focus along.
        dom::focus("thread");
        on_action.emit(action.clone());
    })
}

/// Which thread.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ThreadProps {
    /// The language.
    pub locale: Rc<Locale>,
    /// What it shows.
    pub view: Rc<ThreadView>,
    /// With whom.
    pub name: Rc<str>,
    /// The name of the person themselves.
    pub own_name: Rc<str>,
    /// What the person does.
    pub on_action: Callback<ThreadAction>,
}

/// What happens to a thread.
#[derive(Debug)]
pub enum ThreadMsg {
    /// It was scrolled, by the person or by this component.
    Scrolled,
    /// The room for it changed.
    Resized,
    /// The first rows of a conversation have been seen.
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
    /// Whose rows are in the page.
    lists: Lists,
    /// The keys of the messages that the person has shown in full.
    unfolded: Vec<Rc<str>>,
    /// By which everything tells this component what happens.
    tell: Callback<ThreadMsg>,
    fold: Callback<Rc<str>>,
    /// Which opening of a conversation this has begun to show.
    opening: u64,
    /// Where the owner believes the person to be.
    told_at_end: Option<bool>,
    /// Runs until the first rows have been seen.
    unseen: Option<Timeout>,
}

impl Component for Thread {
    type Message = ThreadMsg;
    type Properties = ThreadProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut lists = Lists::default();
        lists.show(&ctx.props().view);
        let tell = ctx.link().callback(|msg: ThreadMsg| msg);
        Self {
            log: NodeRef::default(),
            scroller: None,
            lists,
            unfolded: Vec::new(),
            fold: tell.reform(ThreadMsg::Fold),
            tell,
            opening: 0,
            told_at_end: None,
            unseen: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &Self::Properties) -> bool {
        let view = &ctx.props().view;
        self.prepare(view);
        self.lists.show(view);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Self::Message) -> bool {
        match msg {
            ThreadMsg::Scrolled => {
                if let Some(scroller) = &self.scroller {
                    scroller.scrolled();
                }
                self.look(ctx);
                false
            }
            ThreadMsg::Resized => {
                self.look(ctx);
                false
            }
            ThreadMsg::Seen => {
                self.unseen = None;
                let changed = self.lists.tidy(ctx.props().view.peer);
                self.look(ctx);
                changed
            }
            ThreadMsg::Key(event) => {
                if let Some(log) = self.log.cast::<Element>() {
                    thread_keys::walk(&log, &event);
                }
                false
            }
            ThreadMsg::Fold(key) => {
                // What is unfolded goes on below where it ended. What is folded may take along all
                // that is in sight, but for its end.
                if let Some(at) = self.unfolded.iter().position(|unfolded| *unfolded == key) {
                    self.unfolded.swap_remove(at);
                    self.scroller.iter().for_each(Scroller::keep);
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
        let list = |list: &List| {
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
                    onkeydown={self.tell.reform(ThreadMsg::Key)}
                    oncopy={self.tell.reform(ThreadMsg::Copy)}
                    onscroll={self.tell.reform(|_| ThreadMsg::Scrolled)}
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
                                    onclick={act(ThreadAction::FetchAgain)}
                                >
                                    { texts.try_again }
                                </button>
                            </p>
                        }
                        // Lists of their own: beside nodes without a key, yew would not keep rows. And
                        // no component of their own: it would be rendered after this one, and what the
                        // scroller holds would be let go of in between.
                        <div>{ for self.lists.iter().map(list) }</div>
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
            let tell = self.tell.clone();
            let resized = move || tell.emit(ThreadMsg::Resized);
            self.scroller = Some(Scroller::new(log, resized));
            self.prepare(&ctx.props().view);
        }
        if let Some(scroller) = &self.scroller {
            scroller.settle();
        }
        self.look(ctx);
    }
}

impl Thread {
    /// The rows are about to change.
    fn prepare(&mut self, view: &ThreadView) {
        let Some(scroller) = &self.scroller else {
            return;
        };
        if view.fetching == Fetching::First || self.opening == view.opening {
            scroller.keep();
        } else {
            self.opening = view.opening;
            self.told_at_end = None;
            scroller.begin();
        }
    }

    /// Tells where the person is, and asks for rows near the edges.
    fn look(&mut self, ctx: &Context<Self>) {
        let view = &ctx.props().view;
        let Some(scroller) = &self.scroller else {
            return;
        };
        if view.fetching == Fetching::First || self.opening != view.opening {
            return;
        }
        let edges = scroller.look();
        let tell = |action| ctx.props().on_action.emit(action);
        let told = self.told_at_end.replace(edges.at_end);
        if told.is_none() {
            let tell = self.tell.clone();
            let seen = move || tell.emit(ThreadMsg::Seen);
            self.unseen = Some(Timeout::new(SEEN_MS, seen));
        }
        if told.unwrap_or(view.at_end) != edges.at_end {
            tell(ThreadAction::AtEnd(edges.at_end));
        }
        // Above the first unread message there is room for older ones before it is seen.
        let waits = self.unseen.is_some() && edges.at_end && !scroller.has_room();
        if edges.top && !waits {
            tell(ThreadAction::LookUp);
        }
        if edges.bottom && !view.follows_end {
            tell(ThreadAction::LookDown);
        }
    }

    fn row(&self, row: &Row, locale: &Rc<Locale>, on_action: &Callback<ThreadAction>) -> Html {
        match row {
            Row::Day(at_ms, day) => html! {
                <div key={format!("d{day}")} class="day">
                    <span>{ words(locale.dates.day(*at_ms, clock::wall_ms())) }</span>
                </div>
            },
            Row::Unread(above) => html! {
                <div key="unread" class="unread-divider" data-testid="unread-divider">
                    <span>{ words((locale.texts.unread_divider)(*above)) }</span>
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
                        { words(short(view.unread)) }
                    </span>
                }
            </button>
        }
    }
}
