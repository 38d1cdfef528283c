//! The list of conversations.

use super::*;

#[test]
fn listed_peers_are_watched_once_a_connection() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    assert_eq!(tab.watched(), [[UserId(2)]]);
    tab.push(1, received(4));
    tab.open();
    assert_eq!(tab.watched(), Vec::<Vec<UserId>>::new());
    tab.frame(ServerFrame::Presence(PresenceList {
        presence: vec![Presence {
            uid: UserId(2),
            online: true,
            last_seen: None,
        }],
    }));
    assert!(tab.chat.list_rows()[0].online);
    assert_eq!(tab.chat.presence(THEM), Some(PresenceStatus::Online));
    tab.chat.disconnected();
    assert!(!tab.chat.list_rows()[0].online);
    tab.bind(vec![conversation(4, 0)]);
    assert_eq!(tab.watched(), [[UserId(2)]]);
}

#[test]
fn list_is_ordered_by_arrival_and_not_by_time() {
    let mut ahead = conversation(3, 0);
    ahead.last.create_time = 86_400_000;
    let mut later = conversation(1, 0);
    later.peer = GROUP;
    later.last.mid = Mid(31);
    let mut tab = Tab::bound(vec![ahead, later]);
    let order = |tab: &Tab| {
        tab.chat
            .list_rows()
            .iter()
            .map(|row| row.peer)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&tab), [GROUP, THEM]);
    tab.push(1, received(4));
    assert_eq!(order(&tab), [THEM, GROUP], "the newest id");
}

/// A first page of a longer list, and a conversation beyond it in which 121 messages were read.
fn tab_of_a_long_list() -> (Tab, Conversation) {
    let mut tab = Tab::new();
    let newer = |uid| Conversation {
        peer: Peer::User(UserId(uid)),
        ..conversation(1000, 0)
    };
    tab.bind_to("one", (100..150).map(newer).collect(), Some("50"));
    tab.sent();
    (tab, conversation(122, 1))
}

#[test]
fn message_in_an_unlisted_conversation_asks_for_the_list() {
    let (mut tab, beyond) = tab_of_a_long_list();
    tab.push(1, received(122));
    assert!(tab.sent().contains(&list(None)));
    tab.frame(listed(vec![beyond], Some("1")));
    assert_eq!(tab.unread(), (1, 1));
    tab.open();
    let divider = tab.chat.thread.as_ref().and_then(|thread| thread.divider);
    assert_eq!(divider, Some(Seq(122)));
    // The list continues where it was.
    tab.sent();
    tab.chat.more_conversations();
    assert_eq!(tab.sent(), [list(Some("50"))]);
}

#[test]
fn divider_is_corrected_once_the_conversation_is_listed() {
    let (mut tab, beyond) = tab_of_a_long_list();
    tab.push(1, received(122));
    tab.open();
    tab.frame(listed(vec![beyond], None));
    let divider = tab.chat.thread.as_ref().and_then(|thread| thread.divider);
    assert_eq!(divider, Some(Seq(122)));
}

#[test]
fn unlisted_conversation_is_searched_page_by_page() {
    let (mut tab, beyond) = tab_of_a_long_list();
    tab.chat.more_conversations();
    tab.push(1, received(122));
    assert!(!tab.sent().contains(&list(None)), "a page is on its way");
    tab.frame(listed(vec![], Some("100")));
    assert_eq!(tab.sent(), [list(None)]);
    tab.frame(listed(vec![], Some("50")));
    assert_eq!(tab.sent(), [list(Some("50"))]);
    tab.frame(listed(vec![beyond], Some("100")));
    assert_eq!(tab.sent(), []);
}

#[test]
fn message_beyond_a_complete_list_is_a_new_conversation() {
    let mut tab = Tab::bound(vec![]);
    tab.push(1, received(1));
    assert!(!tab.sent().contains(&list(None)));
}
