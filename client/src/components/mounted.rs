//! What a component does when it is there for the first time.

use yew::prelude::*;

/// What is done when the component goes.
pub type Farewell = Option<Box<dyn FnOnce()>>;

/// Calls `effect` once, after the first render, and what it returns when the component goes.
#[hook]
pub fn use_mounted(effect: impl FnOnce() -> Farewell + 'static) {
    use_boxed(Box::new(effect));
}

/// With types that are always the same: each that yew is given is another copy of its effects.
#[hook]
fn use_boxed(effect: Box<dyn FnOnce() -> Farewell>) {
    use_effect_with((), move |()| {
        let farewell = effect();
        move || {
            if let Some(farewell) = farewell {
                farewell();
            }
        }
    });
}
