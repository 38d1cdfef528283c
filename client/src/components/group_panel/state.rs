//! What the panel of a group shows of what the page knows. Pure; the page holds the state itself.

use crate::state::Contacts;
use tidings_shared::UserId;
use tidings_shared::api::Group;

/// Whether the person who looks may add members: the owner may, once the owner is known.
pub(super) fn may_add(group: Option<&Group>, me: UserId) -> bool {
    group.is_some_and(|group| group.owner == me)
}

/// What stands below the members loaded so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    Nothing,
    /// The first page is on its way. A group has at least its owner.
    Skeleton,
    /// Something could not be loaded, with a button to ask again.
    Failure,
}

impl Below {
    /// `group_failed`: what the group is could not be loaded.
    pub(super) fn of(group_failed: bool, members: &Contacts) -> Self {
        if group_failed || members.has_failed() {
            Self::Failure
        } else if members.people().is_empty() {
            Self::Skeleton
        } else {
            Self::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::GroupId;
    use tidings_shared::api::{User, Users};

    /// One page with one member; more follow.
    fn first_page() -> Contacts {
        let mut members = Contacts::default();
        members.ask();
        let user = User {
            uid: UserId(1001),
            username: "李四".into(),
            avatar: String::new(),
        };
        let page = Users {
            users: vec![user],
            next: Some(UserId(1001)),
        };
        members.arrived(None, page);
        members
    }

    #[test]
    fn only_the_owner_may_add_once_the_group_is_known() {
        let group = Group {
            group_id: GroupId(7),
            name: "Hikers".into(),
            avatar: String::new(),
            owner: UserId(1001),
            members: 3,
        };
        assert!(may_add(Some(&group), UserId(1001)));
        assert!(!may_add(Some(&group), UserId(1002)));
        assert!(!may_add(None, UserId(1001)));
    }

    #[test]
    fn skeleton_shows_until_the_first_members_arrive() {
        let mut members = Contacts::default();
        assert_eq!(Below::of(false, &members), Below::Skeleton);
        members.ask();
        assert_eq!(Below::of(false, &members), Below::Skeleton);
        assert_eq!(Below::of(false, &first_page()), Below::Nothing);
    }

    #[test]
    fn failure_of_the_group_or_of_a_page_shows_below_the_rows() {
        assert_eq!(Below::of(true, &Contacts::default()), Below::Failure);
        assert_eq!(Below::of(true, &first_page()), Below::Failure);
        let mut members = first_page();
        members.ask();
        members.failed();
        assert_eq!(Below::of(false, &members), Below::Failure);
        assert!(!members.people().is_empty(), "the rows stay");
    }
}
