//! What a component does when it is there for the first time, and when something changes.

use yew::prelude::*;

/// What is done when the component goes, or before its effect is called again.
pub type Farewell = Option<Box<dyn FnOnce()>>;

/// Calls `effect` once, after the first render, and what it returns when the component goes.
#[hook]
pub fn use_mounted(effect: impl FnOnce() -> Farewell + 'static) {
    use_boxed(0, Box::new(effect));
}

/// Calls `effect` after the first render and after each for which `of` is another than before; and
/// what it returned before the next, and when the component goes.
#[hook]
pub fn use_changed(of: u64, effect: impl FnOnce() -> Farewell + 'static) {
    use_boxed(of, Box::new(effect));
}

/// Calls `effect` after every render.
#[hook]
pub fn use_rendered(effect: impl FnOnce() + 'static) {
    let effect: Box<dyn FnOnce()> = Box::new(effect);
    use_effect(effect);
}

/// With types that are always the same: each that yew is given is another copy of its effects.
#[hook]
fn use_boxed(of: u64, effect: Box<dyn FnOnce() -> Farewell>) {
    use_effect_with(of, move |_| {
        let farewell = effect();
        move || {
            if let Some(farewell) = farewell {
                farewell();
            }
        }
    });
}
