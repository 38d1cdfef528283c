//! Groups: made, filled, written to, read.

use crate::cases::{ALL, Case, append, cases, crowd, message, seqs, to_group, with_key};
use crate::{A, B, C, Result};
use std::sync::Arc;
use std::time::Duration;
use tidings_server::store::{
    GroupChange, GroupRefusal, Move, NewGroup, NewMembers, Refused, Store, StoreError,
};
use tidings_shared::{ConversationId, GroupId, MsgType, Peer, Seq, UserId, limits};
use tokio::time::Instant;

fn new_group(owner: UserId, members: impl Into<Vec<UserId>>) -> NewGroup {
    NewGroup {
        owner,
        name: "Choir".into(),
        members: members.into(),
        created_at: 500,
    }
}

async fn create(store: &dyn Store, group: &NewGroup) -> Result<GroupChange> {
    Ok(store.create_group(group).await?.expect("a group"))
}

async fn add(
    store: &dyn Store,
    group: GroupId,
    uids: impl Into<Vec<UserId>>,
) -> Result<std::result::Result<GroupChange, GroupRefusal>> {
    let members = NewMembers {
        group,
        by: A,
        uids: uids.into(),
        added_at: 600,
    };
    store.add_members(&members).await
}

/// A's group of itself and B.
async fn group_of_two(store: &dyn Store) -> Result<(GroupId, ConversationId)> {
    let group = create(store, &new_group(A, [B])).await?.group.group_id;
    Ok((group, ConversationId(group.0)))
}

async fn members(store: &dyn Store, group: GroupId) -> Result<Vec<i64>> {
    let users = store.members(group, UserId(0), 100).await?;
    Ok(users.iter().map(|user| user.uid.0).collect())
}

#[tokio::test]
async fn a_group_begins_with_its_members_and_a_message_that_says_so() -> Result {
    for Case { store, .. } in cases().await? {
        let change = create(store.as_ref(), &new_group(B, [A])).await?;
        let group = &change.group;
        assert_eq!((&*group.name, group.owner, group.members), ("Choir", B, 2));
        assert_eq!(change.added, [A, B]);
        let first = change.message.as_ref().expect("a first message");
        assert_eq!(
            (first.record.seq, first.record.sender.uid, first.fresh),
            (Seq(1), B, true)
        );
        assert_eq!(first.record.msg_type, MsgType::GROUP_CREATED);
        assert_eq!(
            (&*first.record.content, first.record.created_at),
            ("Choir", 500)
        );
        assert_eq!(first.recipient.peer, Peer::Group(group.group_id));
        let stored = store.page(first.conversation, ALL).await?;
        assert_eq!(stored, std::slice::from_ref(&first.record));

        assert_eq!(store.group(A, group.group_id).await?.as_ref(), Some(group));
        assert_eq!(store.group(C, group.group_id).await?, None);
        assert_eq!(store.group(A, GroupId(99)).await?, None);
        assert_eq!(members(store.as_ref(), group.group_id).await?, [1, 2]);
        let second = store.members(group.group_id, A, 1).await?;
        assert_eq!(second.iter().map(|u| u.uid).collect::<Vec<_>>(), [B]);
    }
    Ok(())
}

#[tokio::test]
async fn a_group_with_an_unknown_member_is_not_made() -> Result {
    for Case { store, .. } in cases().await? {
        let refused = store.create_group(&new_group(A, [B, UserId(98)])).await?;
        assert_eq!(refused.err(), Some(GroupRefusal::NoUser(UserId(98))));
        assert!(store.positions(A).await?.is_empty());
        let (group, _) = group_of_two(store.as_ref()).await?;
        let refused = add(store.as_ref(), group, [C, UserId(98)]).await?;
        assert_eq!(refused.err(), Some(GroupRefusal::NoUser(UserId(98))));
        assert_eq!(members(store.as_ref(), group).await?, [1, 2]);
    }
    Ok(())
}

#[tokio::test]
async fn members_write_to_a_group_and_others_are_refused() -> Result {
    for Case { store, .. } in cases().await? {
        let (group, id) = group_of_two(store.as_ref()).await?;
        let direct = append(store.as_ref(), &[message(A, C, "to one")]).await?;
        let direct = GroupId(direct[0].conversation.0);
        let batch = [
            to_group(A, group, "1"),
            to_group(C, group, "from outside"),
            message(A, B, "beside it"),
            to_group(B, group, "2"),
            to_group(A, GroupId(99), "nowhere"),
            to_group(A, direct, "a direct conversation is no group"),
        ];
        let results = store.append(&batch).await?;
        let places: Vec<_> = results
            .iter()
            .map(|result| result.as_ref().map(|appended| appended.record.seq.0))
            .collect();
        let refused = Err(&Refused::UnknownRecipient);
        assert_eq!(places, [Ok(2), refused, Ok(1), Ok(3), refused, refused]);
        let sent = results[3].as_ref().expect("B is a member");
        assert_eq!(sent.conversation, id);
        let message = sent.message(true);
        assert_eq!((message.owner_uid, message.peer), (B, Peer::Group(group)));
        assert_eq!((&*message.owner_name, &*message.other_name), ("B", "Choir"));
        assert!(store.positions(C).await?.iter().all(|s| s.group.is_none()));
    }
    Ok(())
}

#[tokio::test]
async fn a_key_stores_one_message_in_a_group_too() -> Result {
    for Case { store, .. } in cases().await? {
        let (group, _) = group_of_two(store.as_ref()).await?;
        let batch = [
            with_key(to_group(A, group, "1"), "k"),
            with_key(to_group(A, group, "again"), "k"),
            with_key(to_group(B, group, "another's"), "k"),
        ];
        let first = append(store.as_ref(), &batch).await?;
        assert_eq!(seqs(&first), [2, 2, 3]);
        let again = append(store.as_ref(), &batch).await?;
        assert_eq!(seqs(&again), [2, 2, 3]);
        assert!(again.iter().all(|appended| !appended.fresh));
        assert_eq!(again[0].record, first[0].record);
        assert_eq!(again[0].recipient, first[0].recipient);
        let elsewhere = append(store.as_ref(), &[with_key(message(A, C, "x"), "k")]).await?;
        assert_eq!(elsewhere[0].recipient, first[0].recipient);
    }
    Ok(())
}

#[tokio::test]
async fn a_group_is_seen_by_its_members_as_they_see_it() -> Result {
    for Case { store, .. } in cases().await? {
        let (group, id) = group_of_two(store.as_ref()).await?;
        append(
            store.as_ref(),
            &[to_group(A, group, "x"), to_group(B, group, "y")],
        )
        .await?;
        let peer = Peer::Group(group);
        let thread = store.thread(B, peer).await?.expect("a member");
        assert_eq!((thread.me.uid, thread.other.peer), (B, peer));
        assert_eq!((&*thread.other.name, thread.last_seq), ("Choir", Seq(3)));
        assert_eq!(store.thread_by_id(B, id).await?, Some(thread));
        assert_eq!(store.thread(C, peer).await?, None);
        assert_eq!(store.thread_by_id(C, id).await?, None);

        let list = store.list(B, None, 10).await?;
        let row = list.into_iter().next().expect("one conversation");
        assert_eq!((row.other.peer, &*row.other.name), (peer, "Choir"));
        assert_eq!((row.unread, row.last_sender.uid), (2, B));
        let entry = row.conversation(A);
        assert_eq!(entry.last.sender_name.as_deref(), Some("B"));
        assert_eq!(store.unread(B, id).await?, (2, 2));
        assert_eq!(store.unread_total(A).await?, 1);

        let direct = append(store.as_ref(), &[message(A, B, "1")]).await?[0].conversation;
        let by_number = Peer::Group(GroupId(direct.0));
        assert_eq!(store.thread(A, by_number).await?, None);
        assert_eq!(store.group(A, GroupId(direct.0)).await?, None);
        let standings = store.positions(A).await?;
        let groups: Vec<_> = standings.iter().filter_map(|s| s.group).collect();
        assert_eq!((groups, standings.len()), (vec![group], 2));
    }
    Ok(())
}

#[tokio::test]
async fn a_new_member_begins_where_it_was_added_and_can_read_what_was_before() -> Result {
    for Case { store, .. } in cases().await? {
        let (group, id) = group_of_two(store.as_ref()).await?;
        let batch: Vec<_> = (0..5).map(|_| to_group(A, group, "before")).collect();
        append(store.as_ref(), &batch).await?;
        let change = add(store.as_ref(), group, [C, B])
            .await?
            .expect("the owner");
        assert_eq!((change.added, change.group.members), (vec![C], 3));
        let message = change.message.expect("somebody is new");
        assert_eq!(
            (message.record.seq, &*message.record.content),
            (Seq(7), "C")
        );
        assert_eq!(message.record.msg_type, MsgType::MEMBERS_ADDED);

        let standing = store.positions(C).await?[0];
        assert_eq!(standing.group, Some(group));
        let position = standing.position;
        assert_eq!(
            (position.joined_seq, position.delivered_seq),
            (Seq(6), Seq(6))
        );
        assert_eq!(
            (position.last_seq, position.head),
            (Seq(7), message.record.mid)
        );
        assert_eq!(store.unread(C, id).await?, (1, 1));
        assert_eq!(store.page(id, ALL).await?.len(), 7);
        assert_eq!(
            seqs(&append(store.as_ref(), &[to_group(C, group, "x")]).await?),
            [8]
        );
        let earlier = store.positions(B).await?[0].position;
        assert_eq!(
            (earlier.joined_seq, earlier.delivered_seq),
            (Seq(0), Seq(0))
        );

        let forward = Move {
            conversation: id,
            uid: C,
            read: Seq(99),
            delivered: Seq(7),
        };
        store.advance(&[forward, forward]).await?;
        assert_eq!(store.unread_total(C).await?, 0);
        assert_eq!(store.positions(C).await?[0].position.delivered_seq, Seq(7));
    }
    Ok(())
}

#[tokio::test]
async fn only_the_owner_adds_members_and_nobody_is_added_twice() -> Result {
    for Case { store, .. } in cases().await? {
        let (group, id) = group_of_two(store.as_ref()).await?;
        let by = |by, group| NewMembers {
            group,
            by,
            uids: vec![C],
            added_at: 600,
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
    }
    Ok(())
}

#[tokio::test]
async fn a_long_list_of_new_members_is_cut_in_the_message_about_them() -> Result {
    for Case { store, .. } in cases().await? {
        store.add_users(&crowd(101..=111)).await?;
        let (group, _) = group_of_two(store.as_ref()).await?;
        let content = async |uids: std::ops::RangeInclusive<i64>| {
            let uids: Vec<_> = uids.map(UserId).collect();
            let change = add(store.as_ref(), group, uids).await?.expect("the owner");
            Ok::<_, StoreError>(change.message.expect("new members").record.content)
        };
        let all = content(101..=111).await?;
        assert_eq!(all, "101, 102, 103, 104, 105, 106, 107, 108, 109, 110, …");
    }
    Ok(())
}

#[tokio::test]
async fn ten_thousand_members_are_added_within_a_second_and_no_more_than_that() -> Result {
    let most = i64::try_from(limits::GROUP_MEMBERS).expect("a small number");
    for Case { store, url, .. } in cases().await? {
        store.add_users(&crowd(1001..=1000 + most)).await?;
        let others: Vec<_> = (1001..1000 + most).map(UserId).collect();
        let since = Instant::now();
        let group = create(store.as_ref(), &new_group(A, others)).await?.group;
        let took = since.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?} on {url}");
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
    }
    Ok(())
}

#[tokio::test]
async fn two_who_add_at_once_do_not_exceed_the_limit() -> Result {
    let most = i64::try_from(limits::GROUP_MEMBERS).expect("a small number");
    for Case { store, .. } in cases().await? {
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
    }
    Ok(())
}
