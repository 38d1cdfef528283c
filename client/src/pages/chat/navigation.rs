//! The page's route, and the browser's history of it.

use super::ChatPage;
use crate::dom;
use tidings_client_state::{Modal, OpenGroup, Route, SidePanel};
use tidings_shared::{Moment, Peer};
use yew::prelude::*;

impl ChatPage {
    fn route(&self) -> Route {
        Route {
            peer: self.chat.open_peer(),
            panel: self.panel,
            modal: self.modal,
        }
    }

    /// Whether a dialog or panel covers the conversation.
    pub(super) fn is_covered(&self) -> bool {
        self.modal.is_some() || self.panel.is_some() && dom::is_narrow()
    }

    /// Records the current route in the address and the history. Called after each event.
    pub(super) fn update_history(&mut self) {
        // The group panel stays open from group to group, and closes for a direct conversation.
        let in_group = self.chat.open_group().is_some();
        self.panel = self
            .panel
            .filter(|panel| in_group || *panel != SidePanel::Group);
        let route = self.route();
        if self.initial_route.is_none() || route != Route::default() {
            self.initial_route = None;
            self.history.record(route);
        }
    }

    /// Opens what a route names, as far as this person may see it, and closes all else.
    pub(super) fn navigate(&mut self, ctx: &Context<Self>, route: Route, now: Moment) {
        let me = Peer::User(ctx.props().user.uid);
        if let Some(peer) = route.peer.filter(|peer| *peer != me) {
            if self.chat.directory().get(peer).is_none() {
                // The contacts may have the peer's name.
                self.ask_contacts(ctx);
            }
            self.open(peer, now);
        } else if self.chat.open_peer().is_some() {
            self.close();
        }
        self.panel = route.panel;
        self.show(ctx, route.modal);
    }

    /// Opens a dialog in place of the open one, if any, or closes that.
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
            _ => self.group_dialog = None,
        }
    }
}
