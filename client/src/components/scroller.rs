//! The scroll position of a thread: keeps the visible rows in place while rows are added and
//! removed above and below.
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

/// So near to the end counts as at the end, in CSS pixels.
const AT_END: i32 = 24;

/// Rows are rendered or fetched at this distance from the edge, in CSS pixels.
const NEAR: i32 = 600;

/// The distance of the unread divider from the top when a conversation opens, in CSS pixels.
const DIVIDER_AT: f64 = 64.0;

/// A smooth scroll may still run if the last scroll was this recent when a conversation begins: a
/// scroll position set meanwhile moves on with it (seen in Chromium, where neither hidden overflow
/// nor another smooth scroll stops it).
const SMOOTH_SCROLL: Duration = Duration::from_millis(500);

/// Such a leftover scroll is undone for at most so long after a conversation began.
const LEFTOVER_SCROLL: Duration = Duration::from_secs(1);

/// The events of a person who scrolls.
const INPUTS: [&str; 5] = ["focusin", "keydown", "pointerdown", "touchmove", "wheel"];

/// The position to restore after the next change of the rows.
#[derive(Debug)]
enum Anchor {
    /// The end stays in sight.
    End,
    /// The bottom of this row stays at this distance below the top, in CSS pixels. Not its top: the
    /// row may lose its sender's name when it turns out to follow another of theirs.
    Row(Element, f64),
    /// A conversation begins: its first unread message, or else its end.
    Start,
}

/// The edges of the rendered rows that the person is near to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) top: bool,
    pub(super) bottom: bool,
    /// At the end, within a line.
    pub(super) at_end: bool,
}

#[derive(Debug)]
struct View {
    element: Element,
    anchor: RefCell<Option<Anchor>>,
    at_end: Cell<bool>,
    /// The time of the last scroll.
    scrolled: Cell<Option<Moment>>,
    /// When the conversation began, if a scroll was running then and the person has not scrolled
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
    /// Manages an element that scrolls; `resized` is called when its size changed.
    pub(super) fn new(element: Element, resized: impl Fn() + 'static) -> Self {
        let view = Rc::new(View {
            element,
            anchor: RefCell::new(None),
            at_end: Cell::new(true),
            scrolled: Cell::new(None),
            began: Cell::new(None),
        });
        let shared = view.clone();
        let on_change = Closure::<dyn FnMut()>::new(move || shared.restore());
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
            // A hidden conversation is shown by changing its class alone.
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

    /// The element was scrolled, by the person or by this code.
    pub(super) fn scrolled(&self) {
        self.view.scrolled.set(Some(clock::now()));
    }

    /// The edges the person is near to. Remembers whether they are at the end, to keep them there on
    /// a resize.
    pub(super) fn measure(&self) -> Edges {
        self.view.undo_leftover_scroll();
        let edges = self.view.edges();
        self.view.at_end.set(edges.at_end);
        edges
    }

    /// Whether all rows fit into the element, so that there may be space for more.
    pub(super) fn all_rows_fit(&self) -> bool {
        self.view.element.scroll_height() <= self.view.element.client_height()
    }

    /// Called before the rows change: what is in sight stays there.
    pub(super) fn save_anchor(&self) {
        let at_start = matches!(*self.view.anchor.borrow(), Some(Anchor::Start));
        if !at_start {
            let anchor = self.view.current_anchor();
            self.view.anchor.replace(anchor);
        }
    }

    /// Called before the rows change to another conversation.
    pub(super) fn begin_thread(&self) {
        self.view.anchor.replace(Some(Anchor::Start));
    }

    /// Called after the rows changed.
    pub(super) fn restore(&self) {
        self.view.restore();
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
    /// The height below what is in sight, in CSS pixels.
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

    /// The position to hold: the end if the person is there, or else the first message in sight.
    fn current_anchor(&self) -> Option<Anchor> {
        if self.edges().at_end {
            return Some(Anchor::End);
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
                (offset > 0.0).then_some(Anchor::Row(row, offset))
            })
    }

    /// Restores the saved position, once.
    fn restore(&self) {
        match self.anchor.take() {
            Some(Anchor::End) => self.to_end(),
            Some(Anchor::Start) => {
                let now = clock::now();
                let scrolled = self.scrolled.get();
                let scrolls = scrolled.is_some_and(|scrolled| now.since(scrolled) < SMOOTH_SCROLL);
                self.began.set(scrolls.then_some(now));
                self.to_start();
            }
            Some(Anchor::Row(row, offset)) if row.is_connected() => {
                let moved = row.get_bounding_client_rect().bottom() - self.top() - offset;
                // A needless correction would stop a smooth scroll of the person.
                if moved.abs() >= 0.5 {
                    self.scroll_by(moved);
                }
            }
            // The row left the page, or nothing is to be held.
            Some(Anchor::Row(..)) | None => {}
        }
    }

    /// Undoes a smooth scroll left over from before the conversation began.
    fn undo_leftover_scroll(&self) {
        let began = self.began.get();
        if began.is_some_and(|began| clock::now().since(began) < LEFTOVER_SCROLL) {
            self.to_start();
        }
    }

    /// Scrolls to the first unread message, or else to the end.
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
