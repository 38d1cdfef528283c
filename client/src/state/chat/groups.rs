//! The open group, and the one just created.

use super::{Chat, Effect};
use crate::state::group::{MembersAsk, OpenGroup};
use tidings_shared::api::{Group, Users};
use tidings_shared::{GroupId, Moment, Peer};

impl Chat {
    /// What is known of the open conversation, if it is a group.
    pub const fn open_group(&self) -> Option<&OpenGroup> {
        self.group.as_ref()
    }

    /// The person created this group, so that it opens.
    pub fn group_created(&mut self, now: Moment, group: Group, effects: &mut Vec<Effect>) {
        self.open(now, Peer::Group(group.group_id), effects);
        self.group_told(now, group.group_id, Some(group), effects);
    }

    /// The server told what a group is, or could not tell (`None`).
    pub fn group_told(
        &mut self,
        now: Moment,
        id: GroupId,
        group: Option<Group>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(open) = self.group.as_mut().filter(|open| open.id() == id) {
            match group {
                Some(group) => open.told(group),
                None => open.failed(),
            }
        }
        self.due(now, effects);
    }

    /// Which members of the open group to fetch, if some are to be fetched now.
    pub fn ask_members(&mut self) -> Option<MembersAsk> {
        self.group.as_mut()?.ask_members()
    }

    /// Members of a group arrived, or could not be had (`None`).
    pub fn take_members(&mut self, round: u64, page: Option<Users>) {
        if let Some(open) = &mut self.group {
            open.take_members(round, page);
        }
    }

    /// The person asks once more for what the open group is, and who is in it.
    pub fn group_again(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if let Some(open) = &mut self.group {
            open.try_again();
        }
        self.due(now, effects);
    }

    pub(super) fn look_at_group(&mut self, peer: Peer) {
        let round = self.next_round();
        self.group = match peer {
            Peer::Group(id) => Some(OpenGroup::new(id, round)),
            Peer::User(_) => None,
        };
    }

    /// A group may not be what it was.
    pub(super) fn group_changed(&mut self, id: GroupId) {
        let round = self.next_round();
        if let Some(open) = self.group.as_mut().filter(|open| open.id() == id) {
            open.changed(round);
        }
    }

    /// Asks what the open group is. Only while someone looks: a message to thousands must not lead
    /// to as many requests.
    pub(super) fn ask_group(&mut self, effects: &mut Vec<Effect>) {
        if let Some(open) = self.group.as_mut().filter(|_| self.visible)
            && open.ask()
        {
            effects.push(Effect::AskGroup(open.id()));
        }
    }

    const fn next_round(&mut self) -> u64 {
        self.last_round += 1;
        self.last_round
    }
}
