//! Reading conversations: pages, cursors, unread counts, lists, threads.

use crate::cases::{ALL, Case, append, crowd, message};
use crate::{A, B, C, Result};
use tidings_server::store::{
    AdvanceCursor, CURSORS_PAGE, GroupLimits, ListCursor, ListRow, NewGroup, NewMessage, Range,
    StoreError,
};
use tidings_shared::{ConversationId, GroupId, Mid, Peer, Seq, UserId, limits};

on_each_store![
    page_is_read_from_either_end_and_below_an_id,
    cursors_only_advance_and_stop_at_the_end,
    cursors_of_many_conversations_come_in_pages,
    unread_counts_messages_of_others_after_the_read_cursor,
    own_trailing_messages_are_reported_to_be_marked_read,
    unread_count_is_capped_per_conversation,
    list_is_newest_first_and_continues_after_a_cursor,
    list_is_in_order_of_arrival_despite_clock_jumps,
    list_has_the_receipt_state_of_direct_conversations,
    thread_is_visible_to_its_members_only,
];

async fn page_is_read_from_either_end_and_below_an_id(Case { store, .. }: Case) -> Result {
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
    Ok(())
}

async fn cursors_only_advance_and_stop_at_the_end(Case { store, .. }: Case) -> Result {
    let batch: Vec<_> = (1..=5).map(|n| message(A, B, &n.to_string())).collect();
    let id = append(store.as_ref(), &batch).await?[0].conversation;
    let cursors = async |read: i64, delivered: i64| {
        let advance = AdvanceCursor {
            conversation: id,
            uid: B,
            read: Seq(read),
            delivered: Seq(delivered),
        };
        store.advance(&[advance]).await?;
        let thread = store.thread(B, Peer::User(A)).await?.expect("they wrote");
        let cursor = store.cursors(B, ConversationId(0)).await?[0];
        Ok::<_, StoreError>((
            thread.read_seq.0,
            cursor.delivery.delivered_seq.0,
            cursor.delivery.head.0,
        ))
    };
    let mids: Vec<_> = store
        .page(id, ALL)
        .await?
        .iter()
        .map(|record| record.mid.0)
        .collect();
    assert_eq!(cursors(0, 2).await?, (0, 2, mids[2]));
    assert_eq!(cursors(0, 1).await?, (0, 2, mids[2]));
    assert_eq!(cursors(4, 0).await?, (4, 2, mids[2]));
    assert_eq!(cursors(1, 1).await?, (4, 2, mids[2]));
    assert_eq!(cursors(99, 99).await?, (5, 5, 0));
    let unknown = AdvanceCursor {
        conversation: ConversationId(99),
        uid: B,
        read: Seq(1),
        delivered: Seq(1),
    };
    store.advance(&[unknown]).await?;
    store.advance(&[]).await?;
    let sender = store.cursors(A, ConversationId(0)).await?[0];
    assert_eq!(
        sender.delivery.delivered_seq,
        Seq(0),
        "the other side's positions are its own"
    );
    Ok(())
}

async fn cursors_of_many_conversations_come_in_pages(Case { store, .. }: Case) -> Result {
    let others = 1001..=1001 + i64::from(CURSORS_PAGE);
    store.add_users(&crowd(others.clone())).await?;
    let batch: Vec<_> = others.map(|uid| message(A, UserId(uid), "x")).collect();
    let appended = append(store.as_ref(), &batch).await?;
    let page = async |after| {
        let page = store.cursors(A, after).await?;
        let ids = page.iter().map(|cursor| cursor.delivery.conversation);
        Ok::<Vec<_>, StoreError>(ids.collect())
    };
    let mut found = page(ConversationId(0)).await?;
    assert_eq!(found.len(), 1000);
    found.extend(page(found[999]).await?);
    let mut expected: Vec<_> = appended.iter().map(|one| one.conversation).collect();
    expected.sort_unstable();
    assert_eq!(found, expected, "each once, lowest first");
    Ok(())
}

async fn unread_counts_messages_of_others_after_the_read_cursor(
    Case { store, .. }: Case,
) -> Result {
    let batch = [
        message(A, B, "1"),
        message(B, A, "2"),
        message(A, B, "3"),
        message(C, B, "x"),
    ];
    let id = append(store.as_ref(), &batch).await?[0].conversation;
    assert_eq!(store.unread(B, id).await?, (2, 3));
    assert_eq!(store.unread(A, id).await?, (1, 1));
    assert_eq!(store.unread_total(C).await?.total, 0);
    let advance = AdvanceCursor {
        conversation: id,
        uid: B,
        read: Seq(1),
        delivered: Seq(1),
    };
    store.advance(&[advance]).await?;
    assert_eq!(store.unread(B, id).await?, (1, 2));
    assert_eq!(store.unread_total(B).await?.total, 2);
    let list = store.list(B, None, 10).await?;
    assert_eq!(list.iter().map(|row| row.unread).sum::<u64>(), 2);
    Ok(())
}

async fn own_trailing_messages_are_reported_to_be_marked_read(Case { store, .. }: Case) -> Result {
    let batch = [
        message(A, B, "1"),
        message(A, B, "2"),
        message(A, C, "1"),
        message(C, A, "2"),
    ];
    let id = append(store.as_ref(), &batch).await?[0].conversation;
    let unread = store.unread_total(A).await?;
    assert_eq!((unread.total, &*unread.from_self), (1, &[(id, Seq(2))][..]));
    let advance = AdvanceCursor {
        conversation: id,
        uid: A,
        read: Seq(2),
        delivered: Seq(0),
    };
    store.advance(&[advance]).await?;
    let unread = store.unread_total(A).await?;
    assert_eq!((unread.total, &*unread.from_self), (1, &[][..]));
    append(store.as_ref(), &[message(B, A, "3"), message(A, B, "4")]).await?;
    let unread = store.unread_total(A).await?;
    assert_eq!((unread.total, &*unread.from_self), (2, &[][..]));
    Ok(())
}

async fn unread_count_is_capped_per_conversation(Case { store, .. }: Case) -> Result {
    let most = usize::try_from(limits::UNREAD_MAX).expect("few");
    let many = vec![message(A, B, "x"); most + 5];
    let id = append(store.as_ref(), &many).await?[0].conversation;
    append(store.as_ref(), &[message(C, B, "y")]).await?;
    let most = u64::from(limits::UNREAD_MAX);
    assert_eq!(store.unread(B, id).await?, (most, most + 1));
    let list = store.list(B, None, 10).await?;
    let counts: Vec<u64> = list.iter().map(|row| row.unread).collect();
    assert_eq!(counts, [1, most]);
    Ok(())
}

async fn list_is_newest_first_and_continues_after_a_cursor(Case { store, .. }: Case) -> Result {
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
    assert_eq!(*newest.last.body.content(), "长".repeat(80));
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
    Ok(())
}

async fn list_is_in_order_of_arrival_despite_clock_jumps(Case { store, .. }: Case) -> Result {
    let at = |created_at, message| NewMessage {
        created_at,
        ..message
    };
    append(store.as_ref(), &[at(90_000, message(B, A, "a day ahead"))]).await?;
    append(store.as_ref(), &[at(2_000, message(C, A, "right again"))]).await?;
    append(store.as_ref(), &[at(1_000, message(C, B, "set back"))]).await?;
    let list = async |uid, after| {
        let rows = store.list(uid, after, 10).await?;
        let of = |row: &ListRow| (row.other.peer, row.clone().conversation(uid).last);
        let rows = rows.iter().map(of);
        let shown = rows.map(|(peer, last)| (peer, last.create_time, last.mid));
        Result::Ok(shown.collect::<Vec<_>>())
    };
    let listed = list(A, None).await?;
    let shown: Vec<_> = listed.iter().map(|(peer, at, _)| (*peer, *at)).collect();
    assert_eq!(shown, [(Peer::User(C), 2_000), (Peer::User(B), 90_000)]);
    assert_eq!(list(A, Some(ListCursor(listed[0].2))).await?, listed[1..]);
    let listed = list(B, None).await?;
    assert_eq!(
        listed[0].0,
        Peer::User(C),
        "the last, by a clock that went back"
    );
    append(store.as_ref(), &[at(3_000, message(A, B, "later"))]).await?;
    let time = list(B, None).await?[0].1;
    assert_eq!(
        time, 3_000,
        "the message's own, not the latest there ever was"
    );
    Ok(())
}

async fn list_has_the_receipt_state_of_direct_conversations(Case { store, .. }: Case) -> Result {
    let batch: Vec<_> = (1..=5).map(|n| message(A, B, &n.to_string())).collect();
    let id = append(store.as_ref(), &batch).await?[0].conversation;
    let new = NewGroup {
        owner: A,
        name: "Choir".into(),
        members: vec![B],
        created_at: 1,
        limits: GroupLimits::NONE,
        key: None,
    };
    let made = store.create_group(&new).await?.expect("they exist").group;
    let group = ConversationId(made.group_id.0);
    let advances = [id, group].map(|conversation| AdvanceCursor {
        conversation,
        uid: B,
        read: Seq(3),
        delivered: Seq(4),
    });
    store.advance(&advances).await?;
    let listed = async |uid| {
        let list = store.list(uid, None, 10).await?;
        let rows = list.into_iter().map(|row| {
            let group = matches!(row.other.peer, Peer::Group(_));
            (
                group,
                row.receipt.map(|(delivered, read)| (delivered.0, read.0)),
            )
        });
        Ok::<_, StoreError>(rows.collect::<Vec<_>>())
    };
    assert_eq!(listed(A).await?, [(true, None), (false, Some((4, 3)))]);
    assert_eq!(listed(B).await?, [(true, None), (false, Some((0, 0)))]);
    let participants = store.participants(&[id, group, ConversationId(99)]).await?;
    assert_eq!(participants, [(id, A, B)]);
    Ok(())
}

async fn thread_is_visible_to_its_members_only(Case { store, .. }: Case) -> Result {
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
    Ok(())
}
