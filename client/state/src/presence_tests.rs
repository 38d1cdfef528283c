//! Tests of `presence.rs`.

use super::*;
use crate::chat::samples::conversation;
use tidings_shared::api::Presence;
use tidings_shared::frame::ConversationList;
use tidings_shared::{Conversation, GroupId, Mid};

fn directory(conversations: Vec<Conversation>) -> Directory {
    let mut directory = Directory::default();
    directory.handle_page(ConversationList {
        conversations,
        next: None,
        epoch: None,
    });
    directory
}

fn with(peer: Peer, time: i64) -> Conversation {
    let mut conversation = conversation(1, 0);
    conversation.peer = peer;
    conversation.last.mid = Mid(time);
    conversation
}

fn user(uid: i64) -> Peer {
    Peer::User(UserId(uid))
}

#[test]
fn listed_and_open_peers_are_watched_once() {
    let mut presences = Presences::default();
    let group = Peer::Group(GroupId(7));
    let list = directory(vec![with(user(2), 20), with(user(1), 10), with(group, 5)]);
    let watch = presences.watch(&list, Some(user(3)));
    assert_eq!(
        watch.map(|watch| watch.uids),
        Some(vec![UserId(1), UserId(2), UserId(3)])
    );
    assert_eq!(presences.watch(&list, Some(user(3))), None);
    assert_eq!(
        presences
            .watch(&list, Some(group))
            .map(|watch| watch.uids.len()),
        Some(2)
    );
    presences.forget();
    assert!(presences.watch(&list, None).is_some());
}

#[test]
fn newest_and_open_peers_are_watched_at_the_limit() {
    let many = i64::try_from(limits::WATCHED_MAX).expect("small") + 5;
    let list = directory((1..=many).map(|uid| with(user(uid), uid)).collect());
    let mut presences = Presences::default();
    let watch = presences.watch(&list, Some(user(1))).expect("new");
    assert_eq!(watch.uids.len(), limits::WATCHED_MAX);
    assert_eq!(watch.uids[..2], [UserId(1), UserId(7)]);
}

#[test]
fn presence_holds_until_the_next_update_or_disconnect() {
    let mut presences = Presences::default();
    presences.watch(&directory(vec![with(user(1), 10)]), None);
    let list = |uid, online, last_seen| PresenceList {
        presence: vec![Presence {
            uid: UserId(uid),
            online,
            last_seen,
        }],
    };
    presences.update(list(1, true, None));
    presences.update(list(9, true, None));
    assert_eq!(presences.of(user(1)), Some(PresenceStatus::Online));
    assert_eq!(presences.of(user(9)), None);
    presences.update(list(1, false, Some(5)));
    assert_eq!(presences.of(user(1)), Some(PresenceStatus::LastSeen(5)));
    presences.update(list(1, false, None));
    assert_eq!(presences.of(user(1)), None);
    presences.update(list(1, true, None));
    presences.forget();
    assert_eq!(presences.of(user(1)), None);
}
