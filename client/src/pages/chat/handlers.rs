//! The handlers of the page's messages.

use super::groups::GroupMsg;
use super::{ChatPage, Msg};
use crate::attention;
use crate::clock;
use crate::components::{SidebarAction, ThreadAction};
use crate::dom;
use crate::net::{self, Signal};
use crate::storage::{self, Setting};
use crate::update;
use tidings_client_state::{Modal, SidePanel};
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ServerFrame;
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{Moment, Peer};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The least height of the head and the composer, in CSS pixels: the rest of the window shows
/// messages.
const CHROME_PX: usize = 100;

impl ChatPage {
    /// Handles a message; returns whether to render.
    pub(super) fn handle_msg(&mut self, ctx: &Context<Self>, msg: Msg, now: Moment) -> bool {
        match msg {
            Msg::Signal(signal) => return self.handle_signal(ctx, signal, now),
            Msg::Sidebar(action) => return self.handle_sidebar(ctx, action, now),
            Msg::Thread(action) => return self.handle_thread(action, now),
            Msg::Stored => {
                self.follow_outbox(ctx.props().user.uid, now);
                return self.chat.is_visible();
            }
            Msg::Draft(text) => {
                // A draft is not shown while its conversation is open.
                self.chat.set_draft(&text);
                return false;
            }
            Msg::Write(text) => {
                let id = clock::client_msg_id();
                let written_at = clock::wall_ms();
                // The composer has emptied itself: a text that was refused is put back.
                if !self.chat.write(now, id, &text, written_at)
                    && let Some(peer) = self.chat.open_peer()
                {
                    self.begin_draft(peer);
                }
            }
            Msg::Close => self.close(),
            Msg::RetryNow => self.connection.retry_now(),
            Msg::Contacts(Ok(page)) => {
                let me = ctx.props().user.uid;
                self.chat.contacts_mut().arrived(Some(me), page);
            }
            Msg::Contacts(Err(error)) => {
                self.chat.contacts_mut().failed();
                self.end_if_logged_out(ctx, Some(&error));
            }
            Msg::LoginChecked(holds) => {
                if !holds {
                    ctx.props().on_end.emit(true);
                }
                return false;
            }
            Msg::AskLogout => {
                let uid = ctx.props().user.uid;
                self.follow_outbox(uid, now);
                if self.unsent(uid) == 0 {
                    self.log_out(ctx);
                } else {
                    self.show(ctx, Some(Modal::Unsent));
                }
            }
            Msg::ConfirmLogout(yes) => {
                self.show(ctx, None);
                if yes {
                    self.log_out(ctx);
                }
            }
            Msg::LoggedOut(true) => {
                self.connection.stop();
                // Nothing was unsent, or the person confirmed its loss.
                self.chat.discard_unsent();
                ctx.props().on_end.emit(false);
            }
            Msg::LoggedOut(false) => self.chat.logout_failed(),
            Msg::Dismiss(id) => self.chat.dismiss(id),
            Msg::Outdated => self.chat.outdated(),
            Msg::Modal(modal) => self.show(ctx, modal),
            // `update` reads the focus after each message.
            Msg::Focus => {}
            Msg::Panel(open) => self.panel = open.then_some(SidePanel::Connection),
            Msg::HistoryMoved => match self.history.handle_popstate() {
                Some(route) if self.initial_route.is_some() => self.initial_route = Some(route),
                Some(route) => self.navigate(ctx, route, now),
                None => return false,
            },
            Msg::Group(msg) => return self.handle_group_msg(ctx, msg, now),
            Msg::Notify(yes) => {
                self.offering = false;
                if yes {
                    spawn_local(attention::ask());
                } else {
                    storage::choose(Setting::Notify, "off");
                }
            }
            Msg::Notified(peer) => {
                if let Some(peer) = peer {
                    // The conversation must not be hidden by a dialog or panel.
                    self.show(ctx, None);
                    self.panel = self.panel.filter(|_| !dom::is_narrow());
                    self.open(peer, now);
                }
            }
        }
        true
    }

    fn handle_signal(&mut self, ctx: &Context<Self>, signal: Signal, now: Moment) -> bool {
        match signal {
            Signal::Bound(bound) => {
                self.was_live = true;
                // A server that was down may be back with a newer build, and the page kept by the
                // service worker may be old.
                let link = ctx.link().clone();
                spawn_local(async move {
                    if update::is_outdated().await {
                        link.send_message(Msg::Outdated);
                    }
                });
                if self.chat.directory().is_loaded() {
                    // Changes of the person's own name and picture were not pushed while
                    // disconnected.
                    let on_user = ctx.props().on_user.clone();
                    spawn_local(async move {
                        if let Ok(user) = net::me().await {
                            on_user.emit(user);
                        }
                    });
                }
                self.chat.handle_bound(now, *bound);
                if let Some(route) = self.initial_route.take() {
                    self.navigate(ctx, route, now);
                }
            }
            Signal::Frame(frame) => {
                if let ServerFrame::Profile(user) = &*frame {
                    ctx.props().on_user.emit(user.clone());
                }
                self.chat.handle_frame(now, *frame);
                // A hidden page is not rendered, because that would delay frames to send: after 16
                // ms of work yew continues in a timer, which such a page may not run for a minute.
                // It is rendered when it is shown.
                if !self.chat.is_visible() {
                    self.show_title();
                    return false;
                }
            }
            Signal::Due => {
                self.chat.handle_timeout(now);
                return false;
            }
            Signal::Visible(visible) => self.chat.set_visible(now, visible),
            Signal::Changed => match self.connection.phase() {
                Phase::Live => {}
                phase => {
                    self.chat.disconnected();
                    self.ended(ctx, phase);
                }
            },
        }
        true
    }

    /// A connection ended: checks whether the login is still valid.
    fn ended(&mut self, ctx: &Context<Self>, phase: Phase) {
        let not_logged_in = Cause::Closed(CloseCode::NotLoggedIn.code());
        if phase == Phase::Stopped && self.connection.last_cause() == Some(not_logged_in) {
            ctx.props().on_end.emit(true);
        } else if matches!(phase, Phase::Waiting(_)) && !std::mem::take(&mut self.was_live) {
            // Browsers do not report that a handshake was refused, so the server is asked.
            Self::check_login(ctx);
        }
    }

    fn handle_sidebar(&mut self, ctx: &Context<Self>, action: SidebarAction, now: Moment) -> bool {
        match action {
            SidebarAction::Open(peer) => {
                self.open(peer, now);
                true
            }
            SidebarAction::NewGroup => self.handle_group_msg(ctx, GroupMsg::New, now),
            SidebarAction::MoreConversations => {
                self.chat.more_conversations();
                false
            }
            SidebarAction::MoreContacts => self.ask_contacts(ctx),
            SidebarAction::RetryContacts => {
                self.chat.contacts_mut().try_again();
                self.ask_contacts(ctx)
            }
        }
    }

    /// Opens a conversation, or starts one.
    pub(super) fn open(&mut self, peer: Peer, now: Moment) {
        if self.chat.open_peer() == Some(peer) {
            return;
        }
        self.begin_draft(peer);
        self.chat.open(now, peer);
    }

    /// Closes the conversation; its row in the list gets the focus.
    pub(super) fn close(&mut self) {
        self.focus_row = self.chat.open_peer();
        self.chat.close();
    }

    pub(super) fn begin_draft(&mut self, peer: Peer) {
        self.draft = self.chat.draft(peer);
        self.draft_version += 1;
        self.chat
            .set_viewport_px(dom::height().saturating_sub(CHROME_PX));
    }

    fn handle_thread(&mut self, action: ThreadAction, now: Moment) -> bool {
        match action {
            ThreadAction::NearTop => return self.chat.show_older(),
            ThreadAction::NearBottom => return self.chat.show_newer(),
            ThreadAction::AtEnd(at_end) => self.chat.set_at_end(now, at_end),
            ThreadAction::Jump => self.chat.jump_to_end(now),
            ThreadAction::RetryFetch => self.chat.retry_fetch(now),
            ThreadAction::Retry(id) => self.chat.retry(now, &id),
            ThreadAction::Delete(id) => self.chat.delete(now, &id),
        }
        true
    }
}
