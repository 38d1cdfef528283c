//! A row of the contacts.

use super::Avatar;
use tidings_client_state::{Contact, peer_key};
use tidings_shared::Peer;
use yew::prelude::*;

/// The contact.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ContactRowProps {
    /// The contact.
    pub contact: Contact,
    /// Whether the conversation with them is open.
    pub selected: bool,
    /// The conversation with them is opened.
    pub on_open: Callback<Peer>,
}

/// A row of the contacts.
#[component]
pub fn ContactRow(props: &ContactRowProps) -> Html {
    let contact = &props.contact;
    let peer = Peer::User(contact.uid);
    let on_open = props.on_open.clone();
    html! {
        <li>
            <button
                type="button"
                class="row row-contact"
                data-testid="contact-row"
                data-peer={peer_key(peer)}
                aria-current={props.selected.then_some("true")}
                onclick={move |_| on_open.emit(peer)}
            >
                <Avatar {peer} name={contact.name.clone()} src={contact.avatar.clone()} size="avatar-row" />
                <bdi class="row-name" translate="no">{ contact.name.clone() }</bdi>
            </button>
        </li>
    }
}
