//! Members of groups, and where their cursors start.

use crate::cases::{ALL, Case, append, crowd, seqs, to_group};
use crate::groups::{add, create, group_of_two, new_group};
use crate::{A, B, C, Result};
use std::sync::Arc;
use tidings_server::store::{AdvanceCursor, GroupLimits, GroupRefusal, NewMembers, StoreError};
use tidings_shared::{ConversationId, GroupId, MsgType, Seq, UserId, limits};
use tokio::time::Instant;

on_each_store![
    new_member_starts_at_its_seq_and_can_read_history,
    only_the_owner_adds_members_and_each_once,
    long_list_of_new_members_is_truncated_in_the_message,
    group_takes_ten_thousand_members_and_no_more,
    concurrent_additions_do_not_exceed_the_limit,
];

async fn new_member_starts_at_its_seq_and_can_read_history(Case { store, .. }: Case) -> Result {
    let (group, id) = group_of_two(store.as_ref()).await?;
    let batch: Vec<_> = (0..5).map(|_| to_group(A, group, "before")).collect();
    append(store.as_ref(), &batch).await?;
    let change = add(store.as_ref(), group, [C, B])
        .await?
        .expect("the owner");
    assert_eq!((change.added, change.group.members), (vec![C], 3));
    let message = change.message.expect("somebody is new");
    assert_eq!(
        (message.record.seq, &**message.record.body.content()),
        (Seq(7), "C")
    );
    assert_eq!(message.record.body.msg_type(), MsgType::MEMBERS_ADDED);

    let cursor = store.cursors(C, ConversationId(0)).await?[0];
    assert_eq!(cursor.group, Some(group));
    let delivery = cursor.delivery;
    assert_eq!(
        (delivery.joined_seq, delivery.delivered_seq),
        (Seq(6), Seq(6))
    );
    assert_eq!(
        (delivery.last_seq, delivery.head),
        (Seq(7), message.record.mid)
    );
    assert_eq!(store.unread(C, id).await?, (1, 1));
    assert_eq!(store.page(id, ALL).await?.len(), 7);
    assert_eq!(
        seqs(&append(store.as_ref(), &[to_group(C, group, "x")]).await?),
        [8]
    );
    let earlier = store.cursors(B, ConversationId(0)).await?[0].delivery;
    assert_eq!(
        (earlier.joined_seq, earlier.delivered_seq),
        (Seq(0), Seq(0))
    );

    let advance = AdvanceCursor {
        conversation: id,
        uid: C,
        read: Seq(99),
        delivered: Seq(7),
    };
    store.advance(&[advance, advance]).await?;
    assert_eq!(store.unread_total(C).await?.total, 0);
    assert_eq!(
        store.cursors(C, ConversationId(0)).await?[0]
            .delivery
            .delivered_seq,
        Seq(7)
    );
    Ok(())
}

async fn only_the_owner_adds_members_and_each_once(Case { store, .. }: Case) -> Result {
    let (group, id) = group_of_two(store.as_ref()).await?;
    let by = |by, group| NewMembers {
        group,
        by,
        uids: vec![C],
        added_at: 600,
        limits: GroupLimits::NONE,
    };
    let not_owner = store.add_members(&by(B, group)).await?;
    assert_eq!(not_owner.err(), Some(GroupRefusal::NotOwner));
    let stranger = store.add_members(&by(C, group)).await?;
    assert_eq!(stranger.err(), Some(GroupRefusal::NoGroup));
    let nowhere = store.add_members(&by(A, GroupId(99))).await?;
    assert_eq!(nowhere.err(), Some(GroupRefusal::NoGroup));
    add(store.as_ref(), group, [C]).await?.expect("the owner");
    let again = add(store.as_ref(), group, [C, A])
        .await?
        .expect("the owner");
    assert_eq!((again.added, again.group.members), (vec![], 3));
    assert!(again.message.is_none());
    assert_eq!(store.page(id, ALL).await?.len(), 2);
    Ok(())
}

async fn long_list_of_new_members_is_truncated_in_the_message(Case { store, .. }: Case) -> Result {
    store.add_users(&crowd(101..=111)).await?;
    let (group, _) = group_of_two(store.as_ref()).await?;
    let content = async |uids: std::ops::RangeInclusive<i64>| {
        let uids: Vec<_> = uids.map(UserId).collect();
        let change = add(store.as_ref(), group, uids).await?.expect("the owner");
        Ok::<_, StoreError>(
            change
                .message
                .expect("new members")
                .record
                .body
                .into_content(),
        )
    };
    let all = content(101..=111).await?;
    assert_eq!(all, "101, 102, 103, 104, 105, 106, 107, 108, 109, 110, …");
    Ok(())
}

async fn group_takes_ten_thousand_members_and_no_more(Case { store, url, .. }: Case) -> Result {
    let most = i64::try_from(limits::GROUP_MEMBERS).expect("a small number");
    store.add_users(&crowd(1001..=1000 + most)).await?;
    let new = new_group(A, (1001..1000 + most).map(UserId).collect::<Vec<_>>());
    // `plans` tests that this takes no more statements than a few members.
    let since = Instant::now();
    let group = create(store.as_ref(), &new).await?.group;
    println!("added in {:?} on {url}", since.elapsed());
    assert_eq!(group.members, limits::GROUP_MEMBERS as u64);
    let full = add(store.as_ref(), group.group_id, [C]).await?;
    assert_eq!(full.err(), Some(GroupRefusal::Full));
    let known: Vec<_> = (1001..1010).map(UserId).collect();
    add(store.as_ref(), group.group_id, known)
        .await?
        .expect("they are members already");
    let too_many: Vec<_> = (1001..=1000 + most).map(UserId).collect();
    let full = store.create_group(&new_group(A, too_many)).await?;
    assert_eq!(full.err(), Some(GroupRefusal::Full));
    Ok(())
}

async fn concurrent_additions_do_not_exceed_the_limit(Case { store, .. }: Case) -> Result {
    let most = i64::try_from(limits::GROUP_MEMBERS).expect("a small number");
    store.add_users(&crowd(1001..=1100 + most)).await?;
    let nearly: Vec<_> = (1001..=1000 + most - 31).map(UserId).collect();
    let group = create(store.as_ref(), &new_group(A, nearly)).await?;
    let group = group.group.group_id;
    let adders: Vec<_> = (0..4)
        .map(|n| {
            let store = Arc::clone(&store);
            let first = 1000 + most + 10 * n;
            let uids: Vec<_> = (first..first + 10).map(UserId).collect();
            tokio::spawn(async move { add(store.as_ref(), group, uids).await })
        })
        .collect();
    let mut added = 0;
    for adder in adders {
        match adder.await.expect("no panic")? {
            Ok(change) => added += change.added.len(),
            Err(refusal) => assert_eq!(refusal, GroupRefusal::Full),
        }
    }
    assert_eq!(added, 30);
    let members = store.group(A, group).await?.expect("a member").members;
    assert_eq!(members, limits::GROUP_MEMBERS as u64);
    Ok(())
}
