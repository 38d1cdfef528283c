//! What the group panel derives from the page's state, which the page itself holds. Pure.

use tidings_client_state::Contacts;
use tidings_shared::UserId;
use tidings_shared::api::Group;

/// Whether the person may add members: only the owner may, once the owner is known.
pub(super) fn may_add(group: Option<&Group>, me: UserId) -> bool {
    group.is_some_and(|group| group.owner == me)
}

/// What is shown below the members loaded so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListFooter {
    Nothing,
    /// The first page is on its way. A group has at least its owner.
    Skeleton,
    /// Something could not be loaded, with a button to ask again.
    Failure,
}

impl ListFooter {
    /// `group_failed`: the group's details could not be loaded.
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
        assert_eq!(ListFooter::of(false, &members), ListFooter::Skeleton);
        members.ask();
        assert_eq!(ListFooter::of(false, &members), ListFooter::Skeleton);
        assert_eq!(ListFooter::of(false, &first_page()), ListFooter::Nothing);
    }

    #[test]
    fn failed_group_or_page_shows_a_failure_below_the_rows() {
        assert_eq!(
            ListFooter::of(true, &Contacts::default()),
            ListFooter::Failure
        );
        assert_eq!(ListFooter::of(true, &first_page()), ListFooter::Failure);
        let mut members = first_page();
        members.ask();
        members.failed();
        assert_eq!(ListFooter::of(false, &members), ListFooter::Failure);
        assert!(!members.people().is_empty(), "the rows stay");
    }
}
