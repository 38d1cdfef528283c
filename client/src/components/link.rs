//! An address in a text.

use crate::state::{href, shown};
use web_sys::Url;
use yew::prelude::*;

/// A link to what an address names, or its text alone where the browser does not take it for one.
/// It is read from left to right whatever the text around it does.
pub(super) fn link(address: &str) -> Html {
    let href = href(address);
    let Ok(url) = Url::new(&href) else {
        return Html::from(address.to_owned());
    };
    html! {
        <a dir="ltr" href={href.into_owned()} target="_blank" rel="noopener noreferrer">
            { shown(address, &url.hostname()).into_owned() }
        </a>
    }
}
