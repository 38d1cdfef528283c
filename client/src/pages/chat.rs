//! The page of one login: hands what happens to [`Chat`], carries out its effects, shows it.

mod carry;
mod groups;
mod places;
mod take;
mod view;

use crate::attention::{self, Permission};
use crate::clock;
use crate::components::{GroupDialogAction, GroupPanelAction, SidebarAction, ThreadAction, row_id};
use crate::dom;
use crate::i18n::Locale;
use crate::net::{Connection, HttpError, Signal};
use crate::state::{Chat, Effect, Modal, Place, RowCache, SidePanel, Snapshot, ThreadView};
use crate::storage::{self, KeptOutbox, Setting};
use crate::trail::Trail;
use gloo_events::EventListener;
use groups::{Gathering, GroupMsg};
use std::rc::Rc;
use tidings_shared::api::{User, Users};
use tidings_shared::{Moment, Peer, UserId};
use yew::prelude::*;

/// Whose page.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ChatPageProps {
    /// The language.
    pub locale: Rc<Locale>,
    /// Who is logged in.
    pub user: User,
    /// Their name or picture is another now.
    pub on_user: Callback<User>,
    /// The login ended; `true`: by itself.
    pub on_end: Callback<bool>,
}

/// What happens to the page.
#[derive(Debug)]
pub enum Msg {
    /// The connection has something to tell.
    Signal(Signal),
    /// The person does something in the sidebar.
    Sidebar(SidebarAction),
    /// The person does something in the thread.
    Thread(ThreadAction),
    /// Another tab changed what is kept of the outbox.
    Stored,
    /// The text of the composer changed.
    Draft(String),
    /// The text of the composer is sent.
    Write(String),
    /// Back to the list.
    Close,
    /// Connect now.
    RetryNow,
    /// A page of contacts arrived, or not.
    Contacts(Result<Users, HttpError>),
    /// The server was asked whether the login still holds.
    LoginChecked(bool),
    /// The person asks to log out.
    AskLogout,
    /// They answered whether to lose what is not sent.
    ConfirmLogout(bool),
    /// The server was told of the log-out, or not.
    LoggedOut(bool),
    /// A sentence is dismissed.
    Dismiss(u64),
    /// The server has a newer page.
    Outdated,
    /// A dialog is opened, or the one that is open is closed.
    Modal(Option<Modal>),
    /// The browser went to another entry of its history.
    Went,
    /// The window got or lost the focus.
    Focus,
    /// The connection panel is opened or closed.
    Panel(bool),
    /// Something happened to groups.
    Group(GroupMsg),
    /// Whether the person wants notifications.
    Notify(bool),
    /// They clicked on a notification of this conversation.
    Notified(Option<Peer>),
}

/// Callbacks that stay the same, so that what takes them stays memoised.
struct Callbacks {
    sidebar: Callback<SidebarAction>,
    thread: Callback<ThreadAction>,
    draft: Callback<String>,
    write: Callback<String>,
    close: Callback<()>,
    retry_now: Callback<()>,
    ask_logout: Callback<()>,
    confirm_logout: Callback<bool>,
    dismiss: Callback<u64>,
    panel: Callback<bool>,
    modal: Callback<Option<Modal>>,
    members: Callback<bool>,
    notify: Callback<bool>,
    group_panel: Callback<GroupPanelAction>,
    dialog: Callback<GroupDialogAction>,
    probe: Callback<(), Snapshot>,
}

/// The page of one login.
pub struct ChatPage {
    chat: Chat,
    connection: Connection,
    locale: Rc<Locale>,
    callbacks: Callbacks,
    rows: RowCache,
    /// What the thread shows, made after every change.
    thread: Option<Rc<ThreadView>>,
    /// What the composer began with the last time.
    draft: Rc<str>,
    /// How often it began.
    begun: u64,
    /// What stands over everything.
    modal: Option<Modal>,
    /// What is open beside the conversation.
    panel: Option<SidePanel>,
    trail: Trail,
    /// Where the person came in: they get there once the list is here.
    arrival: Option<Place>,
    /// The dialog about a group that is open.
    gathering: Option<Gathering>,
    /// Such dialogs so far.
    gatherings: u64,
    /// Whether the connection was live since it was last opened.
    was_live: bool,
    /// The row to give the focus back to.
    focus_row: Option<Peer>,
    /// Whose conversation was open at the last look.
    was_open: Option<Peer>,
    /// Whether notifications are offered.
    offering: bool,
    _listeners: [EventListener; 5],
}

impl Component for ChatPage {
    type Message = Msg;
    type Properties = ChatPageProps;

    fn create(ctx: &Context<Self>) -> Self {
        let uid = ctx.props().user.uid;
        let KeptOutbox { outbox, set_aside } = storage::outbox(uid);
        let mut chat = Chat::new(uid, outbox, storage::drafts(uid));
        if set_aside {
            chat.outbox_set_aside();
        }
        let now = clock::now();
        chat.set_visible(now, dom::is_visible(), &mut Vec::new());
        chat.set_looking(now, dom::has_focus(), &mut Vec::new());
        let connection = Connection::new(uid, ctx.link().callback(Msg::Signal));
        connection.start();
        let probe = connection.probe();
        // One callback of the page, by which all others tell it what they are called for.
        let tell = ctx.link().callback(|msg: Msg| msg);
        let clicked = tell.reform(Msg::Notified);
        let notified = EventListener::new(&dom::window(), attention::OPEN, move |event| {
            clicked.emit(attention::opened(event));
        });
        let changed = tell.reform(|()| Msg::Stored);
        let stored = EventListener::new(&dom::window(), "storage", move |event| {
            if storage::is_about_outbox(event, uid) {
                changed.emit(());
            }
        });
        let on = |event: &'static str, msg: fn() -> Msg| {
            let tell = tell.clone();
            EventListener::new(&dom::window(), event, move |_| tell.emit(msg()))
        };
        let went = on("popstate", || Msg::Went);
        let [focus, blur] = ["focus", "blur"].map(|event| on(event, || Msg::Focus));
        let trail = Trail::begin();
        Self {
            chat,
            connection,
            locale: ctx.props().locale.clone(),
            callbacks: Callbacks {
                sidebar: tell.reform(Msg::Sidebar),
                thread: tell.reform(Msg::Thread),
                draft: tell.reform(Msg::Draft),
                write: tell.reform(Msg::Write),
                close: tell.reform(|()| Msg::Close),
                retry_now: tell.reform(|()| Msg::RetryNow),
                ask_logout: tell.reform(|()| Msg::AskLogout),
                confirm_logout: tell.reform(Msg::ConfirmLogout),
                dismiss: tell.reform(Msg::Dismiss),
                panel: tell.reform(Msg::Panel),
                modal: tell.reform(Msg::Modal),
                notify: tell.reform(Msg::Notify),
                members: tell.reform(|open| Msg::Group(GroupMsg::Panel(open))),
                group_panel: tell.reform(|action| Msg::Group(GroupMsg::InPanel(action))),
                dialog: tell.reform(|action| Msg::Group(GroupMsg::Dialog(action))),
                probe,
            },
            rows: RowCache::default(),
            thread: None,
            draft: "".into(),
            begun: 0,
            modal: None,
            panel: None,
            arrival: Some(trail.at()),
            trail,
            gathering: None,
            gatherings: 0,
            was_live: false,
            focus_row: None,
            was_open: None,
            offering: false,
            _listeners: [notified, stored, went, focus, blur],
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Self::Message) -> bool {
        let mut effects = Vec::new();
        let now = clock::now();
        let mut changed = self.take(ctx, msg, now, &mut effects);
        self.leave_trail();
        let looking = dom::has_focus() && !self.is_covered();
        self.chat.set_looking(now, looking, &mut effects);
        // Asked for when the person missed something, never before.
        let missed = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Alert(_)));
        if missed && !self.offering && !(self.chat.is_visible() && dom::has_focus()) {
            self.offering = storage::chosen(Setting::Notify).is_empty()
                && attention::may_notify() == Permission::Open;
        }
        changed |= self.carry_out(ctx, effects);
        self.connection.wake_at(self.chat.deadline());
        if changed {
            self.show_thread();
        }
        changed
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &Self::Properties) -> bool {
        self.locale = ctx.props().locale.clone();
        // Days may begin at another time.
        self.show_thread();
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.html(&ctx.props().user, &ctx.props().on_user)
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first_render: bool) {
        self.show_title();
        // Not before the conversation is seen: to move the focus takes its time.
        let open = self.chat.open_peer();
        if std::mem::replace(&mut self.was_open, open) != open
            && open.is_some()
            && !dom::is_narrow()
        {
            dom::focus_next("composer-input");
        }
        if let Some(peer) = self.focus_row.take() {
            dom::focus(&row_id(peer));
        }
    }

    fn destroy(&mut self, _ctx: &Context<Self>) {
        self.connection.stop();
        self.trail.end();
        dom::document().set_title("Tidings");
        attention::badge(0);
    }
}

impl ChatPage {
    fn show_thread(&mut self) {
        let view = self.chat.thread_view(&mut self.rows, clock::local_day);
        let same = match (&self.thread, &view) {
            (Some(old), Some(new)) => **old == *new,
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.thread = view.map(Rc::new);
        }
    }

    /// Takes over what other tabs of this login keep in their outboxes.
    fn follow_outbox(&mut self, uid: UserId, now: Moment, out: &mut Vec<Effect>) {
        let KeptOutbox { outbox, set_aside } = storage::outbox(uid);
        if set_aside {
            // What is unreadable says nothing of what was answered.
            self.chat.outbox_set_aside();
        } else {
            self.chat.follow_outbox(now, outbox, out);
        }
    }
}
