//! The frames that a page sends by itself: queries for what it lacks, acknowledgements, read marks,
//! and the messages of its outbox.

use super::super::view::{View, Want};
use super::Page;
use crate::simulation::env::Env;
use crate::simulation::variant::Variant;
use tidings_shared::frame::{ClientFrame, Query, Read};
use tidings_shared::{ClientMsgId, Moment, Peer, Seq, limits};

impl Page {
    /// The frames to send now, on a live connection.
    pub(in super::super) fn due(&mut self, env: &mut Env, now: Moment) -> Vec<ClientFrame> {
        let list = self.list.take_if(|(at, _)| *at <= now);
        let mut frames: Vec<_> = list
            .map(|(_, list)| ClientFrame::ListConversations(list))
            .into_iter()
            .collect();
        self.fetch_missing(env, now, &mut frames);
        frames.extend(self.acks.poll_ack(now).into_iter().map(ClientFrame::Ack));
        self.mark_read(env, &mut frames);
        for mut send in self.outbox.poll_sends(now, self.me) {
            if let Some(id) = &mut send.client_msg_id
                && env.is(Variant::NewIdOnResend)
                && !self.sent.insert(id.clone())
            {
                let new = ClientMsgId(format!("{id}~{}", self.renamed.len()));
                self.renamed.insert(new.clone(), id.clone());
                *id = new;
            }
            frames.push(ClientFrame::Send(send));
        }
        frames
    }

    pub(in super::super) fn deadline(&self) -> Option<Moment> {
        let asking = |(peer, _): &(&Peer, &View)| self.all || self.open.contains(peer);
        let views = self.views.iter().filter(asking);
        views
            .filter_map(|(_, view)| view.deadline())
            .chain(self.acks.poll_timeout())
            .chain(self.outbox.poll_timeout())
            .chain(self.list.as_ref().map(|(at, _)| *at))
            .min()
    }

    fn fetch_missing(&mut self, env: &Env, now: Moment, frames: &mut Vec<ClientFrame>) {
        let fills_gaps = !env.is(Variant::GapNotFetched);
        let peers: Vec<_> = if self.all {
            self.views.keys().copied().collect()
        } else {
            self.open.iter().copied().collect()
        };
        for peer in peers {
            let (reference, all) = (self.last_ref + 1, self.all);
            let view = self.view(env, peer);
            view.upward |= all;
            let Some(want) = view.ask(now, reference, fills_gaps) else {
                continue;
            };
            self.last_ref = reference;
            self.asked.insert(reference, peer);
            let (before_seq, after_seq) = match want {
                Want::Latest => (None, None),
                Want::After(seq) => (None, Some(seq)),
                Want::Before(seq) => (Some(seq), None),
            };
            frames.push(ClientFrame::Query(Query {
                owner_uid: self.me,
                peer,
                before_seq,
                after_seq,
                limit: Some(limits::PAGE_DEFAULT),
                reference: Some(reference),
            }));
        }
    }

    /// Marks open conversations as read whose last message is shown.
    fn mark_read(&mut self, env: &mut Env, frames: &mut Vec<ClientFrame>) {
        for peer in &self.open {
            let Some(view) = self.views.get(peer) else {
                continue;
            };
            let (last, read) = (view.timeline.last(), self.read.entry(*peer).or_default());
            if view.timeline.poll_fetch().is_none() && last > *read && last > Seq(0) {
                *read = last;
                env.ledger.claims_read(self.me, *peer, last, true);
                let (peer, seq) = (*peer, last);
                frames.push(ClientFrame::Read(Read { peer, seq }));
            }
        }
    }
}
