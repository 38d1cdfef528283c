//! What every store must do, whichever database is behind it. A new store adds one line to
//! [`stores`]; the sentences stay the same.

use std::sync::Arc;
use tempfile::TempDir;
use tidings_server::gateway::ConnectionId;
use tidings_server::store::{
    Appended, ListCursor, Move, NewMessage, NewUser, Range, Refused, Session, SessionHash,
    SqliteStore, Store, StoreError,
};
use tidings_shared::{ClientMsgId, ConversationId, GroupId, Mid, MsgType, Peer, Seq, UserId};

const A: UserId = UserId(1);
const B: UserId = UserId(2);
const C: UserId = UserId(3);

type Result<T = ()> = std::result::Result<T, StoreError>;

/// Every store, empty but for three users, with what keeps it alive.
async fn stores() -> Result<Vec<(Arc<dyn Store>, TempDir)>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await?);
    let stores = vec![(sqlite, folder)];
    for (store, _) in &stores {
        store.migrate().await?;
        store
            .add_users(&[user("a", Some(A)), user("b", Some(B)), user("c", Some(C))])
            .await?;
    }
    Ok(stores)
}

fn user(name: &str, uid: Option<UserId>) -> NewUser {
    NewUser {
        uid,
        email: format!("{name}@example.org"),
        username: name.to_uppercase(),
        avatar: format!("/{name}.png"),
        password_hash: "hash".into(),
        created_at: 1,
    }
}

fn message(sender: UserId, recipient: UserId, content: &str) -> NewMessage {
    NewMessage {
        sender,
        peer: Peer::User(recipient),
        content: content.into(),
        msg_type: MsgType::TEXT,
        client_msg_id: None,
        origin: ConnectionId(0),
        created_at: 1_000,
    }
}

fn keyed(sender: UserId, recipient: UserId, content: &str, key: &str) -> NewMessage {
    let client_msg_id = Some(ClientMsgId(key.into()));
    NewMessage {
        client_msg_id,
        ..message(sender, recipient, content)
    }
}

async fn append(store: &dyn Store, batch: &[NewMessage]) -> Result<Vec<Appended>> {
    let results = store.append(batch).await?;
    Ok(results
        .into_iter()
        .map(|result| result.expect("a known recipient"))
        .collect())
}

fn seqs(appended: &[Appended]) -> Vec<i64> {
    appended
        .iter()
        .map(|appended| appended.record.seq.0)
        .collect()
}

const ALL: Range = Range {
    after: Some(Seq(0)),
    before: None,
    before_mid: None,
    limit: 1000,
};

#[tokio::test]
async fn places_are_dense_in_each_conversation_over_batches_and_directions() -> Result {
    for (store, _folder) in stores().await? {
        let first = append(
            store.as_ref(),
            &[
                message(A, B, "1"),
                message(C, A, "x"),
                message(B, A, "2"),
                message(A, B, "3"),
            ],
        )
        .await?;
        assert_eq!(seqs(&first), [1, 1, 2, 3]);
        assert_eq!(first[0].conversation, first[2].conversation);
        assert_ne!(first[0].conversation, first[1].conversation);
        let second = append(store.as_ref(), &[message(B, A, "4"), message(A, C, "y")]).await?;
        assert_eq!(seqs(&second), [4, 2]);
        let stored = store.page(first[0].conversation, ALL).await?;
        let contents: Vec<_> = stored
            .iter()
            .map(|record| record.content.as_str())
            .collect();
        assert_eq!(contents, ["1", "2", "3", "4"]);
        assert!(stored.windows(2).all(|pair| pair[0].mid < pair[1].mid));
        assert_eq!(stored[0].mid, first[0].record.mid);
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_names_both_sides() -> Result {
    for (store, _folder) in stores().await? {
        let appended = append(store.as_ref(), &[keyed(B, A, "hi", "k")])
            .await?
            .remove(0);
        let message = appended.message(true);
        assert_eq!((message.owner_uid, message.peer), (B, Peer::User(A)));
        assert_eq!((&*message.owner_name, &*message.other_name), ("B", "A"));
        assert_eq!(
            (&*message.owner_uid_avatar, &*message.other_uid_avatar),
            ("/b.png", "/a.png")
        );
        assert_eq!(message.create_time, 1_000);
        assert_eq!(message.client_msg_id, Some(ClientMsgId("k".into())));
        assert_eq!(appended.message(false).client_msg_id, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_key_stores_one_message_within_a_batch_and_over_batches() -> Result {
    for (store, _folder) in stores().await? {
        let batch = [
            keyed(A, B, "1", "k"),
            keyed(A, B, "2", "k"),
            keyed(B, A, "3", "k"),
        ];
        let first = append(store.as_ref(), &batch).await?;
        assert_eq!(seqs(&first), [1, 1, 2]);
        assert_eq!(
            first.iter().map(|a| a.fresh).collect::<Vec<_>>(),
            [true, false, true]
        );
        let batch = [
            message(A, B, "4"),
            keyed(A, C, "elsewhere", "k"),
            keyed(A, B, "5", "l"),
        ];
        let second = append(store.as_ref(), &batch).await?;
        assert_eq!(second[1].record, first[0].record);
        assert_eq!(second[1].recipient, first[0].recipient);
        assert!(!second[1].fresh);
        assert_eq!(seqs(&second), [3, 1, 4]);
        let only = append(store.as_ref(), &[keyed(A, B, "again", "l")]).await?;
        assert_eq!(only[0].record, second[2].record);
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_recipient_is_refused_alone_and_leaves_no_hole() -> Result {
    for (store, _folder) in stores().await? {
        let group = NewMessage {
            peer: Peer::Group(GroupId(1)),
            ..message(A, B, "x")
        };
        let batch = [
            message(A, B, "1"),
            message(A, UserId(99), "x"),
            group,
            message(A, B, "2"),
        ];
        let results = store.append(&batch).await?;
        let seqs: Vec<_> = results
            .iter()
            .map(|result| result.as_ref().map(|appended| appended.record.seq.0))
            .collect();
        let refused = Err(&Refused::UnknownRecipient);
        assert_eq!(seqs, [Ok(1), refused, refused, Ok(2)]);
    }
    Ok(())
}

#[tokio::test]
async fn hostile_texts_come_back_as_they_went_in() -> Result {
    for (store, _folder) in stores().await? {
        let texts = [
            "'; DROP TABLE users; --",
            "\\u0041 \" \u{1} \u{10ffff}",
            "[1,{}]",
            "null",
            "12",
        ];
        let batch: Vec<_> = texts.iter().map(|text| keyed(A, B, text, text)).collect();
        let appended = append(store.as_ref(), &batch).await?;
        let stored = store.page(appended[0].conversation, ALL).await?;
        for (record, text) in stored.iter().zip(texts) {
            assert_eq!(record.content, text);
            assert_eq!(record.client_msg_id, Some(ClientMsgId(text.into())));
        }
        let again = append(store.as_ref(), &batch).await?;
        assert!(again.iter().all(|appended| !appended.fresh));
    }
    Ok(())
}

#[tokio::test]
async fn batches_that_race_each_get_their_own_places() -> Result {
    for (store, _folder) in stores().await? {
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let batch: Vec<_> = (0..25)
                        .map(|n| {
                            keyed(
                                if task % 2 == 0 { A } else { B },
                                if task % 2 == 0 { B } else { A },
                                "x",
                                &format!("{task}-{n}"),
                            )
                        })
                        .collect();
                    store.append(&batch).await
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            let results = task.await.expect("no panic")?;
            all.extend(
                results
                    .into_iter()
                    .map(|result| result.expect("known").record.seq.0),
            );
        }
        all.sort_unstable();
        assert_eq!(all, (1..=200).collect::<Vec<_>>());
    }
    Ok(())
}

#[tokio::test]
async fn a_page_is_chosen_from_either_end_and_below_an_id() -> Result {
    for (store, _folder) in stores().await? {
        let batch: Vec<_> = (1..=10).map(|n| message(A, B, &n.to_string())).collect();
        let appended = append(store.as_ref(), &batch).await?;
        let id = appended[0].conversation;
        let page = async |after: Option<i64>, before: Option<i64>, before_mid, limit| {
            let (after, before) = (after.map(Seq), before.map(Seq));
            let range = Range {
                after,
                before,
                before_mid,
                limit,
            };
            let page = store.page(id, range).await?;
            Ok::<_, StoreError>(page.iter().map(|record| record.seq.0).collect::<Vec<_>>())
        };
        assert_eq!(page(None, None, None, 3).await?, [8, 9, 10]);
        assert_eq!(page(None, Some(4), None, 2).await?, [2, 3]);
        assert_eq!(page(Some(4), None, None, 2).await?, [5, 6]);
        assert_eq!(page(Some(4), Some(8), None, 100).await?, [5, 6, 7]);
        let sixth: Mid = appended[5].record.mid;
        assert_eq!(page(Some(3), None, Some(sixth), 100).await?, [4, 5]);
        assert_eq!(page(Some(10), None, None, 5).await?, [0; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn positions_move_forward_only_and_never_beyond_the_end() -> Result {
    for (store, _folder) in stores().await? {
        let batch: Vec<_> = (1..=5).map(|n| message(A, B, &n.to_string())).collect();
        let id = append(store.as_ref(), &batch).await?[0].conversation;
        let positions = async |read: i64, delivered: i64| {
            let forward = Move {
                conversation: id,
                uid: B,
                read: Seq(read),
                delivered: Seq(delivered),
            };
            store.advance(&[forward]).await?;
            let thread = store.thread(B, Peer::User(A)).await?.expect("they wrote");
            let position = store.positions(B).await?[0];
            Ok::<_, StoreError>((
                thread.read_seq.0,
                position.position.delivered_seq.0,
                position.position.head.0,
            ))
        };
        let mids: Vec<_> = store
            .page(id, ALL)
            .await?
            .iter()
            .map(|record| record.mid.0)
            .collect();
        assert_eq!(positions(0, 2).await?, (0, 2, mids[2]));
        assert_eq!(positions(0, 1).await?, (0, 2, mids[2]));
        assert_eq!(positions(4, 0).await?, (4, 2, mids[2]));
        assert_eq!(positions(1, 1).await?, (4, 2, mids[2]));
        assert_eq!(positions(99, 99).await?, (5, 5, 0));
        let unknown = Move {
            conversation: ConversationId(99),
            uid: B,
            read: Seq(1),
            delivered: Seq(1),
        };
        store.advance(&[unknown]).await?;
        store.advance(&[]).await?;
        let sender = store.positions(A).await?[0];
        assert_eq!(
            sender.position.delivered_seq,
            Seq(0),
            "the other side's positions are its own"
        );
    }
    Ok(())
}

#[tokio::test]
async fn unread_counts_are_derived_from_what_others_wrote_after_the_read_position() -> Result {
    for (store, _folder) in stores().await? {
        let batch = [
            message(A, B, "1"),
            message(B, A, "2"),
            message(A, B, "3"),
            message(C, B, "x"),
        ];
        let id = append(store.as_ref(), &batch).await?[0].conversation;
        assert_eq!(store.unread(B, id).await?, (2, 3));
        assert_eq!(store.unread(A, id).await?, (1, 1));
        assert_eq!(store.unread_total(C).await?, 0);
        let forward = Move {
            conversation: id,
            uid: B,
            read: Seq(1),
            delivered: Seq(1),
        };
        store.advance(&[forward]).await?;
        assert_eq!(store.unread(B, id).await?, (1, 2));
        assert_eq!(store.unread_total(B).await?, 2);
        let list = store.list(B, None, 10).await?;
        assert_eq!(list.iter().map(|row| row.unread).sum::<u64>(), 2);
    }
    Ok(())
}

#[tokio::test]
async fn a_list_is_newest_first_with_previews_and_goes_on_after_a_cursor() -> Result {
    for (store, _folder) in stores().await? {
        append(store.as_ref(), &[message(B, A, "older")]).await?;
        let long = "长".repeat(200);
        append(
            store.as_ref(),
            &[NewMessage {
                created_at: 2_000,
                ..message(A, C, &long)
            }],
        )
        .await?;
        let list = store.list(A, None, 10).await?;
        assert_eq!(
            list.iter().map(|row| row.other.peer).collect::<Vec<_>>(),
            [Peer::User(C), Peer::User(B)]
        );
        let newest = list[0].clone().conversation(A);
        assert_eq!(newest.last.content, "长".repeat(80));
        assert_eq!(
            (newest.last.create_time, newest.last_seq, newest.unread),
            (2_000, Seq(1), 0)
        );
        let second = store.list(A, Some(list[0].cursor), 10).await?;
        assert_eq!(
            second.iter().map(|row| row.other.peer).collect::<Vec<_>>(),
            [Peer::User(B)]
        );
        assert_eq!(store.list(A, None, 1).await?.len(), 1);
        assert!(store.list(A, Some(second[0].cursor), 10).await?.is_empty());
        assert_eq!(
            ListCursor::parse(&list[0].cursor.to_text()),
            Some(list[0].cursor)
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_thread_is_seen_by_its_members_only() -> Result {
    for (store, _folder) in stores().await? {
        let id = append(store.as_ref(), &[message(A, B, "1")]).await?[0].conversation;
        let thread = store.thread(B, Peer::User(A)).await?.expect("they wrote");
        assert_eq!(
            (thread.me.uid, thread.other.peer, thread.last_seq),
            (B, Peer::User(A), Seq(1))
        );
        assert_eq!(store.thread_by_id(B, id).await?, Some(thread));
        assert_eq!(store.thread(A, Peer::User(C)).await?, None);
        assert_eq!(store.thread_by_id(C, id).await?, None);
        assert_eq!(store.thread(A, Peer::Group(GroupId(1))).await?, None);
    }
    Ok(())
}

#[tokio::test]
async fn users_are_added_all_or_none_with_the_next_free_uids() -> Result {
    for (store, _folder) in stores().await? {
        let uids = store.add_users(&[user("d", None), user("e", None)]).await?;
        assert_eq!(uids, [UserId(4), UserId(5)]);
        let taken = store.add_users(&[user("f", None), user("a", None)]).await;
        assert!(matches!(taken, Err(StoreError::EmailTaken(email)) if email == "a@example.org"));
        let taken = store
            .add_users(&[user("f", None), user("g", Some(A))])
            .await;
        assert!(matches!(taken, Err(StoreError::UidTaken(A))));
        let users = store.users(UserId(2), 2).await?;
        assert_eq!(
            users.iter().map(|user| user.uid.0).collect::<Vec<_>>(),
            [3, 4]
        );
        assert_eq!(
            store.credentials("f@example.org").await?.map(|c| c.uid),
            None
        );
        assert_eq!(
            store.credentials("d@example.org").await?.map(|c| c.uid),
            Some(UserId(4))
        );
        assert_eq!(
            store.user(UserId(4)).await?.map(|user| user.username),
            Some("D".into())
        );
        assert_eq!(store.user(UserId(6)).await?, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_session_lives_until_it_expires_or_is_ended() -> Result {
    for (store, _folder) in stores().await? {
        let hash = SessionHash([7; 32]);
        let session = Session {
            hash,
            uid: A,
            expires_at: 100,
        };
        store.add_session(&session, 1).await?;
        let (found, user) = store.session(hash, 99).await?.expect("alive");
        assert_eq!((found, user.uid), (session, A));
        assert!(store.session(hash, 100).await?.is_none());
        assert!(store.session(SessionHash([8; 32]), 1).await?.is_none());
        store.end_session(hash).await?;
        assert!(store.session(hash, 1).await?.is_none());
        store.ping().await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_appended_is_there_after_the_store_is_opened_again() -> Result {
    for (store, folder) in stores().await? {
        let id = append(store.as_ref(), &[keyed(A, B, "kept", "k")]).await?[0].conversation;
        store.close().await;
        let url = format!("sqlite://{}/test.db", folder.path().display());
        let reopened = tidings_server::store::open(&url).await?;
        reopened.migrate().await?;
        assert_eq!(reopened.page(id, ALL).await?[0].content, "kept");
        let again = append(reopened.as_ref(), &[keyed(A, B, "kept", "k")]).await?;
        assert!(!again[0].fresh);
        assert_eq!(
            seqs(&append(reopened.as_ref(), &[message(B, A, "2")]).await?),
            [2]
        );
    }
    Ok(())
}
