//! The HTML of the page.

use super::ChatPage;
use crate::attention;
use crate::components::{
    Chip, Composer, Confirm, Icon, Panel, Settings, Sidebar, SidebarHead, Thread, ThreadHead,
    empty, hint, notice_bar, notify_bar,
};
use crate::dom;
use crate::i18n::{isolated, short};
use crate::pages::Profile;
use std::rc::Rc;
use tidings_client_state::{Alert, Announcement, Content, Modal, OpenGroup, SidePanel, ThreadView};
use tidings_shared::api::User;
use tidings_shared::{Peer, UserId};
use yew::prelude::*;

impl ChatPage {
    pub(super) fn html(&self, user: &User, on_user: &Callback<User>) -> Html {
        let texts = self.locale.texts;
        let act = &self.callbacks;
        let pane = if self.thread.is_some() {
            "thread"
        } else {
            "list"
        };
        let head = SidebarHead {
            uid: user.uid,
            name: user.username.as_str().into(),
            avatar: user.avatar.as_str().into(),
            total_unread: self.chat.total_unread(),
            on_modal: act.modal.clone(),
            on_logout: act.ask_logout.clone(),
        };
        html! {
            <main class="shell" data-pane={pane}>
                <h1 class="hidden-text">{ "Tidings" }</h1>
                <nav class="sidebar" aria-label={texts.chats}>
                    { head.html(&self.locale) }
                    <Sidebar
                        rows={self.chat.list_rows()}
                        loaded={self.chat.directory().is_loaded()}
                        contacts={self.chat.contacts().clone()}
                        open={self.chat.open_peer()}
                        on_action={act.sidebar.clone()}
                    />
                </nav>
                <section class="pane">
                    if let Some(view) = &self.thread {
                        { self.open_conversation(user, view) }
                    } else {
                        { empty(Icon::Chat, texts.pick_title.into(), hint(texts.pick_hint.into())) }
                    }
                </section>
                <Chip
                    phase={self.connection.phase()}
                    cause={self.connection.last_cause()}
                    open={self.panel == Some(SidePanel::Connection)}
                    on_retry={act.retry_now.clone()}
                    on_open={act.panel.clone()}
                />
                { notice_bar(texts, user.uid, self.chat.notices(), &act.dismiss) }
                if self.offering {
                    { notify_bar(&texts.settings, &act.notify) }
                }
                <div
                    class="hidden-text"
                    aria-live="polite"
                    data-testid="announcer"
                    translate="no"
                >
                    { for self.chat.announcements().map(|announcement| self.announcement_html(announcement)) }
                </div>
                if self.panel == Some(SidePanel::Connection) {
                    <Panel
                        probe={act.probe.clone()}
                        unsent={self.chat.unsent()}
                        on_close={act.panel.reform(|()| false)}
                    />
                }
                if self.panel == Some(SidePanel::Group) {
                    { self.group_panel(user) }
                }
                { self.dialog() }
                if self.modal == Some(Modal::Settings) {
                    <Settings on_close={act.modal.reform(|()| None)} />
                }
                if self.modal == Some(Modal::Profile) {
                    <Profile
                        user={user.clone()}
                        on_user={on_user.clone()}
                        on_close={act.modal.reform(|()| None)}
                    />
                }
                if self.modal == Some(Modal::Unsent) {
                    <Confirm
                        title={texts.unsent_title}
                        question={(texts.unsent_question)(self.unsent(user.uid))}
                        action={texts.log_out_anyway}
                        on_answer={act.confirm_logout.clone()}
                    />
                }
            </main>
        }
    }

    fn open_conversation(&self, user: &User, view: &Rc<ThreadView>) -> Html {
        let act = &self.callbacks;
        let (name, avatar) = self.chat.name_and_avatar(view.peer);
        let group = self.chat.open_group().and_then(OpenGroup::group);
        let head = ThreadHead {
            peer: view.peer,
            name: name.clone(),
            avatar,
            presence: self.chat.presence(view.peer),
            members: group.map(|group| group.members),
            open: self.panel == Some(SidePanel::Group),
            on_members: act.members.clone(),
            on_back: act.close.clone(),
        };
        html! {
            <>
                { head.html(&self.locale) }
                <Thread
                    locale={self.locale.clone()}
                    view={view.clone()}
                    {name}
                    my_name={Rc::<str>::from(user.username.as_str())}
                    on_action={act.thread.clone()}
                />
                <Composer
                    peer={view.peer}
                    draft={self.draft.clone()}
                    draft_version={self.draft_version}
                    on_draft={act.draft.clone()}
                    on_send={act.write.clone()}
                />
            </>
        }
    }

    /// Shows the unread count in the title of the page and at its icon.
    pub(super) fn show_title(&self) {
        let title = match self.chat.total_unread() {
            0 => "Tidings".to_owned(),
            count => format!("({}) Tidings", short(count)),
        };
        let document = dom::document();
        if document.title() != title {
            document.set_title(&title);
            attention::badge(self.chat.total_unread());
        }
    }

    /// Alerts the person to a new message by sound and notification.
    pub(super) fn alert(&self, me: UserId, alert: &Alert) {
        let texts = self.locale.texts;
        let Alert { name, text, .. } = alert;
        let title = isolated(&self.chat.name_and_avatar(alert.peer).0);
        let body = match (alert.content, alert.peer) {
            (Content::Event(event), _) => (texts.group.event)(event, Some(name), text),
            (Content::Unsupported, _) => texts.unsupported.to_owned(),
            (Content::Text, Peer::Group(_)) => (texts.name_and_text)(name, text),
            (Content::Text, Peer::User(_)) => text.to_string(),
        };
        attention::message(me, alert.peer, alert.seq, &title, &body);
    }

    fn announcement_html(&self, announcement: &Announcement) -> Html {
        let texts = self.locale.texts;
        let Announcement { name, text, .. } = announcement;
        let text = match announcement.content {
            Content::Event(event) => (texts.group.event)(event, Some(name), text),
            Content::Text | Content::Unsupported => (texts.name_and_text)(name, text),
        };
        html! { <p key={announcement.serial.to_string()} data-testid="announced">{ text }</p> }
    }
}
