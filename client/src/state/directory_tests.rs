use super::*;
use crate::state::chat::samples::{ME, THEM, conversation, received};

fn list(conversations: Vec<Conversation>, next: Option<&str>) -> ConversationList {
    ConversationList {
        conversations,
        next: next.map(Into::into),
    }
}

#[test]
fn a_list_page_older_than_a_push_does_not_take_the_push_back() {
    let mut directory = Directory::default();
    directory.first_page(list(vec![conversation(3, 1)], None));
    assert!(directory.arrived(ME, &received(4)));
    directory.add_unread(THEM);
    directory.page(list(vec![conversation(3, 1)], None));
    let entry = directory.get(THEM).expect("known");
    assert_eq!((entry.last_seq, entry.unread), (Seq(4), 2));
    assert_eq!(&*entry.last.text, "message 4");
}

#[test]
fn a_push_the_list_knew_of_is_not_counted_twice() {
    let mut directory = Directory::default();
    directory.first_page(list(vec![conversation(3, 1)], None));
    assert!(!directory.arrived(ME, &received(3)));
}

#[test]
fn what_was_read_here_stays_read_though_the_list_does_not_know_yet() {
    let mut directory = Directory::default();
    directory.first_page(list(vec![conversation(3, 2)], None));
    assert_eq!(directory.read(THEM, Seq(3), 0), 2);
    directory.page(list(vec![conversation(3, 2)], None));
    assert_eq!(directory.get(THEM).expect("known").unread, 0);
}

#[test]
fn a_push_from_a_stranger_makes_a_conversation_with_their_name() {
    let mut directory = Directory::default();
    assert!(directory.arrived(ME, &received(1)));
    assert_eq!(&*directory.get(THEM).expect("known").name, "them");
}

#[test]
fn after_a_reconnect_everything_known_is_told_anew() {
    let mut directory = Directory::default();
    let other = |uid| Conversation {
        peer: Peer::User(UserId(uid)),
        ..conversation(1, 0)
    };
    directory.first_page(list(vec![other(1), other(2)], Some("a")));
    assert_eq!(
        directory.ask().and_then(|ask| ask.after).as_deref(),
        Some("a")
    );
    assert_eq!(directory.ask(), None);
    assert_eq!(directory.page(list(vec![other(3)], Some("b"))), None);
    let more = directory.first_page(list(vec![other(1), other(2)], Some("a")));
    assert_eq!(more.and_then(|ask| ask.after).as_deref(), Some("a"));
}

#[test]
fn unasked_page_is_the_list_anew_and_takes_unread_away() {
    let mut directory = Directory::default();
    let other = Conversation {
        peer: Peer::User(UserId(9)),
        ..conversation(1, 0)
    };
    directory.first_page(list(vec![conversation(3, 2)], Some("a")));
    directory.ask();
    directory.page(list(vec![other.clone()], None));
    // It was read on another device.
    let more = directory.page(list(vec![conversation(3, 0)], Some("a")));
    assert_eq!(directory.get(THEM).expect("known").unread, 0);
    assert_eq!(more.and_then(|ask| ask.after).as_deref(), Some("a"));
    assert_eq!(
        directory.page(list(vec![other], None)),
        None,
        "all was told"
    );
}
