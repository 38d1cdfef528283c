//! The store requests of a connection, one at a time, and the handling of their outcomes.

use super::Core;
use super::connection::{Bound, Closing, Connection};
use crate::simulation::agenda::Event;
use crate::simulation::bus::BusEvent;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::Record;
use crate::simulation::variant::Variant;
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{DeliveryCursor, Feed, ReadRequest, Timing};
use tidings_shared::frame::{
    self, Bind, ConversationList, Page, Query, ReadMark, ServerFrame, UnreadTotal, kind,
};
use tidings_shared::{ConversationId, ErrorBody, ErrorCode, Message, Peer, Seq};

/// A store request of a connection.
#[derive(Debug)]
pub(super) enum Job {
    /// The first read of a bind: the delivery cursors.
    Cursors(Bind),
    /// The second read of a bind: the list.
    FirstList(Bind, Vec<DeliveryCursor>),
    Page(ReadRequest),
    Reload,
    Query(Query),
    Unread,
    List(Option<String>),
    /// Advances the read cursor, for a frame of this type.
    Mark(Peer, Seq, u64),
}

/// The outcome of a store request.
#[derive(Debug)]
pub(super) enum Outcome {
    Failed,
    Cursors(Vec<DeliveryCursor>),
    List(ConversationList, u64),
    Records(Vec<Rc<Record>>),
    Messages(Vec<Message>, Option<Seq>),
    Unread(u64),
    /// The read cursor is advanced when the outcome is handled.
    Marked,
}

impl Connection {
    /// Starts a store request. Its outcome is read at its start or at its end, at random.
    pub(super) fn ask(&mut self, env: &mut Env, job: Job) {
        env.ledger.record_activity(env.agenda.now());
        let outcome = env.random.chance(50).then(|| self.evaluate(env, &job));
        self.job = Some((job, outcome));
        let wait = env.store_time();
        env.after(wait, Event::Stored(self.socket));
    }

    fn evaluate(&self, env: &Env, job: &Job) -> Outcome {
        let (store, uid) = (&env.store, self.uid);
        if store.is_down() {
            return Outcome::Failed;
        }
        match job {
            Job::Cursors(_) | Job::Reload => Outcome::Cursors(store.cursors(uid)),
            Job::FirstList(..) => Outcome::List(
                store.list(uid, None),
                store.unread(uid, ConversationId(0)).1,
            ),
            Job::Page(ReadRequest {
                conversation,
                after,
                before,
                limit,
            }) => Outcome::Records(store.page(*conversation, *after, *before, *limit)),
            Job::Query(query) => {
                let last = store.conversation(uid, query.peer).map(|(_, last, _)| last);
                let records = store.query(query);
                let messages = records.iter().map(|record| record.queried(uid)).collect();
                Outcome::Messages(messages, last)
            }
            Job::Unread => Outcome::Unread(store.unread(uid, ConversationId(0)).1),
            Job::List(after) => Outcome::List(store.list(uid, after.as_deref()), 0),
            Job::Mark(..) => Outcome::Marked,
        }
    }

    /// Handles the outcome of the running store request.
    pub(super) fn stored(&mut self, env: &mut Env, core: &mut Core) -> Result<(), Closing> {
        let Some((job, outcome)) = self.job.take() else {
            return Ok(());
        };
        let outcome = outcome.unwrap_or_else(|| self.evaluate(env, &job));
        match (job, outcome) {
            (Job::Cursors(bind), Outcome::Cursors(cursors)) => {
                self.ask(env, Job::FirstList(bind, cursors));
            }
            (Job::FirstList(bind, cursors), Outcome::List(list, unread)) => {
                self.bound(env, core, &bind, cursors, (list, unread));
            }
            (Job::Cursors(_) | Job::FirstList(..), _) => {
                let body = ErrorBody::new(ErrorCode::Unavailable).re(kind::BIND);
                self.push(env, ServerFrame::BindRefused(body));
                return Err(Closing::Close(CloseCode::RateLimited));
            }
            (Job::Page(_), Outcome::Records(records)) => {
                let items = records.iter().map(|record| self.item(record));
                self.handle_page(items.collect());
            }
            (Job::Reload, Outcome::Cursors(cursors)) => {
                self.allow_reads(cursors.len());
                if let Some(bound) = &mut self.bound {
                    bound.feed.handle_cursors(cursors);
                }
            }
            (Job::Page(_) | Job::Reload, _) => self.store_failed(env),
            (Job::Query(query), Outcome::Messages(messages, last)) => {
                let reference = query.reference;
                let page = Page {
                    messages,
                    reference,
                };
                self.push(env, ServerFrame::Page(page));
                if let Some(last) = last.filter(|_| query.is_plain()) {
                    env.ledger.claims_read(self.uid, query.peer, last);
                    self.ask(env, Job::Mark(query.peer, last, kind::QUERY));
                }
            }
            (Job::Unread, Outcome::Unread(unread)) => {
                self.push(env, ServerFrame::Unread(UnreadTotal { unread }));
            }
            (Job::List(_), Outcome::List(list, _)) => {
                self.push(env, ServerFrame::Conversations(list));
            }
            (Job::Mark(peer, seq, _), Outcome::Marked) if !env.store.is_down() => {
                self.mark_read(env, core, peer, seq);
            }
            (Job::Query(query), _) => self.unavailable(env, kind::QUERY, query.reference),
            (Job::Mark(.., re), _) => self.unavailable(env, re, None),
            (Job::Unread, _) => self.unavailable(env, kind::UNREAD, None),
            (Job::List(_), _) => self.unavailable(env, kind::CONVERSATIONS, None),
        }
        Ok(())
    }

    fn bound(
        &mut self,
        env: &mut Env,
        core: &mut Core,
        bind: &Bind,
        cursors: Vec<DeliveryCursor>,
        (list, unread): (ConversationList, u64),
    ) {
        env.count(Count::Binds);
        if env.is(Variant::SubscribeLate) {
            core.join(self.uid, self.socket);
        }
        self.allow_reads(cursors.len() + 1);
        let cursors = cursors.into_iter().map(|cursor| DeliveryCursor {
            delivered_seq: core
                .cursors
                .pending(cursor.conversation, self.uid)
                .max(cursor.delivered_seq),
            ..cursor
        });
        let timing = Timing::default();
        let feed = if bind.conversations {
            Feed::from_latest(timing, cursors)
        } else if bind.is_plain() {
            Feed::legacy(timing, cursors)
        } else {
            Feed::from_acknowledged(timing, cursors)
        };
        let interval = core.heartbeat(self.device(env), |policy| {
            if let Some(missed) = bind.missed {
                policy.handle_failure(super::BOUNDS, Duration::from_millis(missed));
            }
        });
        let timeout = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        let bound = frame::Bound {
            uid: self.uid,
            username: String::new(),
            timeout,
            unread,
            list: bind.conversations.then_some(list),
        };
        self.push(env, ServerFrame::Bound(Box::new(bound)));
        self.bound = Some(Bound {
            feed,
            lists: bind.conversations,
        });
    }

    /// Advances the read cursor and notifies all devices of the user.
    fn mark_read(&mut self, env: &mut Env, core: &mut Core, peer: Peer, seq: Seq) {
        let Some((conversation, last, read)) = env.store.conversation(self.uid, peer) else {
            return;
        };
        let seq = seq.min(last);
        if seq <= read {
            return;
        }
        let marks = env.store.advance(conversation, self.uid, seq, seq);
        env.ledger.moved(conversation, self.uid, marks);
        let (unread, total) = env.store.unread(self.uid, conversation);
        let mark = ReadMark {
            peer,
            seq,
            unread,
            total,
        };
        let notice = Core::notice(vec![self.uid], BusEvent::Read(conversation, mark));
        env.publish(core.id, vec![notice]);
    }

    fn unavailable(&mut self, env: &Env, re: u64, reference: Option<u64>) {
        let mut body = ErrorBody::new(ErrorCode::Unavailable).re(re);
        body.reference = reference;
        self.push(env, ServerFrame::Error(body));
    }
}
