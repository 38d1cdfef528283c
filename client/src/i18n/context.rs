//! [`Locale`] in a context, which `app.rs` provides to components.

use super::{Lang, Locale};
use std::rc::Rc;
use yew::prelude::*;

/// The language of the page. A component that calls it renders again when the language changes.
#[hook]
pub fn use_locale() -> Rc<Locale> {
    // Outside of the app there is no provider, and the browser's language is used.
    use_context().unwrap_or_else(|| Rc::new(Locale::new(Lang::preferred())))
}
