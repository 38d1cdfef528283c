//! The requests of a session, which take the store or the bus some time, and their answers.

use super::Core;
use super::connection::{Connection, Phase, user};
use super::payload::Held;
use crate::simulation::agenda::Event;
use crate::simulation::bus::Topic;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::variant::Variant;
use std::time::Duration;
use tidings_shared::session::{Answer, Request, StoreUnavailable};
use tidings_shared::{ConversationId, GroupId};

type Outcome = Result<Answer<Held>, StoreUnavailable>;

/// A request that is under way, and its outcome if that was determined already.
#[derive(Debug)]
pub(super) struct Running {
    request: Request,
    outcome: Option<Outcome>,
}

impl Connection {
    pub(super) fn request(&mut self, env: &mut Env, core: &mut Core, request: Request) {
        match request {
            Request::Admit => {
                let answer = Ok(Answer::Admitted(true));
                self.session.handle_answer(self.now(env), answer);
            }
            // Subscribed only when the bus has confirmed it.
            Request::Subscribe { .. } | Request::JoinGroups(_) => {
                let wait = env.bus_time();
                self.wait(env, request, None, wait);
            }
            request => self.start(env, core, request),
        }
    }

    fn wait(&mut self, env: &mut Env, request: Request, outcome: Option<Outcome>, wait: Duration) {
        self.running = Some(Running { request, outcome });
        env.after(wait, Event::Stored(self.socket));
    }

    fn subscribe(&self, env: &Env, core: &mut Core) -> Answer<Held> {
        if !env.is(Variant::SubscribeLate) {
            core.hub.join(Topic::User(self.uid()), self.socket);
        }
        if env.is(Variant::GroupLeak) {
            let groups = env.plan.groups.iter().map(|group| group.id);
            self.join_groups(core, groups);
        }
        Answer::Subscribed(true)
    }

    /// Returns whether any of the groups is new to this connection.
    fn join_groups(&self, core: &mut Core, groups: impl IntoIterator<Item = GroupId>) -> bool {
        let join = |any, group| core.hub.join(Topic::Group(group), self.socket) | any;
        groups.into_iter().fold(false, join)
    }

    /// Starts a store request. It is run at its start or at its end, at random.
    fn start(&mut self, env: &mut Env, core: &mut Core, request: Request) {
        env.ledger.record_activity(env.agenda.now());
        match request {
            Request::Page(_) => {
                env.count(Count::FeedReads);
                let allowed = self.checks.reads_allowed();
                env.ledger.read_on(self.socket, allowed);
            }
            Request::Login if self.phase == Phase::Bound => env.count(Count::Reloads),
            _ => {}
        }
        let at_start = env.random.chance(50);
        let outcome = at_start.then(|| self.evaluate(env, core, &request));
        let wait = env.store_time();
        self.wait(env, request, outcome, wait);
    }

    /// The store, or the bus, answers the request that is under way.
    pub(super) fn stored(&mut self, env: &mut Env, core: &mut Core) {
        let Some(Running { request, outcome }) = self.running.take() else {
            return;
        };
        let outcome = outcome.unwrap_or_else(|| self.evaluate(env, core, &request));
        let now = self.now(env);
        match &outcome {
            Ok(Answer::Page(items)) => self.checks.paged(items),
            Ok(Answer::Cursors { page, .. }) => self.checks.allow_reads(page.len() + 1),
            Ok(_) => {}
            Err(_) => self.checks.read_failed(now),
        }
        self.session.handle_answer(now, outcome);
    }

    fn evaluate(&self, env: &mut Env, core: &mut Core, request: &Request) -> Outcome {
        match request {
            Request::Subscribe { .. } => return Ok(self.subscribe(env, core)),
            Request::JoinGroups(groups) => {
                let groups = groups.iter().copied();
                return Ok(Answer::Joined(self.join_groups(core, groups)));
            }
            _ if env.store_fails() => return Err(StoreUnavailable),
            _ => {}
        }
        let (store, uid) = (&env.store, self.uid());
        Ok(match request {
            Request::Login => Answer::Login(Some(user(uid))),
            // No backup is restored in a scenario.
            Request::Epoch => Answer::Epoch("one".into()),
            Request::Cursors { after } => {
                let (mut page, is_last) = store.cursors(uid, *after);
                for cursor in &mut page {
                    let delivery = &mut cursor.delivery;
                    let pending = core.cursors.delivered(uid, delivery.conversation);
                    delivery.delivered_seq = delivery.delivered_seq.max(pending);
                }
                Answer::Cursors { page, is_last }
            }
            Request::Unread => Answer::Unread(store.unread_counts(uid)),
            Request::List { after } => Answer::List(store.list(uid, after.as_deref())),
            Request::Query {
                peer,
                after,
                before,
                limit,
            } => {
                let position = store.position(uid, *peer);
                let records = store.query(uid, *peer, (*after, *before), *limit);
                let messages = records.into_iter().map(Held::new).collect();
                let found = store.has_peer(uid, *peer);
                if let Some(position) = position.filter(|_| self.plain_query) {
                    env.ledger.claims_read(uid, *peer, position.last_seq, false);
                }
                Answer::Query(found.then_some((messages, position)))
            }
            Request::Position(peer) => Answer::Position(store.position(uid, *peer)),
            Request::Advance {
                conversation,
                read,
                delivered,
            } => {
                if let Some(marks) = env.store.advance(*conversation, uid, *read, *delivered) {
                    env.ledger.moved(&marks);
                    core.publish_receipt(env, &marks);
                }
                self.advanced(env, *conversation)
            }
            Request::Page(request) => {
                let records = store.page(uid, request);
                let items = records.iter().map(|record| self.checks.item(record, uid));
                Answer::Page(items.collect())
            }
            Request::Admit | Request::Subscribe { .. } | Request::JoinGroups(_) => {
                unreachable!("they do not ask the store")
            }
        })
    }

    fn advanced(&self, env: &Env, conversation: ConversationId) -> Answer<Held> {
        let (unread, total) = env.store.unread(self.uid(), conversation);
        Answer::Advanced { unread, total }
    }
}
