use super::*;
use tidings_client_state::{Contacts, PreviewKind};
use tidings_shared::UserId;
use tidings_shared::api::{User, Users};
use yew::Callback;

fn row(uid: i64, name: &str) -> ListRow {
    ListRow {
        peer: Peer::User(UserId(uid)),
        name: name.into(),
        avatar: "".into(),
        kind: PreviewKind::Sent,
        text: "".into(),
        sender: None,
        time: 0,
        unread: 0,
        selected: false,
        online: false,
    }
}

fn contacts(people: &[(i64, &str)]) -> Contacts {
    let users = people.iter().map(|(uid, name)| User {
        uid: UserId(*uid),
        username: (*name).into(),
        avatar: String::new(),
    });
    let mut contacts = Contacts::default();
    contacts.ask();
    contacts.arrived(
        None,
        Users {
            users: users.collect(),
            next: None,
        },
    );
    contacts
}

fn props(rows: Vec<ListRow>, contacts: Contacts) -> SidebarProps {
    SidebarProps {
        rows,
        loaded: true,
        contacts,
        open: None,
        on_action: Callback::noop(),
    }
}

fn state(tab: Tab, query: &str) -> Rc<SidebarState> {
    let state = Rc::new(SidebarState::default());
    let state = state.reduce(SidebarEvent::ShowTab(tab));
    state.reduce(SidebarEvent::Search(query.into()))
}

fn names(people: Option<Vec<Contact>>) -> Vec<Rc<str>> {
    let people = people.expect("listed");
    people.into_iter().map(|person| person.name).collect()
}

#[test]
fn chats_tab_lists_only_conversations() {
    let props = props(vec![row(2, "Ann")], contacts(&[(2, "Ann"), (3, "Bob")]));
    let listed = state(Tab::Chats, "").listed(&props);
    assert_eq!(listed.conversations, Some(vec![row(2, "Ann")]));
    assert_eq!((listed.people, listed.empty), (None, None));
}

#[test]
fn search_lists_people_without_a_conversation_below() {
    let people = contacts(&[(2, "Ann"), (3, "Anna"), (4, "Bob")]);
    let props = props(vec![row(2, "Ann"), row(4, "Bob")], people);
    let listed = state(Tab::Chats, "an").listed(&props);
    assert_eq!(listed.conversations, Some(vec![row(2, "Ann")]));
    assert_eq!(names(listed.people), ["Anna".into()]);
}

#[test]
fn contacts_tab_lists_everyone() {
    let props = props(vec![row(2, "Ann")], contacts(&[(2, "Ann"), (3, "Bob")]));
    let listed = state(Tab::Contacts, "").listed(&props);
    assert_eq!(listed.conversations, None);
    assert_eq!(names(listed.people), ["Ann".into(), "Bob".into()]);
}

#[test]
fn empty_list_has_its_reason() {
    let nobody = || props(Vec::new(), contacts(&[]));
    let why = |tab, query: &str, props: &SidebarProps| state(tab, query).listed(props).empty;
    assert_eq!(why(Tab::Chats, "", &nobody()), Some(EmptyReason::NoChats));
    assert_eq!(
        why(Tab::Contacts, "", &nobody()),
        Some(EmptyReason::NoContacts)
    );
    let not_found = Some(EmptyReason::NotFound("x".into()));
    assert_eq!(why(Tab::Chats, " x", &nobody()), not_found);
    let loading = SidebarProps {
        loaded: false,
        ..nobody()
    };
    assert_eq!(why(Tab::Chats, "", &loading), None);
}

#[test]
fn failed_contacts_are_reported_where_people_are_listed() {
    let mut failed = Contacts::default();
    failed.ask();
    failed.failed();
    let props = props(vec![row(2, "Ann")], failed);
    assert_eq!(state(Tab::Chats, "").listed(&props).empty, None);
    let failed = Some(EmptyReason::Failed);
    assert_eq!(state(Tab::Chats, "a").listed(&props).empty, failed);
    assert_eq!(state(Tab::Contacts, "").listed(&props).empty, failed);
}
