//! The geometry of a thread: where the person looks, and holding that still while rows come and
//! go above and below.
//!
//! Browsers anchor scrolling by themselves, but not all of them, and none at the very top, which
//! is where older messages arrive; so theirs is switched off in the style sheet and this is used.
//! It acts in a `MutationObserver`, because yew may let the browser paint between changing the
//! rows and calling `rendered`: the observer runs before the paint in any case.

use crate::clock;
use gloo_events::EventListener;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::Moment;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Element, MutationObserver, MutationObserverInit, ResizeObserver, ScrollBehavior,
    ScrollToOptions,
};

/// This near to the end counts as at the end, in CSS pixels.
const AT_END: i32 = 24;

/// Rows are rendered or fetched when the person is so near to the edge, in CSS pixels.
const NEAR: i32 = 600;

/// Where the unread divider comes to stand below the top, in CSS pixels.
const DIVIDER_AT: f64 = 64.0;

/// A browser that was scrolling so shortly before a conversation began may still be on its way: what is
/// put elsewhere while it scrolls smoothly goes on from there (seen in Chromium, where neither hidden
/// overflow nor another smooth scroll stops it).
const GLIDE: Duration = Duration::from_millis(500);

/// So long after a conversation began such scrolling is undone, at most.
const LEFT_OVER: Duration = Duration::from_secs(1);

/// What a person scrolls with.
const INPUTS: [&str; 5] = ["focusin", "keydown", "pointerdown", "touchmove", "wheel"];

/// What the next change of the rows has to end with.
#[derive(Debug)]
enum Hold {
    /// The end is in sight.
    End,
    /// The end of this row is as far below the top as it was, in CSS pixels: its beginning may lose
    /// the name of who wrote it, when it turns out to follow another of theirs.
    Row(Element, f64),
    /// A conversation begins.
    Start,
}

/// Which edges of the rendered rows the person is near to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) top: bool,
    pub(super) bottom: bool,
    /// At the very end, give or take a line.
    pub(super) at_end: bool,
}

#[derive(Debug)]
struct View {
    element: Element,
    hold: RefCell<Option<Hold>>,
    at_end: Cell<bool>,
    /// When it was scrolled last.
    scrolled: Cell<Option<Moment>>,
    /// When the conversation began, if that was in the midst of scrolling and the person did not scroll
    /// since.
    began: Cell<Option<Moment>>,
}

/// The element that scrolls.
pub(super) struct Scroller {
    view: Rc<View>,
    mutations: Option<MutationObserver>,
    sizes: Option<ResizeObserver>,
    _on_change: Closure<dyn FnMut()>,
    _on_resize: Closure<dyn FnMut()>,
    _on_input: [EventListener; INPUTS.len()],
}

impl Scroller {
    /// Takes care of an element that scrolls; `resized` is called when the room for it changed.
    pub(super) fn new(element: Element, resized: impl Fn() + 'static) -> Self {
        let view = Rc::new(View {
            element,
            hold: RefCell::new(None),
            at_end: Cell::new(true),
            scrolled: Cell::new(None),
            began: Cell::new(None),
        });
        let shared = view.clone();
        let on_change = Closure::<dyn FnMut()>::new(move || shared.settle());
        let shared = view.clone();
        let on_resize = Closure::<dyn FnMut()>::new(move || {
            if shared.at_end.get() {
                shared.to_end();
            }
            resized();
        });
        let on_input = INPUTS.map(|input| {
            let shared = view.clone();
            EventListener::new(&view.element, input, move |_| shared.began.set(None))
        });
        // Neither constructor fails for a function.
        let mutations = MutationObserver::new(on_change.as_ref().unchecked_ref()).ok();
        let sizes = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
        if let Some(mutations) = &mutations {
            let init = MutationObserverInit::new();
            init.set_child_list(true);
            // A conversation that is still in the page is shown by its class alone.
            init.set_attributes(true);
            init.set_subtree(true);
            // Fails only for options that ask for nothing.
            let _ = mutations.observe_with_options(&view.element, &init);
        }
        if let Some(sizes) = &sizes {
            sizes.observe(&view.element);
        }
        Self {
            view,
            mutations,
            sizes,
            _on_change: on_change,
            _on_resize: on_resize,
            _on_input: on_input,
        }
    }

    /// It was scrolled, by whoever.
    pub(super) fn scrolled(&self) {
        self.view.scrolled.set(Some(clock::now()));
    }

    /// Where the person is; from now on they stay at the end if they are there.
    pub(super) fn look(&self) -> Edges {
        self.view.stay();
        let edges = self.view.edges();
        self.view.at_end.set(edges.at_end);
        edges
    }

    /// Whether all rows are in sight, and there may be room for more.
    pub(super) fn has_room(&self) -> bool {
        self.view.element.scroll_height() <= self.view.element.client_height()
    }

    /// The rows are about to change: what is in sight stays there.
    pub(super) fn keep(&self) {
        let at_start = matches!(*self.view.hold.borrow(), Some(Hold::Start));
        if !at_start {
            let anchor = self.view.anchor();
            self.view.hold.replace(anchor);
        }
    }

    /// The rows are about to change: another conversation begins.
    pub(super) fn begin(&self) {
        self.view.hold.replace(Some(Hold::Start));
    }

    /// The rows changed.
    pub(super) fn settle(&self) {
        self.view.settle();
    }
}

impl Drop for Scroller {
    fn drop(&mut self) {
        if let Some(mutations) = &self.mutations {
            mutations.disconnect();
        }
        if let Some(sizes) = &self.sizes {
            sizes.disconnect();
        }
    }
}

impl View {
    /// So much is below what is in sight, in CSS pixels.
    fn below(&self) -> i32 {
        let element = &self.element;
        element.scroll_height() - element.client_height() - element.scroll_top()
    }

    fn edges(&self) -> Edges {
        let below = self.below();
        Edges {
            top: self.element.scroll_top() < NEAR,
            bottom: below < NEAR,
            at_end: below <= AT_END,
        }
    }

    /// What to hold still: the end for who is there, or else the first message in sight.
    fn anchor(&self) -> Option<Hold> {
        if self.edges().at_end {
            return Some(Hold::End);
        }
        let rows = self
            .element
            .query_selector_all(".message-rows > :is(.message, .event)")
            .ok()?;
        let top = self.top();
        (0..rows.length())
            .filter_map(|at| rows.get(at)?.dyn_into::<Element>().ok())
            .find_map(|row| {
                let rect = row.get_bounding_client_rect();
                let offset = rect.bottom() - top;
                (offset > 0.0).then_some(Hold::Row(row, offset))
            })
    }

    /// Does what the change has to end with, once.
    fn settle(&self) {
        match self.hold.take() {
            Some(Hold::End) => self.to_end(),
            Some(Hold::Start) => {
                let now = clock::now();
                let scrolled = self.scrolled.get();
                let glides = scrolled.is_some_and(|scrolled| now.since(scrolled) < GLIDE);
                self.began.set(glides.then_some(now));
                self.to_start();
            }
            Some(Hold::Row(row, offset)) if row.is_connected() => {
                let moved = row.get_bounding_client_rect().bottom() - self.top() - offset;
                // A browser that is on its way to where the person scrolls would stop there.
                if moved.abs() >= 0.5 {
                    self.scroll_by(moved);
                }
            }
            // The row left the page, or nothing is to be held.
            Some(Hold::Row(..)) | None => {}
        }
    }

    /// Undoes what the browser scrolls of what was left from before the conversation began.
    fn stay(&self) {
        let began = self.began.get();
        if began.is_some_and(|began| clock::now().since(began) < LEFT_OVER) {
            self.to_start();
        }
    }

    /// At the first unread message, or else at the end.
    fn to_start(&self) {
        let divider = self
            .element
            .query_selector(".message-rows > .unread-divider")
            .ok()
            .flatten();
        let to_divider = divider
            .map(|divider| divider.get_bounding_client_rect().top() - self.top() - DIVIDER_AT)
            .filter(|distance| *distance < f64::from(self.below()));
        match to_divider {
            Some(distance) if distance.abs() < 0.5 => {}
            Some(distance) => self.scroll_by(distance),
            None => self.to_end(),
        }
        self.at_end.set(self.edges().at_end);
    }

    fn to_end(&self) {
        if self.below() > 0 {
            self.element.set_scroll_top(self.element.scroll_height());
        }
    }

    fn top(&self) -> f64 {
        self.element.get_bounding_client_rect().top()
    }

    fn scroll_by(&self, distance: f64) {
        let options = ScrollToOptions::new();
        options.set_top(distance);
        options.set_behavior(ScrollBehavior::Instant);
        self.element.scroll_by_with_scroll_to_options(&options);
    }
}
