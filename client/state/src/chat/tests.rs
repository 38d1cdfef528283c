use super::samples::{GROUP, ME, THEM, conversation, on_page, received, sent};
use super::*;
use crate::bubble::{Bubble, BubbleState};
use crate::notices::NoticeKind;
use crate::rows::{Row, RowCache};
use std::time::Duration;
use tidings_shared::api::{Presence, PresenceList};
use tidings_shared::frame::{
    Bound, ConversationList, ListConversations, Page, Push, Query, Read, ReadMark, Receipt,
    ServerFrame,
};
use tidings_shared::{Conversation, ErrorBody, ErrorCode, Message, Mid, Tid};

mod contradictions;
mod epochs;
mod list;
mod reading;
mod sending;
mod threads;

/// A page and its clock.
struct Tab {
    chat: Chat,
    now: Moment,
}

impl Tab {
    fn new() -> Self {
        Self {
            chat: Chat::new(ME, Outbox::default(), []),
            now: Moment::after_origin(Duration::ZERO),
        }
    }

    fn bound(conversations: Vec<Conversation>) -> Self {
        let mut tab = Self::new();
        tab.bind(conversations);
        tab
    }

    fn bind(&mut self, conversations: Vec<Conversation>) {
        self.bind_in("one", conversations);
    }

    /// As [`Self::bind`], with the store in this epoch.
    fn bind_in(&mut self, epoch: &str, conversations: Vec<Conversation>) {
        self.bind_to(epoch, conversations, None);
    }

    /// As [`Self::bind_in`], with the first page of a list that may continue.
    fn bind_to(&mut self, epoch: &str, conversations: Vec<Conversation>, next: Option<&str>) {
        let bound = Bound {
            uid: ME,
            username: "me".into(),
            timeout: 45_000,
            unread: conversations.iter().map(|c| c.unread).sum(),
            list: Some(ConversationList {
                conversations,
                next: next.map(Into::into),
                epoch: None,
            }),
            epoch: Some(epoch.into()),
        };
        self.chat.handle_bound(self.now, bound);
    }

    fn frame(&mut self, frame: ServerFrame) {
        self.chat.handle_frame(self.now, frame);
    }

    fn push(&mut self, tid: u64, message: Message) {
        self.frame(ServerFrame::Push(Box::new(Push {
            tid: Tid(tid),
            dup: false,
            message,
        })));
    }

    /// Answers the query that was sent last.
    fn answer(&mut self, seqs: impl IntoIterator<Item = i64>) {
        self.frame(ServerFrame::Page(Page {
            messages: seqs.into_iter().map(on_page).collect(),
            reference: Some(self.chat.last_ref),
        }));
    }

    fn open(&mut self) {
        self.chat.open(self.now, THEM);
    }

    fn write(&mut self, id: &str, text: &str) -> bool {
        let id = ClientMsgId(id.into());
        self.chat.write(self.now, id, text, 0)
    }

    fn later(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        self.chat.handle_timeout(self.now);
    }

    /// The effects since the last call.
    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.chat.poll_effect()).collect()
    }

    /// The frames sent since the last call, without `Watch`.
    fn sent(&mut self) -> Vec<ClientFrame> {
        self.effects()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Send(ClientFrame::Watch(_)) => None,
                Effect::Send(frame) => Some(frame),
                _ => None,
            })
            .collect()
    }

    /// The lists of users watched since the last call.
    fn watched(&mut self) -> Vec<Vec<UserId>> {
        self.effects()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Send(ClientFrame::Watch(watch)) => Some(watch.uids),
                _ => None,
            })
            .collect()
    }

    fn view(&self) -> ThreadView {
        self.chat
            .thread_view(&mut RowCache::default(), |at| at / 86_400_000)
            .expect("open")
    }

    fn bubbles(&self) -> Vec<Bubble> {
        self.view()
            .rows
            .to_vec()
            .into_iter()
            .filter_map(|row| match row {
                Row::Bubble(bubble) => Some((*bubble).clone()),
                _ => None,
            })
            .collect()
    }

    fn unread(&self) -> (u64, u64) {
        let entry = self.chat.directory().get(THEM).expect("known");
        (entry.unread, self.chat.total_unread())
    }
}

fn read(seq: i64) -> ClientFrame {
    ClientFrame::Read(Read {
        peer: THEM,
        seq: Seq(seq),
    })
}

fn shown(tab: &Tab) -> Vec<i64> {
    let thread = tab.chat.thread.as_ref().expect("open");
    thread.timeline.messages().map(|m| m.seq.0).collect()
}

/// The divider, and whether the person is at the end.
fn view_start(tab: &Tab) -> (Option<Seq>, bool) {
    let thread = tab.chat.thread.as_ref().expect("open");
    (thread.divider, thread.at_end)
}

fn open_with(last: i64) -> Tab {
    let mut tab = Tab::bound(vec![conversation(last, 0)]);
    tab.open();
    tab.answer(1..=last);
    tab.sent();
    tab
}

fn is_read(frame: &ClientFrame) -> bool {
    matches!(frame, ClientFrame::Read(_))
}

fn list(after: Option<&str>) -> ClientFrame {
    let after = after.map(Into::into);
    ClientFrame::ListConversations(ListConversations { after })
}

fn listed(conversations: Vec<Conversation>, next: Option<&str>) -> ServerFrame {
    ServerFrame::Conversations(ConversationList {
        conversations,
        next: next.map(Into::into),
        epoch: None,
    })
}

fn query(before: Option<i64>, after: Option<i64>, reference: u64) -> ClientFrame {
    query_of(50, before, after, reference)
}

fn query_of(limit: u32, before: Option<i64>, after: Option<i64>, reference: u64) -> ClientFrame {
    ClientFrame::Query(Query {
        owner_uid: ME,
        peer: THEM,
        before_seq: before.map(Seq),
        after_seq: after.map(Seq),
        limit: Some(limit),
        reference: Some(reference),
    })
}
