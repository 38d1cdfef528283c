//! A row of the picker.

use crate::components::Avatar;
use crate::i18n::use_locale;
use tidings_client_state::{Contact, peer_key};
use tidings_shared::Peer;
use yew::prelude::*;

/// The contact.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(super) struct PersonCheckProps {
    /// The contact.
    pub(super) contact: Contact,
    /// Whether they are chosen.
    pub(super) chosen: bool,
    /// Whether they are a member, and cannot be chosen.
    pub(super) member: bool,
    /// They are toggled.
    pub(super) on_toggle: Callback<Contact>,
}

/// A row of the people to choose from.
#[component]
pub(super) fn PersonCheck(props: &PersonCheckProps) -> Html {
    let locale = use_locale();
    let texts = &locale.texts.group;
    let contact = &props.contact;
    let peer = Peer::User(contact.uid);
    let onchange = {
        let (contact, on_toggle) = (contact.clone(), props.on_toggle.clone());
        Callback::from(move |_: Event| on_toggle.emit(contact.clone()))
    };
    html! {
        <li>
            <label class="row row-check" data-testid="person" data-peer={peer_key(peer)}>
                <input
                    type="checkbox"
                    checked={props.chosen || props.member}
                    disabled={props.member}
                    {onchange}
                />
                <Avatar {peer} name={contact.name.clone()} src={contact.avatar.clone()} size="avatar-head" />
                <bdi class="row-name" translate="no">{ contact.name.clone() }</bdi>
                if props.member {
                    <span class="row-time">{ texts.is_member }</span>
                }
            </label>
        </li>
    }
}
