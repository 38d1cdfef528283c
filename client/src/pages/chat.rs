//! The page of one login: hands events to [`Chat`], runs its effects, and renders it.

mod effects;
mod groups;
mod handlers;
mod navigation;
mod view;

use crate::attention;
use crate::clock;
use crate::components::{GroupDialogAction, GroupPanelAction, SidebarAction, ThreadAction, row_id};
use crate::dom;
use crate::history::PageHistory;
use crate::i18n::Locale;
use crate::net::{Connection, HttpError, Signal};
use crate::storage::{self, StoredOutbox};
use gloo_events::EventListener;
use groups::{GroupMsg, OpenGroupDialog};
use std::rc::Rc;
use tidings_client_state::{Chat, Modal, Route, RowCache, SidePanel, Snapshot, ThreadView};
use tidings_shared::api::{User, Users};
use tidings_shared::{Moment, Peer, UserId};
use yew::prelude::*;

/// The login and its callbacks.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ChatPageProps {
    /// The language.
    pub locale: Rc<Locale>,
    /// Who is logged in.
    pub user: User,
    /// Their name or picture changed.
    pub on_user: Callback<User>,
    /// The login ended; `true`: by itself.
    pub on_end: Callback<bool>,
}

/// A message to the page.
#[derive(Debug)]
pub enum Msg {
    /// The connection emitted a signal.
    Signal(Signal),
    /// The person does something in the sidebar.
    Sidebar(SidebarAction),
    /// The person does something in the thread.
    Thread(ThreadAction),
    /// Another tab changed the stored outbox.
    Stored,
    /// The text of the composer changed.
    Draft(String),
    /// The text of the composer is sent.
    Write(String),
    /// Back to the list.
    Close,
    /// Connect now.
    RetryNow,
    /// A page of contacts arrived, or could not be fetched.
    Contacts(Result<Users, HttpError>),
    /// The server answered whether the login is still valid.
    LoginChecked(bool),
    /// The person asks to log out.
    AskLogout,
    /// They answered whether to discard unsent messages.
    ConfirmLogout(bool),
    /// The log-out request succeeded, or not.
    LoggedOut(bool),
    /// A notice is dismissed.
    Dismiss(u64),
    /// The server has a newer page.
    Outdated,
    /// A dialog is opened, or the one that is open is closed.
    Modal(Option<Modal>),
    /// The browser went to another entry of its history.
    HistoryMoved,
    /// The window gained or lost the focus.
    Focus,
    /// The connection panel is opened or closed.
    Panel(bool),
    /// Something happened in the group dialog, the group panel, or their requests.
    Group(GroupMsg),
    /// Whether the person wants notifications.
    Notify(bool),
    /// They clicked on a notification of this conversation.
    Notified(Option<Peer>),
}

/// Callbacks that are the same for each render, so that their components stay memoised.
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
    /// The view of the thread, updated after every change.
    thread: Option<Rc<ThreadView>>,
    /// The text the composer started with.
    draft: Rc<str>,
    /// Changes whenever the composer has to take `draft` over.
    draft_version: u64,
    /// The open dialog.
    modal: Option<Modal>,
    /// The panel beside the conversation.
    panel: Option<SidePanel>,
    history: PageHistory,
    /// The route of the address at the start, opened once the list is here.
    initial_route: Option<Route>,
    /// The dialog about a group that is open.
    group_dialog: Option<OpenGroupDialog>,
    /// The number of group dialogs opened so far.
    dialogs_opened: u64,
    /// Whether the connection was live since it was last opened.
    was_live: bool,
    /// The row that gets the focus back.
    focus_row: Option<Peer>,
    /// The conversation that was open at the last render.
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
        let StoredOutbox { outbox, set_aside } = storage::outbox(uid);
        let mut chat = Chat::new(uid, outbox, storage::drafts(uid));
        if set_aside {
            chat.outbox_set_aside();
        }
        let now = clock::now();
        chat.set_visible(now, dom::is_visible());
        chat.set_looking(now, dom::has_focus());
        let connection = Connection::new(uid, ctx.link().callback(Msg::Signal));
        connection.start();
        let probe = connection.probe();
        // The one callback into this component; all others map to it.
        let send = ctx.link().callback(|msg: Msg| msg);
        let clicked = send.reform(Msg::Notified);
        let notified = EventListener::new(&dom::window(), attention::OPEN, move |event| {
            clicked.emit(attention::opened(event));
        });
        let changed = send.reform(|()| Msg::Stored);
        let stored = EventListener::new(&dom::window(), "storage", move |event| {
            if storage::is_about_outbox(event, uid) {
                changed.emit(());
            }
        });
        let on = |event: &'static str, msg: fn() -> Msg| {
            let send = send.clone();
            EventListener::new(&dom::window(), event, move |_| send.emit(msg()))
        };
        let moved = on("popstate", || Msg::HistoryMoved);
        let [focus, blur] = ["focus", "blur"].map(|event| on(event, || Msg::Focus));
        let history = PageHistory::start();
        Self {
            chat,
            connection,
            locale: ctx.props().locale.clone(),
            callbacks: Callbacks {
                sidebar: send.reform(Msg::Sidebar),
                thread: send.reform(Msg::Thread),
                draft: send.reform(Msg::Draft),
                write: send.reform(Msg::Write),
                close: send.reform(|()| Msg::Close),
                retry_now: send.reform(|()| Msg::RetryNow),
                ask_logout: send.reform(|()| Msg::AskLogout),
                confirm_logout: send.reform(Msg::ConfirmLogout),
                dismiss: send.reform(Msg::Dismiss),
                panel: send.reform(Msg::Panel),
                modal: send.reform(Msg::Modal),
                notify: send.reform(Msg::Notify),
                members: send.reform(|open| Msg::Group(GroupMsg::Panel(open))),
                group_panel: send.reform(|action| Msg::Group(GroupMsg::InPanel(action))),
                dialog: send.reform(|action| Msg::Group(GroupMsg::Dialog(action))),
                probe,
            },
            rows: RowCache::default(),
            thread: None,
            draft: "".into(),
            draft_version: 0,
            modal: None,
            panel: None,
            initial_route: Some(history.current()),
            history,
            group_dialog: None,
            dialogs_opened: 0,
            was_live: false,
            focus_row: None,
            was_open: None,
            offering: false,
            _listeners: [notified, stored, moved, focus, blur],
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Self::Message) -> bool {
        let now = clock::now();
        let mut changed = self.handle_msg(ctx, msg, now);
        self.update_history();
        let looking = dom::has_focus() && !self.is_covered();
        self.chat.set_looking(now, looking);
        changed |= self.run_effects(ctx);
        self.connection.wake_at(self.chat.poll_timeout());
        if changed {
            self.show_thread();
        }
        changed
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &Self::Properties) -> bool {
        self.locale = ctx.props().locale.clone();
        // The day separators may have changed.
        self.show_thread();
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.html(&ctx.props().user, &ctx.props().on_user)
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first_render: bool) {
        self.show_title();
        // The focus moves after the conversation is painted, because moving it takes time.
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
        self.history.clear();
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

    /// Merges what other tabs of this login have stored in their outboxes.
    fn follow_outbox(&mut self, uid: UserId, now: Moment) {
        let StoredOutbox { outbox, set_aside } = storage::outbox(uid);
        if set_aside {
            // An unreadable outbox does not say which messages were answered.
            self.chat.outbox_set_aside();
        } else {
            self.chat.follow_outbox(now, outbox);
        }
    }
}
