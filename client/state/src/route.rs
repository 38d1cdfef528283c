//! The route of the page: what is open, as the address names it.

use super::keys::{peer_key, peer_of_key};
use tidings_shared::Peer;

/// The panel beside the conversation, or over it where there is one pane at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SidePanel {
    /// The connection panel.
    Connection,
    /// The panel of the open group.
    Group,
}

/// The modal dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modal {
    /// The question whether to discard unsent messages.
    Unsent,
    /// One's own account.
    Profile,
    /// The settings.
    Settings,
    /// A new group.
    NewGroup,
    /// New members for the open group.
    AddMembers,
}

const PANELS: [(&str, SidePanel); 2] = [
    ("connection", SidePanel::Connection),
    ("members", SidePanel::Group),
];

const MODALS: [(&str, Modal); 5] = [
    ("log-out", Modal::Unsent),
    ("profile", Modal::Profile),
    ("settings", Modal::Settings),
    ("new-group", Modal::NewGroup),
    ("add-members", Modal::AddMembers),
];

/// A route: the list, or a conversation, with a panel beside it and a dialog over all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Route {
    /// The open conversation.
    pub peer: Option<Peer>,
    /// The panel beside it.
    pub panel: Option<SidePanel>,
    /// The dialog over both.
    pub modal: Option<Modal>,
}

impl Route {
    /// The fragment of the address, without `#`; empty: the list.
    pub fn fragment(self) -> String {
        let mut parts = vec![self.peer.map(peer_key).unwrap_or_default()];
        let panel = PANELS.iter().find(|(_, panel)| Some(*panel) == self.panel);
        parts.extend(panel.map(|(name, _)| (*name).to_owned()));
        let modal = MODALS.iter().find(|(_, modal)| Some(*modal) == self.modal);
        parts.extend(modal.map(|(name, _)| (*name).to_owned()));
        parts.join("/")
    }

    /// The route that a fragment names; unknown parts are ignored.
    pub fn from_fragment(fragment: &str) -> Self {
        let mut route = Self {
            peer: fragment.split('/').next().and_then(peer_of_key),
            ..Self::default()
        };
        for part in fragment.split('/').skip(1) {
            let panel = PANELS.iter().find(|(name, _)| *name == part);
            route.panel = panel.map(|(_, panel)| *panel).or(route.panel);
            let modal = MODALS.iter().find(|(name, _)| *name == part);
            route.modal = modal.map(|(_, modal)| *modal).or(route.modal);
        }
        route
    }

    /// Whether this route is reached from the other by closing things only.
    pub fn is_back_from(self, other: Self) -> bool {
        let closed = |here: bool, there: bool| here || !there;
        self != other
            && closed(self.peer == other.peer, self.peer.is_some())
            && closed(self.panel == other.panel, self.panel.is_some())
            && closed(self.modal == other.modal, self.modal.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::{GroupId, UserId};

    const GROUP: Route = Route {
        peer: Some(Peer::Group(GroupId(7))),
        panel: Some(SidePanel::Group),
        modal: Some(Modal::AddMembers),
    };

    #[test]
    fn route_round_trips_through_its_fragment() {
        let list = Route::default();
        let peer = Some(Peer::User(UserId(1001)));
        for (route, fragment) in [
            (list, ""),
            (Route { peer, ..list }, "1001"),
            (GROUP, "g7/members/add-members"),
            (
                Route {
                    peer: None,
                    panel: None,
                    ..GROUP
                },
                "/add-members",
            ),
        ] {
            assert_eq!(route.fragment(), fragment);
            assert_eq!(Route::from_fragment(fragment), route);
        }
    }

    #[test]
    fn unknown_fragment_is_the_list() {
        for fragment in ["x", "members", "/", "1 OR 1/x", "//"] {
            assert_eq!(
                Route::from_fragment(fragment),
                Route::default(),
                "{fragment}"
            );
        }
    }

    #[test]
    fn closing_is_distinguished_from_other_navigation() {
        let panel = Route {
            modal: None,
            ..GROUP
        };
        let list = Route::default();
        assert!(panel.is_back_from(GROUP) && list.is_back_from(GROUP));
        assert!(!GROUP.is_back_from(panel) && !list.is_back_from(list));
        let other = Some(Peer::User(UserId(1)));
        assert!(
            !Route {
                peer: other,
                ..list
            }
            .is_back_from(GROUP)
        );
    }
}
