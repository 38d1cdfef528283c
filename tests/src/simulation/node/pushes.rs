//! Runs the effects of a connection's feed, and checks its bounds.

use super::Core;
use super::connection::{Closing, Connection};
use super::jobs::Job;
use super::payload::Payload;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::Record;
use crate::simulation::variant::Variant;
use std::rc::Rc;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Feed, FeedEffect, FeedItem};
use tidings_shared::frame::{Push, ServerFrame};
use tidings_shared::{Moment, Tid, limits};

/// The most pages that a feed may read for each reason to read.
const READS_FOR_A_REASON: u64 = 4;

impl Connection {
    pub(super) fn run_feed(&mut self, env: &mut Env, core: &mut Core) -> Result<(), Closing> {
        let waits = |connection: &Self| connection.job.is_some() || connection.page.is_some();
        while self.writer.has_capacity() && self.read_after.is_none() && !waits(self) {
            let Some(bound) = &mut self.bound else { break };
            let Some(effect) = bound.feed.poll_effect() else {
                self.check_waiting(env);
                break;
            };
            match effect {
                FeedEffect::Push { tid, dup, payload } => {
                    self.write_push(env, core, tid, dup, &payload);
                }
                FeedEffect::Delivered(conversation, seq)
                | FeedEffect::Passed(conversation, seq) => {
                    let of = (conversation, self.uid);
                    core.cursors
                        .delivered(env, (core.id, core.incarnation), of, seq);
                }
                FeedEffect::Read(request) => {
                    env.count(Count::FeedReads);
                    env.ledger.read_on(self.socket, &mut self.reads_allowed);
                    self.ask(env, Job::Page(request));
                }
                FeedEffect::Reload => {
                    env.count(Count::Reloads);
                    self.ask(env, Job::Reload);
                }
                FeedEffect::GiveUp => return Err(Closing::Close(CloseCode::AckMissing)),
            }
        }
        Ok(())
    }

    fn write_push(
        &mut self,
        env: &mut Env,
        core: &mut Core,
        tid: Tid,
        dup: bool,
        payload: &Payload,
    ) {
        let record = &payload.record;
        if dup {
            env.count(Count::Repushes);
        } else {
            env.count(Count::Pushes);
            self.outstanding.insert(tid, record.bytes);
            self.allow_reads(1);
            if env.is(Variant::DeliveredAtPush) {
                let of = (record.conversation, self.uid);
                core.cursors
                    .delivered(env, (core.id, core.incarnation), of, record.seq);
            }
        }
        let message = record.pushed(self.uid);
        let push = Push { tid, dup, message };
        self.push(env, ServerFrame::Push(Box::new(push)));
    }

    /// A page was read. Its messages from self may be sends of this connection that are not
    /// answered yet and must not be pushed as well, so the page waits for those answers.
    pub(super) fn handle_page(&mut self, items: Vec<FeedItem<Payload>>) {
        for item in &items {
            let seen = self.seen.entry(item.conversation).or_default();
            if item.seq > *seen {
                *seen = item.seq;
                self.reads_allowed += READS_FOR_A_REASON;
            }
        }
        self.page = Some(items);
    }

    pub(super) fn finish_page(&mut self, env: &Env) {
        while let Some(items) = &self.page {
            let Some(bound) = &mut self.bound else { return };
            let known = |item: &FeedItem<_>| bound.feed.has_answered(item.conversation, item.seq);
            let mut from_self = items.iter().filter(|item| item.from_self);
            if self.pending.is_empty() || from_self.all(known) {
                let (items, now) = (self.page.take(), env.now().since(self.started));
                let now = Moment::after_origin(now);
                bound.feed.handle_page(now, items.unwrap_or_default());
            } else if self.is_answered() {
                self.write_answer(env);
            } else {
                return;
            }
        }
    }

    pub(super) fn item(&self, record: &Rc<Record>) -> FeedItem<Payload> {
        FeedItem {
            conversation: record.conversation,
            seq: record.seq,
            mid: record.mid,
            from_self: record.sender == self.uid,
            payload: Payload::new(Rc::clone(record), &self.alive),
            bytes: record.bytes,
        }
    }

    /// Allows the feed more reads of the store, for so many reasons.
    pub(super) const fn allow_reads(&mut self, reasons: usize) {
        self.reads_allowed += READS_FOR_A_REASON * reasons as u64;
    }

    /// The feed's unacknowledged pushes must be those that were written and not acknowledged.
    fn check_waiting(&self, env: &mut Env) {
        let feed = self.bound.as_ref().map(|bound| &bound.feed);
        let waiting = feed.map_or(0, Feed::unacknowledged);
        let outstanding = self.outstanding.len();
        // That variant must be detected by its consequences.
        if waiting != outstanding && !env.is(Variant::AcksIgnored) {
            env.ledger
                .fail(|| format!("{waiting} pushes wait, {outstanding} are not acknowledged"));
        }
    }

    /// Checks the bounds of the window and of the messages that this connection holds.
    pub(super) fn check(&self, env: &mut Env) {
        let Some(bound) = &self.bound else { return };
        let count = bound.feed.unacknowledged();
        let bytes: usize = self.outstanding.values().sum();
        if count >= limits::WINDOW_PUSHES || bytes > limits::WINDOW_BYTES / 2 {
            env.count(Count::FullWindows);
        }
        let fits = count <= limits::WINDOW_PUSHES && (bytes <= limits::WINDOW_BYTES || count <= 1);
        // The window, the messages to push next, and two repushes of all of it.
        let held = self.alive.get() <= 4 * limits::WINDOW_PUSHES;
        if !fits || !held {
            let alive = self.alive.get();
            env.ledger.fail(|| {
                format!("a window holds {count} pushes of {bytes} bytes, its feed {alive} messages")
            });
        }
    }
}
