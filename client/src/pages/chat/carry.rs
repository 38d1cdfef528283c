//! What the page does in the world: frames, storage, requests.

use super::groups::GroupMsg;
use super::{ChatPage, Msg};
use crate::attention;
use crate::net::{self, HttpError};
use crate::state::Effect;
use crate::storage;
use std::future::Future;
use yew::prelude::*;

impl ChatPage {
    pub(super) fn carry_out(&mut self, ctx: &Context<Self>, effects: Vec<Effect>) {
        let uid = ctx.props().user.uid;
        for effect in effects {
            match effect {
                Effect::Send(frame) => self.connection.send(&frame),
                Effect::SaveOutbox(text) => {
                    if storage::set_outbox(uid, &text) {
                        self.chat.outbox_set_aside();
                    }
                }
                Effect::SaveDraft(peer, text) => storage::set_draft(uid, peer, &text),
                Effect::ForgetDrafts => {
                    storage::forget_drafts(uid);
                    storage::forget_heard(uid);
                    attention::withdraw_all();
                }
                Effect::Withdraw(peers) => attention::withdraw(&peers),
                Effect::Alert(alert) => self.alert(uid, &alert),
                Effect::AskGroup(id) => Self::later(ctx, async move {
                    Msg::Group(GroupMsg::Told(id, net::group(id).await))
                }),
            }
        }
    }

    /// Asks for the next page of contacts, if there is one; returns whether it did.
    pub(super) fn ask_contacts(&mut self, ctx: &Context<Self>) -> bool {
        let Some(after) = self.chat.contacts_mut().ask() else {
            return false;
        };
        Self::later(ctx, async move { Msg::Contacts(net::users(after).await) });
        true
    }

    /// Ends the page if a request failed for want of a login.
    #[expect(
        clippy::unused_self,
        reason = "a deed of the page, whichever fields it needs"
    )]
    pub(super) fn end_if_logged_out(&self, ctx: &Context<Self>, error: Option<&HttpError>) {
        if error == Some(&HttpError::NotLoggedIn) {
            ctx.props().on_end.emit(true);
        }
    }

    /// Takes what a future comes to.
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
        reason = "a deed of the page, whichever fields it needs"
    )]
    pub(super) fn log_out(&self, ctx: &Context<Self>) {
        Self::later(ctx, async { Msg::LoggedOut(net::logout().await.is_ok()) });
    }
}
