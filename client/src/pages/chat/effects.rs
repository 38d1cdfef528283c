//! Runs effects: frames, storage, requests.

use super::groups::GroupMsg;
use super::{ChatPage, Msg};
use crate::attention::{self, Permission};
use crate::dom;
use crate::net::{self, HttpError};
use crate::storage::{self, Setting};
use std::future::Future;
use tidings_client_state::{Chat, Effect};
use tidings_shared::UserId;
use yew::prelude::*;

impl ChatPage {
    /// Runs effects in order; returns whether a new notice is to be shown.
    pub(super) fn run_effects(&mut self, ctx: &Context<Self>) -> bool {
        let last = |chat: &Chat| chat.notices().last().map(|notice| notice.id);
        let before = last(&self.chat);
        let uid = ctx.props().user.uid;
        while let Some(effect) = self.chat.poll_effect() {
            match effect {
                Effect::Send(frame) => self.connection.send(&frame),
                Effect::SaveOutbox(text) => {
                    let saved = storage::set_outbox(uid, &text);
                    self.chat.outbox_saved(saved.stored);
                    if saved.set_aside {
                        self.chat.outbox_set_aside();
                    }
                }
                Effect::SaveDraft(peer, text) => {
                    if !storage::set_draft(uid, peer, &text) {
                        self.chat.draft_not_saved();
                    }
                }
                Effect::Forget => {
                    storage::forget(uid);
                    attention::withdraw_all();
                }
                Effect::Withdraw(peers) => attention::withdraw(&peers),
                Effect::Alert(alert) => {
                    self.offer_notifications();
                    self.alert(uid, &alert);
                }
                Effect::FetchGroup(id) => Self::later(ctx, async move {
                    Msg::Group(GroupMsg::Loaded(id, net::group(id).await))
                }),
            }
        }
        last(&self.chat) != before
    }

    /// Notifications are offered once the person missed a message, never before.
    fn offer_notifications(&mut self) {
        let looking = self.chat.is_visible() && dom::has_focus();
        if !self.offering && !looking {
            self.offering = storage::chosen(Setting::Notify).is_empty()
                && attention::may_notify() == Permission::Open;
        }
    }

    /// How many messages a log-out would lose: those waiting to be sent, and those that could not
    /// be read.
    pub(super) fn unsent(&self, uid: UserId) -> usize {
        let unreadable = storage::unreadable_outbox(uid);
        let lines = unreadable.map_or(0, |lines| lines.lines().count());
        self.chat.outbox().iter().len() + lines
    }

    /// Asks for the next page of contacts, if there is one; returns whether it did.
    pub(super) fn ask_contacts(&mut self, ctx: &Context<Self>) -> bool {
        let Some(after) = self.chat.contacts_mut().ask() else {
            return false;
        };
        Self::later(ctx, async move { Msg::Contacts(net::users(after).await) });
        true
    }

    /// Ends the page if a request failed because the login is gone.
    #[expect(
        clippy::unused_self,
        reason = "an action of the page, whichever fields it needs"
    )]
    pub(super) fn end_if_logged_out(&self, ctx: &Context<Self>, error: Option<&HttpError>) {
        if error == Some(&HttpError::NotLoggedIn) {
            ctx.props().on_end.emit(true);
        }
    }

    /// Handles the result of a future as a message.
    pub(super) fn later(ctx: &Context<Self>, future: impl Future<Output = Msg> + 'static) {
        ctx.link().send_future(future);
    }

    pub(super) fn check_login(ctx: &Context<Self>) {
        Self::later(ctx, async {
            let answer = net::me().await;
            Msg::LoginChecked(!matches!(answer, Err(HttpError::NotLoggedIn)))
        });
    }

    #[expect(
        clippy::unused_self,
        reason = "an action of the page, whichever fields it needs"
    )]
    pub(super) fn log_out(&self, ctx: &Context<Self>) {
        Self::later(ctx, async { Msg::LoggedOut(net::logout().await.is_ok()) });
    }
}
