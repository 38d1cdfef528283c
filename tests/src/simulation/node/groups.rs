//! Creation of groups and addition of members: an HTTP request commits, then publishes the message
//! about it, and a resync to the added users, whose connections join the group then.

use super::{Node, State};
use crate::simulation::agenda::Step;
use crate::simulation::bus::{BusEvent, Notice, Topic};
use crate::simulation::env::Env;
use crate::simulation::plan::GroupPlan;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use std::rc::Rc;
use tidings_shared::UserId;

impl Node {
    /// Adds members to a group, which the first addition creates. Returns whether the request
    /// succeeded; otherwise the owner's client repeats it.
    pub(crate) fn add_members(
        &mut self,
        env: &mut Env,
        group: &GroupPlan,
        uids: &[UserId],
    ) -> bool {
        let is_in_doubt = env.store_fails();
        if self.state != State::Up || is_in_doubt && !env.random.chance(env.plan.doubts_percent) {
            return false;
        }
        let is_new = !env.store.has_group(group.id);
        let source = (self.core.id, env.now());
        let jump = env.random.between(1, env.plan.mid_jump).cast_signed();
        let of = (group.id, group.owner);
        let Some((record, added)) = env.store.add_members(of, uids, source, jump) else {
            return !is_in_doubt;
        };
        env.ledger.joined(&record, &added);
        env.committed(&record);
        if is_new {
            env.count(Count::Groups);
        } else {
            for _ in &added {
                env.count(Count::MembersAdded);
            }
        }
        let topics = vec![Topic::Group(group.id)];
        let event = if is_in_doubt {
            env.count(Count::Doubts);
            BusEvent::Resync
        } else {
            BusEvent::Message(Rc::clone(&record), None)
        };
        let added = added.into_iter().map(Topic::User).collect();
        let notices = vec![
            Notice::new(topics, event),
            Notice::new(added, BusEvent::Resync),
        ];
        if !(is_in_doubt && env.is(Variant::SilentDoubt)) {
            self.announcements.push_back(notices);
            let wait = env.random.ms(0, 5);
            self.core.after(env, wait, Step::Announce);
        }
        if self.doomed {
            self.crash(env);
        }
        !is_in_doubt
    }

    /// Publishes the earliest change of a group that is not published yet.
    pub(super) fn announce(&mut self, env: &mut Env) {
        if let Some(notices) = self.announcements.pop_front() {
            env.publish(self.core.id, notices);
        }
    }
}
