//! The language as components have it: [`Locale`] in a context, which `app.rs` provides.

use super::{Lang, Locale};
use std::rc::Rc;
use yew::prelude::*;

/// The language of the page. A component that calls it is rendered anew in another language.
#[hook]
pub fn use_locale() -> Rc<Locale> {
    // Outside of the app there is no provider; then the browser's language is as good as any.
    use_context().unwrap_or_else(|| Rc::new(Locale::new(Lang::preferred())))
}
