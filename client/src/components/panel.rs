//! The connection panel: the state of the connection's mechanisms, and a report of it.
//!
//! It takes a snapshot of the connection a few times a second while it is open; closed, it is not
//! mounted, and nothing is rendered for any frame.

mod facts;
mod report;
mod state;

use super::side_dialog::SideDialog;
use super::{Icon, dynamic_text};
use crate::i18n::{Locale, PanelTexts, use_locale};
use crate::{clock, dom};
use facts::{Fact, Facts};
use gloo_timers::callback::Interval;
use report::{Environment, report};
use state::{PanelEvent, PanelState};
use std::rc::Rc;
use tidings_client_state::Snapshot;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

/// Often enough to see a heartbeat go and its answer come.
const TICK_MS: u32 = 400;

/// The data of the panel, and its callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct PanelProps {
    /// Takes a snapshot of the connection.
    pub probe: Callback<(), Snapshot>,
    /// How many messages wait to be sent, and how many of these were refused.
    pub unsent: (usize, usize),
    /// The person closes it.
    pub on_close: Callback<()>,
}

/// The connection panel.
#[component]
pub fn Panel(props: &PanelProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.panel;
    let foot = use_node_ref();
    let state = use_reducer(|| PanelState::new(props.probe.emit(())));
    use_effect_with(
        (props.probe.clone(), state.dispatcher()),
        |(probe, state)| {
            let (probe, state) = (probe.clone(), state.clone());
            let look = move || state.dispatch(PanelEvent::Looked(Rc::new(probe.emit(()))));
            let interval = Interval::new(TICK_MS, look);
            move || drop(interval)
        },
    );
    let on_copy = {
        let (locale, probe, unsent) = (locale.clone(), props.probe.clone(), props.unsent);
        let (state, foot) = (state.dispatcher(), foot.clone());
        Callback::from(move |_: MouseEvent| {
            let text = report_now(&locale, &probe.emit(()), unsent);
            let (state, near) = (state.clone(), foot.cast::<Element>());
            spawn_local(async move {
                state.dispatch(PanelEvent::Copied(dom::copy(&text, near).await));
            });
        })
    };
    let time = |at_ms| locale.dates.precise(at_ms);
    let facts = Facts {
        texts,
        snapshot: state.snapshot(),
        unsent: props.unsent,
        time: &time,
    };
    html! {
        <SideDialog
            id="panel"
            title={texts.title}
            close_label={texts.close}
            opener="panel-open"
            on_close={props.on_close.clone()}
        >
            { body(&facts) }
            <footer class="panel-foot" ref={foot}>
                { copy_button(texts, on_copy) }
                <span role="status">{ dynamic_text(state.copy_status(texts)) }</span>
            </footer>
        </SideDialog>
    }
}

/// The report of the connection as it is now, in the language of the page.
fn report_now(locale: &Locale, snapshot: &Snapshot, unsent: (usize, usize)) -> String {
    let facts = Facts {
        texts: &locale.texts.panel,
        snapshot,
        unsent,
        time: &|at_ms| locale.dates.precise(at_ms),
    };
    let environment = Environment {
        browser: dom::user_agent(),
        language: locale.lang.tag(),
        now: clock::date(snapshot.wall_ms).to_string().into(),
    };
    report(&facts, &environment)
}

fn copy_button(texts: &PanelTexts, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" class="button" data-testid="panel-copy" {onclick}>
            { Icon::Copy.html() }{ texts.copy }
        </button>
    }
}

/// The phase, the facts, and the last events.
fn body(facts: &Facts<'_>) -> Html {
    let texts = facts.texts;
    html! {
        <div class="panel-body" tabindex="0" role="region" aria-label={texts.title}>
            <p class="panel-phase" data-mood={facts.status_class()}>
                <span class="panel-dot" aria-hidden="true" />
                <strong data-testid="panel-phase">{ dynamic_text(facts.phase()) }</strong>
                { dynamic_text(facts.since()) }
            </p>
            <dl class="panel-facts">{ for facts.rows().into_iter().map(fact) }</dl>
            <section data-testid="panel-reconnects">
                <h3>{ texts.reconnects }<span>{ dynamic_text(facts.reconnects().to_string()) }</span></h3>
                { ends(facts) }
            </section>
            <section>
                <h3>{ texts.frames }</h3>
                { frames(facts) }
            </section>
        </div>
    }
}

fn fact(fact: Fact) -> Html {
    html! {
        <div key={fact.testid} class="panel-fact">
            <dt>{ fact.label }</dt>
            <dd data-testid={fact.testid}>
                { dynamic_text(fact.value) }
                { for fact.details.into_iter().map(|detail| html! { <small>{ dynamic_text(detail) }</small> }) }
            </dd>
        </div>
    }
}

fn ends(facts: &Facts<'_>) -> Html {
    let mut ends = facts.snapshot.diagnosis.ends().peekable();
    if ends.peek().is_none() {
        return html! { <p class="panel-none">{ facts.texts.no_ends }</p> };
    }
    let row = |end| {
        let (time, cause, after) = facts.end(end);
        html! { <li><time>{ dynamic_text(time) }</time><span>{ dynamic_text(cause) }<small>{ dynamic_text(after) }</small></span></li> }
    };
    html! { <ul class="panel-list" data-testid="panel-ends">{ for ends.map(row) }</ul> }
}

fn frames(facts: &Facts<'_>) -> Html {
    let mut frames = facts.snapshot.diagnosis.frames().peekable();
    if frames.peek().is_none() {
        return html! { <p class="panel-none">{ facts.texts.no_frames }</p> };
    }
    let row = |frame| {
        let (time, arrow, text) = facts.frame(frame);
        html! {
            <li data-testid="panel-frame">
                <time>{ dynamic_text(time) }</time>
                <span class="panel-way">{ dynamic_text(arrow) }</span>
                { dynamic_text(text) }
            </li>
        }
    };
    html! { <ol class="panel-list panel-frames">{ for frames.map(row) }</ol> }
}
