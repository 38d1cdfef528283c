//! What happens to the page, and what it does about it.

use super::groups::GroupMsg;
use super::{ChatPage, Msg};
use crate::attention;
use crate::clock;
use crate::components::{SidebarAction, ThreadAction};
use crate::dom;
use crate::net::{self, Signal};
use crate::state::{Effect, Modal, SidePanel};
use crate::storage::{self, Setting};
use crate::update;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ServerFrame;
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{Moment, Peer};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// So much of the window is not a conversation's messages, at least: its head and the composer, in
/// CSS pixels.
const AROUND: usize = 100;

impl ChatPage {
    /// Takes what happened; returns whether to render.
    pub(super) fn take(
        &mut self,
        ctx: &Context<Self>,
        msg: Msg,
        now: Moment,
        out: &mut Vec<Effect>,
    ) -> bool {
        match msg {
            Msg::Signal(signal) => return self.take_signal(ctx, signal, now, out),
            Msg::Sidebar(action) => return self.take_sidebar(ctx, action, now, out),
            Msg::Thread(action) => return self.take_thread(action, now, out),
            Msg::Stored => {
                self.follow_outbox(ctx.props().user.uid, now, out);
                return self.chat.is_visible();
            }
            Msg::Draft(text) => {
                // It shows nowhere while its conversation is open.
                self.chat.set_draft(&text, out);
                return false;
            }
            Msg::Write(text) => {
                let id = clock::client_msg_id();
                let written_at = clock::wall_ms();
                // The composer has emptied itself: what was not taken comes back.
                if !self.chat.write(now, id, &text, written_at, out)
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
                self.follow_outbox(uid, now, out);
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
                // Nothing was left, or the person said that it may be lost.
                self.chat.discard_unsent(out);
                ctx.props().on_end.emit(false);
            }
            Msg::LoggedOut(false) => self.chat.logout_failed(),
            Msg::Dismiss(id) => self.chat.dismiss(id),
            Msg::Outdated => self.chat.outdated(),
            Msg::Modal(modal) => self.show(ctx, modal),
            // Where the person looks is asked for after each event.
            Msg::Focus => {}
            Msg::Panel(open) => self.panel = open.then_some(SidePanel::Connection),
            Msg::Went => match self.trail.went() {
                Some(place) if self.arrival.is_some() => self.arrival = Some(place),
                Some(place) => self.go(ctx, place, now, out),
                None => return false,
            },
            Msg::Group(msg) => return self.take_group(ctx, msg, now, out),
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
                    // Not below what hides it.
                    self.show(ctx, None);
                    self.panel = self.panel.filter(|_| !dom::is_narrow());
                    self.open(peer, now, out);
                }
            }
        }
        true
    }

    fn take_signal(
        &mut self,
        ctx: &Context<Self>,
        signal: Signal,
        now: Moment,
        out: &mut Vec<Effect>,
    ) -> bool {
        match signal {
            Signal::Bound(bound) => {
                self.was_live = true;
                // A server that was away may have come back as a newer one, and what the service
                // worker kept may be an old page.
                let link = ctx.link().clone();
                spawn_local(async move {
                    if update::is_outdated().await {
                        link.send_message(Msg::Outdated);
                    }
                });
                if self.chat.directory().is_loaded() {
                    // What was said of one's own name and picture meanwhile was said to nobody.
                    let on_user = ctx.props().on_user.clone();
                    spawn_local(async move {
                        if let Ok(user) = net::me().await {
                            on_user.emit(user);
                        }
                    });
                }
                self.chat.bound(now, *bound, out);
                if let Some(place) = self.arrival.take() {
                    self.go(ctx, place, now, out);
                }
            }
            Signal::Frame(frame) => {
                if let ServerFrame::Profile(user) = &*frame {
                    ctx.props().on_user.emit(user.clone());
                }
                self.chat.frame(now, *frame, out);
                // Nobody sees the rows of a hidden page, and rendering them would make what is to
                // be sent wait: after 16 ms of work yew goes on in a timer, which such a page may
                // not run for a minute. It is rendered when it is shown.
                if !self.chat.is_visible() {
                    self.show_title();
                    return false;
                }
            }
            Signal::Due => {
                self.chat.due(now, out);
                return false;
            }
            Signal::Visible(visible) => self.chat.set_visible(now, visible, out),
            Signal::Changed => match self.connection.phase() {
                Phase::Live => {}
                phase => {
                    self.chat.unlinked();
                    self.ended(ctx, phase);
                }
            },
        }
        true
    }

    /// A connection ended: does the login still hold?
    fn ended(&mut self, ctx: &Context<Self>, phase: Phase) {
        let not_logged_in = Cause::Closed(CloseCode::NotLoggedIn.code());
        if phase == Phase::Stopped && self.connection.last_cause() == Some(not_logged_in) {
            ctx.props().on_end.emit(true);
        } else if matches!(phase, Phase::Waiting(_)) && !std::mem::take(&mut self.was_live) {
            // Of a refused handshake a browser tells nothing, not even that it was refused.
            Self::check_login(ctx);
        }
    }

    fn take_sidebar(
        &mut self,
        ctx: &Context<Self>,
        action: SidebarAction,
        now: Moment,
        out: &mut Vec<Effect>,
    ) -> bool {
        match action {
            SidebarAction::Open(peer) => {
                self.open(peer, now, out);
                true
            }
            SidebarAction::NewGroup => self.take_group(ctx, GroupMsg::New, now, out),
            SidebarAction::MoreConversations => {
                self.chat.more_conversations(out);
                false
            }
            SidebarAction::MoreContacts => self.ask_contacts(ctx),
            SidebarAction::ContactsAgain => {
                self.chat.contacts_mut().try_again();
                self.ask_contacts(ctx)
            }
        }
    }

    /// Opens a conversation, or starts one.
    pub(super) fn open(&mut self, peer: Peer, now: Moment, out: &mut Vec<Effect>) {
        if self.chat.open_peer() == Some(peer) {
            return;
        }
        self.begin_draft(peer);
        self.chat.open(now, peer, out);
    }

    /// Back to the list.
    pub(super) fn close(&mut self) {
        self.focus_row = self.chat.open_peer();
        self.chat.close();
    }

    pub(super) fn begin_draft(&mut self, peer: Peer) {
        self.draft = self.chat.draft(peer);
        self.begun += 1;
        self.chat.set_room(dom::height().saturating_sub(AROUND));
    }

    fn take_thread(&mut self, action: ThreadAction, now: Moment, out: &mut Vec<Effect>) -> bool {
        match action {
            ThreadAction::LookUp => return self.chat.look_up(out),
            ThreadAction::LookDown => return self.chat.look_down(),
            ThreadAction::AtEnd(at_end) => self.chat.set_at_end(now, at_end, out),
            ThreadAction::Jump => self.chat.jump_to_end(now, out),
            ThreadAction::FetchAgain => self.chat.fetch_again(now, out),
            ThreadAction::Retry(id) => self.chat.retry(now, &id, out),
            ThreadAction::Delete(id) => self.chat.delete(now, &id, out),
        }
        true
    }
}
