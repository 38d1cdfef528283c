//! Where the person is in the page, and the browser's history of it.

use super::ChatPage;
use crate::dom;
use crate::state::{Effect, Modal, OpenGroup, Place, SidePanel};
use tidings_shared::{Moment, Peer};
use yew::prelude::*;

impl ChatPage {
    fn place(&self) -> Place {
        Place {
            peer: self.chat.open_peer(),
            panel: self.panel,
            modal: self.modal,
        }
    }

    /// Whether something stands over the conversation.
    pub(super) fn is_covered(&self) -> bool {
        self.modal.is_some() || self.panel.is_some() && dom::is_narrow()
    }

    /// Something happened: the address and the history say where the person is now.
    pub(super) fn leave_trail(&mut self) {
        // The panel of one group becomes that of another, and has no place beside a person.
        let in_group = self.chat.open_group().is_some();
        self.panel = self
            .panel
            .filter(|panel| in_group || *panel != SidePanel::Group);
        let place = self.place();
        if self.arrival.is_none() || place != Place::default() {
            self.arrival = None;
            self.trail.follow(place);
        }
    }

    /// Opens what a place names, as far as it is there for this person, and closes all else.
    pub(super) fn go(
        &mut self,
        ctx: &Context<Self>,
        place: Place,
        now: Moment,
        out: &mut Vec<Effect>,
    ) {
        let me = Peer::User(ctx.props().user.uid);
        if let Some(peer) = place.peer.filter(|peer| *peer != me) {
            if self.chat.directory().get(peer).is_none() {
                // Who that is, a contact may tell.
                self.ask_contacts(ctx);
            }
            self.open(peer, now, out);
        } else if self.chat.open_peer().is_some() {
            self.close();
        }
        self.panel = place.panel;
        self.show(ctx, place.modal);
    }

    /// Opens a dialog in place of the one that is open, if any, or closes that.
    pub(super) fn show(&mut self, ctx: &Context<Self>, modal: Option<Modal>) {
        let group = self.chat.open_group().map(OpenGroup::id);
        let modal = modal.filter(|modal| match modal {
            Modal::AddMembers => group.is_some(),
            Modal::Unsent => !self.chat.outbox().is_empty(),
            Modal::Profile | Modal::Settings | Modal::NewGroup => true,
        });
        if modal == self.modal {
            return;
        }
        self.modal = modal;
        match modal {
            Some(Modal::NewGroup) => self.open_group_dialog(ctx, None),
            Some(Modal::AddMembers) => self.open_group_dialog(ctx, group),
            _ => self.gathering = None,
        }
    }
}
