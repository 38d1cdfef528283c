//! A link in a message.

use tidings_client_state::{display_address, href};
use web_sys::Url;
use yew::prelude::*;

/// A link to an address, or its text alone where the browser cannot parse it. It is always laid out
/// from left to right.
pub(super) fn link(address: &str) -> Html {
    let href = href(address);
    let Ok(url) = Url::new(&href) else {
        return Html::from(address.to_owned());
    };
    html! {
        <a dir="ltr" href={href.into_owned()} target="_blank" rel="noopener noreferrer">
            { display_address(address, &url.hostname()).into_owned() }
        </a>
    }
}
