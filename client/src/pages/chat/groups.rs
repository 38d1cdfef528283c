//! Groups: the dialog that creates one or adds members, and the panel of the open one.

use super::{ChatPage, Msg};
use crate::clock::client_msg_id;
use crate::components::{GroupDialog, GroupDialogAction, GroupPanel, GroupPanelAction};
use crate::net::{self, HttpError};
use std::rc::Rc;
use tidings_client_state::{MembersQuery, Modal, SidePanel};
use tidings_shared::api::{Group, User, Users};
use tidings_shared::{GroupId, Moment, Peer, UserId};
use yew::prelude::*;

/// A message about groups.
#[derive(Debug)]
pub enum GroupMsg {
    /// The person wants a new group.
    New,
    /// They do something in the dialog.
    Dialog(GroupDialogAction),
    /// The dialog of this number was answered.
    Answered(u64, Result<Group, HttpError>),
    /// Opens the group just created.
    Created(Group),
    /// The panel of the open group is opened or closed.
    Panel(bool),
    /// The person does something in that panel.
    InPanel(GroupPanelAction),
    /// The details of a group arrived, or could not be fetched.
    Loaded(GroupId, Result<Group, HttpError>),
    /// A page of members arrived, or could not be fetched.
    Members(u64, Result<Users, HttpError>),
}

/// The open dialog as the page knows it; what is typed is in `GroupDialogState`.
#[derive(Debug)]
pub(super) struct OpenGroupDialog {
    /// Distinguishes its answer from those to earlier dialogs.
    number: u64,
    /// `None`: a new group.
    adds_to: Option<GroupId>,
    busy: bool,
    error: Option<HttpError>,
    /// The group last requested and its idempotency key, which a retry uses again.
    asked: Option<(String, Vec<UserId>, String)>,
}

impl OpenGroupDialog {
    /// The idempotency key of this group: a new one only if name or members differ.
    fn key(&mut self, name: &str, uids: &[UserId], new: impl FnOnce() -> String) -> String {
        let is_same =
            |(asked, whom, _): &&(String, Vec<UserId>, String)| asked == name && whom == uids;
        let same = self.asked.as_ref().filter(is_same);
        let key = same.map_or_else(new, |(.., key)| key.clone());
        self.asked = Some((name.to_owned(), uids.to_vec(), key.clone()));
        key
    }
}

impl ChatPage {
    /// Handles a message; returns whether to render.
    pub(super) fn handle_group_msg(
        &mut self,
        ctx: &Context<Self>,
        msg: GroupMsg,
        now: Moment,
    ) -> bool {
        match msg {
            GroupMsg::New => self.show(ctx, Some(Modal::NewGroup)),
            GroupMsg::Dialog(GroupDialogAction::Submit(name, uids)) => {
                self.submit(ctx, name, uids);
            }
            GroupMsg::Dialog(GroupDialogAction::Cancel) => self.show(ctx, None),
            GroupMsg::Dialog(GroupDialogAction::MoreContacts(again)) => {
                if again {
                    self.chat.contacts_mut().try_again();
                }
                return self.ask_contacts(ctx);
            }
            GroupMsg::Answered(number, answer) => {
                return self.answered(ctx, number, answer, now);
            }
            GroupMsg::Created(group) => {
                self.begin_draft(Peer::Group(group.group_id));
                self.chat.group_created(now, group);
            }
            GroupMsg::Panel(open) => self.panel = open.then_some(SidePanel::Group),
            GroupMsg::InPanel(action) => return self.update_group_panel(ctx, action, now),
            GroupMsg::Loaded(id, answer) => {
                self.end_if_logged_out(ctx, answer.as_ref().err());
                self.chat.handle_group(now, id, answer.ok());
            }
            GroupMsg::Members(round, answer) => {
                self.end_if_logged_out(ctx, answer.as_ref().err());
                self.chat.handle_members(round, answer.ok());
            }
        }
        true
    }

    pub(super) fn open_group_dialog(&mut self, ctx: &Context<Self>, adds_to: Option<GroupId>) {
        self.dialogs_opened += 1;
        self.group_dialog = Some(OpenGroupDialog {
            number: self.dialogs_opened,
            adds_to,
            busy: false,
            error: None,
            asked: None,
        });
        self.ask_contacts(ctx);
    }

    fn submit(&mut self, ctx: &Context<Self>, name: String, uids: Vec<UserId>) {
        let Some(dialog) = self.group_dialog.as_mut().filter(|g| !g.busy) else {
            return;
        };
        dialog.busy = true;
        let (number, adds_to) = (dialog.number, dialog.adds_to);
        let key = dialog.key(&name, &uids, || client_msg_id().0);
        Self::later(ctx, async move {
            let answer = match adds_to {
                Some(id) => net::add_members(id, uids).await,
                None => net::create_group(name, uids, &key).await,
            };
            Msg::Group(GroupMsg::Answered(number, answer))
        });
    }

    fn answered(
        &mut self,
        ctx: &Context<Self>,
        number: u64,
        answer: Result<Group, HttpError>,
        now: Moment,
    ) -> bool {
        self.end_if_logged_out(ctx, answer.as_ref().err());
        let asked = self.group_dialog.as_mut().filter(|g| g.number == number);
        let Some(dialog) = asked else {
            // The dialog was closed meanwhile: the result shows in the list.
            return false;
        };
        match answer {
            Ok(group) => {
                let adds = dialog.adds_to.is_some();
                self.show(ctx, None);
                if adds {
                    self.chat.handle_group(now, group.group_id, Some(group));
                } else {
                    // After the dialog is removed, because it returns the focus then.
                    ctx.link()
                        .send_message(Msg::Group(GroupMsg::Created(group)));
                }
            }
            Err(error) => {
                dialog.busy = false;
                dialog.error = Some(error);
            }
        }
        true
    }

    fn update_group_panel(
        &mut self,
        ctx: &Context<Self>,
        action: GroupPanelAction,
        now: Moment,
    ) -> bool {
        match action {
            GroupPanelAction::Close => self.panel = None,
            GroupPanelAction::MoreMembers => return self.ask_members(ctx),
            GroupPanelAction::Retry => {
                self.chat.retry_group(now);
                self.ask_members(ctx);
            }
            GroupPanelAction::Add => self.show(ctx, Some(Modal::AddMembers)),
            GroupPanelAction::Open(peer) => self.open(peer, now),
        }
        true
    }

    /// Asks for the next page of members, if there is one; returns whether it did.
    fn ask_members(&mut self, ctx: &Context<Self>) -> bool {
        let Some(MembersQuery { id, round, after }) = self.chat.ask_members() else {
            return false;
        };
        Self::later(ctx, async move {
            Msg::Group(GroupMsg::Members(round, net::members(id, after).await))
        });
        true
    }

    pub(super) fn dialog(&self) -> Html {
        let Some(dialog) = &self.group_dialog else {
            return html! {};
        };
        let open = self.chat.open_group().filter(|_| dialog.adds_to.is_some());
        html! {
            <GroupDialog
                key={dialog.number}
                adds={dialog.adds_to.is_some()}
                contacts={self.chat.contacts().clone()}
                members={open.map(|open| open.members().clone()).unwrap_or_default()}
                busy={dialog.busy}
                error={dialog.error.clone()}
                on_action={self.callbacks.dialog.clone()}
            />
        }
    }

    pub(super) fn group_panel(&self, me: &User) -> Html {
        let Some(open) = self.chat.open_group() else {
            return html! {};
        };
        let peer = Peer::Group(open.id());
        let (name, avatar) = self.chat.name_and_avatar(peer);
        html! {
            <GroupPanel
                {peer}
                {name}
                {avatar}
                me={me.uid}
                group={open.group().map(Rc::clone)}
                failed={open.has_failed()}
                members={open.members().clone()}
                on_action={self.callbacks.group_panel.clone()}
            />
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_key_stays_until_the_group_differs() {
        let mut dialog = OpenGroupDialog {
            number: 1,
            adds_to: None,
            busy: false,
            error: None,
            asked: None,
        };
        let mut last = 0;
        let mut key = |name, uids: &[i64]| {
            let uids: Vec<_> = uids.iter().copied().map(UserId).collect();
            dialog.key(name, &uids, || {
                last += 1;
                last.to_string()
            })
        };
        assert_eq!(key("Choir", &[1]), "1");
        assert_eq!(key("Choir", &[1]), "1", "pressed again");
        assert_eq!(key("Choir", &[1, 2]), "2");
        assert_eq!(key("Band", &[1, 2]), "3");
    }
}
