//! The open group, and the one just created.

use super::{Chat, Effect};
use crate::group::{MembersQuery, OpenGroup};
use tidings_shared::api::{Group, Users};
use tidings_shared::{GroupId, Moment, Peer};

impl Chat {
    /// The open group, if the open conversation is one.
    pub const fn open_group(&self) -> Option<&OpenGroup> {
        self.group.as_ref()
    }

    /// The person created this group: opens it.
    pub fn group_created(&mut self, now: Moment, group: Group) {
        self.open(now, Peer::Group(group.group_id));
        self.handle_group(now, group.group_id, Some(group));
    }

    /// The details of a group arrived, or could not be fetched (`None`).
    pub fn handle_group(&mut self, now: Moment, id: GroupId, group: Option<Group>) {
        if let Some(open) = self.group.as_mut().filter(|open| open.id() == id) {
            match group {
                Some(group) => open.loaded(group),
                None => open.failed(),
            }
        }
        self.send_due(now);
    }

    /// The members of the open group to fetch now, if any.
    pub fn ask_members(&mut self) -> Option<MembersQuery> {
        self.group.as_mut()?.ask_members()
    }

    /// A page of members arrived, or could not be fetched (`None`).
    pub fn handle_members(&mut self, round: u64, page: Option<Users>) {
        if let Some(open) = &mut self.group {
            open.handle_members(round, page);
        }
    }

    /// The person retries to load the open group and its members.
    pub fn retry_group(&mut self, now: Moment) {
        if let Some(open) = &mut self.group {
            open.try_again();
        }
        self.send_due(now);
    }

    pub(super) fn set_open_group(&mut self, peer: Peer) {
        let round = self.next_round();
        self.group = match peer {
            Peer::Group(id) => Some(OpenGroup::new(id, round)),
            Peer::User(_) => None,
        };
    }

    /// A group may have changed.
    pub(super) fn group_changed(&mut self, id: GroupId) {
        let round = self.next_round();
        if let Some(open) = self.group.as_mut().filter(|open| open.id() == id) {
            open.changed(round);
        }
    }

    /// Fetches the open group if it is stale. Only while the page is visible: a message to
    /// thousands must not lead to as many requests.
    pub(super) fn fetch_group(&mut self) {
        if let Some(open) = self.group.as_mut().filter(|_| self.visible)
            && open.ask()
        {
            self.effects.push_back(Effect::FetchGroup(open.id()));
        }
    }

    const fn next_round(&mut self) -> u64 {
        self.last_round += 1;
        self.last_round
    }
}
