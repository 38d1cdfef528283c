use super::*;
use crate::chat::samples::{ME, THEM, conversation, received};

fn list(conversations: Vec<Conversation>, next: Option<&str>) -> ConversationList {
    ConversationList {
        conversations,
        next: next.map(Into::into),
        epoch: None,
    }
}

#[test]
fn list_page_older_than_a_push_does_not_undo_it() {
    let mut directory = Directory::default();
    directory.handle_first_page(list(vec![conversation(3, 1)], None));
    assert!(directory.add_message(ME, &received(4)));
    directory.add_unread(THEM);
    directory.handle_page(list(vec![conversation(3, 1)], None));
    let entry = directory.get(THEM).expect("known");
    assert_eq!((entry.last_seq, entry.unread), (Seq(4), 2));
    assert_eq!(&*entry.last.text, "message 4");
}

#[test]
fn push_already_listed_is_not_counted_twice() {
    let mut directory = Directory::default();
    directory.handle_first_page(list(vec![conversation(3, 1)], None));
    assert!(!directory.add_message(ME, &received(3)));
}

#[test]
fn local_read_survives_an_older_list() {
    let mut directory = Directory::default();
    directory.handle_first_page(list(vec![conversation(3, 2)], None));
    assert_eq!(directory.mark_read(THEM, Seq(3), 0), 2);
    directory.handle_page(list(vec![conversation(3, 2)], None));
    assert_eq!(directory.get(THEM).expect("known").unread, 0);
}

#[test]
fn push_from_a_stranger_creates_a_named_conversation() {
    let mut directory = Directory::default();
    assert!(directory.add_message(ME, &received(1)));
    assert_eq!(&*directory.get(THEM).expect("known").name, "them");
}

#[test]
fn reconnect_reloads_all_known_pages() {
    let mut directory = Directory::default();
    let other = |uid| Conversation {
        peer: Peer::User(UserId(uid)),
        ..conversation(1, 0)
    };
    directory.handle_first_page(list(vec![other(1), other(2)], Some("a")));
    assert_eq!(
        directory.ask().and_then(|ask| ask.after).as_deref(),
        Some("a")
    );
    assert_eq!(directory.ask(), None);
    assert_eq!(directory.handle_page(list(vec![other(3)], Some("b"))), None);
    let more = directory.handle_first_page(list(vec![other(1), other(2)], Some("a")));
    assert_eq!(more.and_then(|ask| ask.after).as_deref(), Some("a"));
}

#[test]
fn unrequested_page_reloads_the_list_and_its_unread_counts() {
    let mut directory = Directory::default();
    let other = Conversation {
        peer: Peer::User(UserId(9)),
        ..conversation(1, 0)
    };
    directory.handle_first_page(list(vec![conversation(3, 2)], Some("a")));
    directory.ask();
    directory.handle_page(list(vec![other.clone()], None));
    // As if read on another device.
    let more = directory.handle_page(list(vec![conversation(3, 0)], Some("a")));
    assert_eq!(directory.get(THEM).expect("known").unread, 0);
    assert_eq!(more.and_then(|ask| ask.after).as_deref(), Some("a"));
    assert_eq!(
        directory.handle_page(list(vec![other], None)),
        None,
        "all was listed"
    );
}

#[test]
fn last_page_does_not_end_the_look_up_in_the_earlier_ones() {
    let mut directory = Directory::default();
    let other = Conversation {
        peer: Peer::User(UserId(9)),
        ..conversation(1, 0)
    };
    let request = Some(ListConversations { after: None });
    directory.handle_first_page(list(vec![conversation(3, 0)], Some("a")));
    assert!(directory.ask().is_some());
    directory.forget(THEM);
    assert_eq!(directory.look_up(THEM), None, "a page is on its way");
    let more = directory.handle_page(list(vec![other.clone()], None));
    assert_eq!(more, request);
    let more = directory.handle_page(list(vec![conversation(3, 2), other], None));
    assert_eq!(more, None);
    assert!(!directory.is_unlisted(THEM));
    assert_eq!(directory.get(THEM).map(|entry| entry.unread), Some(2));
}

#[test]
fn conversation_in_no_page_does_not_stop_a_look_up() {
    let mut directory = Directory::default();
    let vanished = Conversation {
        peer: Peer::User(UserId(9)),
        ..conversation(1, 0)
    };
    directory.handle_first_page(list(vec![conversation(3, 0), vanished], None));
    directory.handle_first_page(list(vec![conversation(3, 0)], None));
    directory.forget(THEM);
    assert!(directory.look_up(THEM).is_some());
    let more = directory.handle_page(list(vec![], Some("a")));
    assert_eq!(more.and_then(|ask| ask.after).as_deref(), Some("a"));
    assert!(directory.is_unlisted(THEM));
}

#[test]
fn later_page_with_another_last_message_begins_it_anew() {
    let mut directory = Directory::default();
    directory.handle_first_page(list(vec![], Some("a")));
    directory.ask();
    directory.handle_page(list(vec![conversation(9, 0)], None));
    directory.handle_first_page(list(vec![], Some("a")));
    let mut restored = conversation(9, 3);
    restored.last.mid = Mid(95);
    directory.handle_page(list(vec![restored], None));
    assert_eq!(directory.take_begun_anew(), [THEM]);
    let entry = directory.get(THEM).expect("listed");
    assert_eq!((entry.read_seq, entry.unread), (Seq(6), 3));
}
