//! Where the person is in the page, as its address names it.

use super::keys::{peer_key, peer_of_key};
use tidings_shared::Peer;

/// What stands beside the conversation; over it, where there is one pane at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SidePanel {
    /// The connection panel.
    Connection,
    /// The panel of the open group.
    Group,
}

/// The dialog that stands over everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modal {
    /// The question whether to lose what is not sent.
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

/// A place: from the list into a conversation, to a panel beside it, to a dialog over all of that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The open conversation.
    pub peer: Option<Peer>,
    /// What is open beside it.
    pub panel: Option<SidePanel>,
    /// What is open over both.
    pub modal: Option<Modal>,
}

impl Place {
    /// The fragment of the address, without `#`; empty: the list.
    pub fn fragment(self) -> String {
        let mut parts = vec![self.peer.map(peer_key).unwrap_or_default()];
        let panel = PANELS.iter().find(|(_, panel)| Some(*panel) == self.panel);
        parts.extend(panel.map(|(name, _)| (*name).to_owned()));
        let modal = MODALS.iter().find(|(_, modal)| Some(*modal) == self.modal);
        parts.extend(modal.map(|(name, _)| (*name).to_owned()));
        parts.join("/")
    }

    /// The place that a fragment names; what is unknown in it names nothing.
    pub fn of_fragment(fragment: &str) -> Self {
        let mut place = Self {
            peer: fragment.split('/').next().and_then(peer_of_key),
            ..Self::default()
        };
        for part in fragment.split('/').skip(1) {
            let panel = PANELS.iter().find(|(name, _)| *name == part);
            place.panel = panel.map(|(_, panel)| *panel).or(place.panel);
            let modal = MODALS.iter().find(|(name, _)| *name == part);
            place.modal = modal.map(|(_, modal)| *modal).or(place.modal);
        }
        place
    }

    /// Whether one comes from the other here by closing things alone.
    pub fn is_left_of(self, other: Self) -> bool {
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

    const GROUP: Place = Place {
        peer: Some(Peer::Group(GroupId(7))),
        panel: Some(SidePanel::Group),
        modal: Some(Modal::AddMembers),
    };

    #[test]
    fn a_place_survives_its_fragment() {
        let list = Place::default();
        let peer = Some(Peer::User(UserId(1001)));
        for (place, fragment) in [
            (list, ""),
            (Place { peer, ..list }, "1001"),
            (GROUP, "g7/members/add-members"),
            (
                Place {
                    peer: None,
                    panel: None,
                    ..GROUP
                },
                "/add-members",
            ),
        ] {
            assert_eq!(place.fragment(), fragment);
            assert_eq!(Place::of_fragment(fragment), place);
        }
    }

    #[test]
    fn a_fragment_of_something_else_is_the_list() {
        for fragment in ["x", "members", "/", "1 OR 1/x", "//"] {
            assert_eq!(Place::of_fragment(fragment), Place::default(), "{fragment}");
        }
    }

    #[test]
    fn closing_is_told_from_opening_and_from_going_elsewhere() {
        let panel = Place {
            modal: None,
            ..GROUP
        };
        let list = Place::default();
        assert!(panel.is_left_of(GROUP) && list.is_left_of(GROUP));
        assert!(!GROUP.is_left_of(panel) && !list.is_left_of(list));
        let other = Some(Peer::User(UserId(1)));
        assert!(
            !Place {
                peer: other,
                ..list
            }
            .is_left_of(GROUP)
        );
    }
}
