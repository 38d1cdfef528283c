//! The connection panel: the mechanisms at work, and a report of them.
//!
//! It looks at the connection a few times a second while it is open; closed, it does not exist, and
//! nothing is rendered for any frame. Beside the conversation where there is room, so that one can
//! write and watch; over everything, as a modal dialog, where there is not.

mod facts;
mod report;

use super::Icon;
use crate::dom;
use crate::i18n::use_locale;
use crate::state::Snapshot;
use facts::{Fact, Words};
use gloo_timers::callback::Interval;
use report::Place;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlDialogElement};
use yew::prelude::*;

/// Often enough to see a heartbeat go and its answer come.
const TICK_MS: u32 = 400;

/// What the panel looks at.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct PanelProps {
    /// How things stand now.
    pub probe: Callback<(), Snapshot>,
    /// What waits to be sent, and of that what was refused.
    pub unsent: (usize, usize),
    /// The person closes it.
    pub on_close: Callback<()>,
}

/// The connection panel.
#[component]
pub fn Panel(props: &PanelProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.panel;
    let dialog = use_node_ref();
    let tick = use_force_update();
    // Whether the report was copied, once it was tried.
    let copied = use_state_eq(|| None::<bool>);
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let dialog = dialog.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                show(dialog);
            }
            let interval = Interval::new(TICK_MS, move || tick.force_update());
            move || {
                drop(interval);
                if let Some(dialog) = dialog {
                    // While it is modal nothing else can take the focus.
                    dialog.close();
                }
                dom::focus("panel-open");
            }
        });
    }
    let snapshot = props.probe.emit(());
    let time = |at_ms| locale.dates.precise(at_ms);
    let words = Words {
        texts,
        snapshot: &snapshot,
        unsent: props.unsent,
        time: &time,
    };
    let close = {
        let on_close = props.on_close.clone();
        move |_: MouseEvent| on_close.emit(())
    };
    let onkeydown = {
        let on_close = props.on_close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                on_close.emit(());
            }
        })
    };
    // The browser's own wish to close a modal dialog, from wherever: a gesture, too.
    let oncancel = {
        let on_close = props.on_close.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            on_close.emit(());
        })
    };
    let copy = {
        let (copied, dialog) = (copied.clone(), dialog.clone());
        let (probe, unsent, locale) = (props.probe.clone(), props.unsent, locale.clone());
        move |_: MouseEvent| {
            let time = |at_ms| locale.dates.precise(at_ms);
            let snapshot = probe.emit(());
            let words = Words {
                texts: &locale.texts.panel,
                snapshot: &snapshot,
                unsent,
                time: &time,
            };
            let place = Place {
                browser: dom::user_agent(),
                language: locale.lang.tag(),
                now: crate::clock::date(snapshot.wall_ms).to_string().into(),
            };
            let text = report::report(&words, &place);
            let (copied, near) = (copied.clone(), dialog.cast::<Element>());
            spawn_local(async move { copied.set(Some(dom::copy(&text, near).await)) });
        }
    };
    html! {
        <dialog
            ref={dialog}
            id="panel"
            class="panel"
            data-testid="panel"
            aria-labelledby="panel-title"
            tabindex="-1"
            {onkeydown}
            {oncancel}
        >
            <header class="head">
                <h2 id="panel-title" class="head-name">{ texts.title }</h2>
                <span class="head-gap" />
                <button
                    type="button"
                    class="button-icon"
                    data-testid="panel-close"
                    aria-label={texts.close}
                    title={texts.close}
                    onclick={close}
                >
                    { Icon::Close.html() }
                </button>
            </header>
            <div class="panel-body" tabindex="0" role="region" aria-label={texts.title}>
                <p class="panel-phase" data-mood={words.mood()}>
                    <span class="panel-dot" aria-hidden="true" />
                    <strong data-testid="panel-phase">{ words.phase() }</strong>
                    <span>{ words.since() }</span>
                </p>
                <dl class="panel-facts">{ for words.facts().into_iter().map(fact) }</dl>
                <section data-testid="panel-reconnects">
                    <h3>{ texts.reconnects }<span>{ words.reconnects() }</span></h3>
                    { ends(&words) }
                </section>
                <section>
                    <h3>{ texts.frames }</h3>
                    { frames(&words) }
                </section>
            </div>
            <footer class="panel-foot">
                <button type="button" class="button" data-testid="panel-copy" onclick={copy}>
                    { Icon::Copy.html() }{ texts.copy }
                </button>
                <span role="status">
                    { match *copied {
                        None => "",
                        Some(true) => texts.copied,
                        Some(false) => texts.copy_failed,
                    } }
                </span>
            </footer>
        </dialog>
    }
}

/// Beside the conversation, or over everything.
pub(super) fn show(dialog: &HtmlDialogElement) {
    // Both put the focus on the first button. Modal fails only for what is open already.
    if dom::is_narrow() {
        let _ = dialog.show_modal();
    } else {
        dialog.show();
    }
}

fn fact(fact: Fact) -> Html {
    html! {
        <div key={fact.testid} class="panel-fact">
            <dt>{ fact.label }</dt>
            <dd data-testid={fact.testid}>
                { fact.value }
                { for fact.hints.into_iter().map(|hint| html! { <small>{ hint }</small> }) }
            </dd>
        </div>
    }
}

fn ends(words: &Words<'_>) -> Html {
    let mut ends = words.snapshot.diagnosis.ends().peekable();
    if ends.peek().is_none() {
        return html! { <p class="panel-none">{ words.texts.no_ends }</p> };
    }
    let row = |end| {
        let (time, cause, after) = words.end(end);
        html! { <li><time>{ time }</time><span>{ cause }<small>{ after }</small></span></li> }
    };
    html! { <ul class="panel-list" data-testid="panel-ends">{ for ends.map(row) }</ul> }
}

fn frames(words: &Words<'_>) -> Html {
    let mut frames = words.snapshot.diagnosis.frames().peekable();
    if frames.peek().is_none() {
        return html! { <p class="panel-none">{ words.texts.no_frames }</p> };
    }
    let row = |frame| {
        let (time, arrow, text) = words.frame(frame);
        html! {
            <li data-testid="panel-frame">
                <time>{ time }</time><span class="panel-way">{ arrow }</span><span>{ text }</span>
            </li>
        }
    };
    html! { <ol class="panel-list panel-frames">{ for frames.map(row) }</ol> }
}
