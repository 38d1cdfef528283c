//! The displayed names of users and groups.

use std::rc::Rc;
use tidings_shared::Peer;
use tidings_shared::visible::is_blank;

/// The displayed name of a peer: their number if nothing of the name is visible.
pub(super) fn name_of(peer: Peer, name: &str) -> Rc<str> {
    if is_blank(name) {
        number_of(peer)
    } else {
        name.into()
    }
}

/// The displayed name of a peer whose name is not known.
pub(super) fn number_of(peer: Peer) -> Rc<str> {
    let number = match peer {
        Peer::User(uid) => uid.0,
        Peer::Group(id) => id.0,
    };
    format!("#{number}").into()
}

#[cfg(test)]
mod tests {
    use super::name_of;
    use tidings_shared::{GroupId, Peer};

    #[test]
    fn invisible_name_is_replaced_by_the_number() {
        let peer = Peer::Group(GroupId(7));
        assert_eq!(&*name_of(peer, "\u{200b}"), "#7");
        assert_eq!(&*name_of(peer, "Hikers"), "Hikers");
    }
}
