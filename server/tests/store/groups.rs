//! Groups: creation, members, messages, reading.

use crate::cases::{ALL, Case, append, message, seqs, to_group, with_key};
use crate::{A, B, C, Result};
use tidings_server::store::{
    GroupChange, GroupLimits, GroupRefusal, NewGroup, NewMembers, Refused, Store,
};
use tidings_shared::{ConversationId, GroupId, MsgType, Peer, Seq, UserId};

on_each_store![
    new_group_has_its_members_and_a_first_message,
    group_with_an_unknown_member_is_refused,
    repeated_key_returns_the_existing_group,
    only_members_can_write_to_a_group,
    client_msg_id_stores_one_group_message,
    group_is_visible_to_its_members_only,
    group_limits_per_user_are_enforced,
];

pub(crate) fn new_group(owner: UserId, members: impl Into<Vec<UserId>>) -> NewGroup {
    NewGroup {
        owner,
        name: "Choir".into(),
        members: members.into(),
        created_at: 500,
        limits: GroupLimits::NONE,
        key: None,
    }
}

pub(crate) async fn create(store: &dyn Store, group: &NewGroup) -> Result<GroupChange> {
    Ok(store.create_group(group).await?.expect("a group"))
}

pub(crate) async fn add(
    store: &dyn Store,
    group: GroupId,
    uids: impl Into<Vec<UserId>>,
) -> Result<std::result::Result<GroupChange, GroupRefusal>> {
    let members = NewMembers {
        group,
        by: A,
        uids: uids.into(),
        added_at: 600,
        limits: GroupLimits::NONE,
    };
    store.add_members(&members).await
}

/// A's group of itself and B.
pub(crate) async fn group_of_two(store: &dyn Store) -> Result<(GroupId, ConversationId)> {
    let group = create(store, &new_group(A, [B])).await?.group.group_id;
    Ok((group, ConversationId(group.0)))
}

async fn group_limits_per_user_are_enforced(Case { store, .. }: Case) -> Result {
    let limits = |owned, joined| NewGroup {
        limits: GroupLimits { owned, joined },
        ..new_group(A, [B])
    };
    let refused = |made: std::result::Result<GroupChange, GroupRefusal>| made.err();
    assert!(refused(store.create_group(&limits(2, 9)).await?).is_none());
    assert!(refused(store.create_group(&limits(2, 9)).await?).is_none());
    let third = refused(store.create_group(&limits(2, 9)).await?);
    assert_eq!(third, Some(GroupRefusal::OwnsTooMany(2)));
    // A direct conversation does not count.
    append(store.as_ref(), &[message(B, C, "hello")]).await?;
    let third = refused(store.create_group(&limits(9, 2)).await?);
    assert_eq!(third, Some(GroupRefusal::InTooMany(A)));

    let group = create(store.as_ref(), &new_group(C, [])).await?.group;
    let members = |joined| NewMembers {
        group: group.group_id,
        by: C,
        uids: vec![B],
        added_at: 600,
        limits: GroupLimits { owned: 0, joined },
    };
    let in_two = refused(store.add_members(&members(2)).await?);
    assert_eq!(in_two, Some(GroupRefusal::InTooMany(B)));
    assert!(refused(store.add_members(&members(3)).await?).is_none());
    Ok(())
}

async fn members(store: &dyn Store, group: GroupId) -> Result<Vec<i64>> {
    let users = store.members(group, UserId(0), 100).await?;
    Ok(users.iter().map(|user| user.uid.0).collect())
}

async fn new_group_has_its_members_and_a_first_message(Case { store, .. }: Case) -> Result {
    let change = create(store.as_ref(), &new_group(B, [A])).await?;
    let group = &change.group;
    assert_eq!((&*group.name, group.owner, group.members), ("Choir", B, 2));
    assert_eq!(change.added, [A, B]);
    let first = change.message.as_ref().expect("a first message");
    assert_eq!(
        (first.record.seq, first.record.sender.uid, first.fresh),
        (Seq(1), B, true)
    );
    assert_eq!(first.record.body.msg_type(), MsgType::GROUP_CREATED);
    assert_eq!(
        (&**first.record.body.content(), first.record.created_at),
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
    Ok(())
}

async fn group_with_an_unknown_member_is_refused(Case { store, .. }: Case) -> Result {
    let refused = store.create_group(&new_group(A, [B, UserId(98)])).await?;
    assert_eq!(refused.err(), Some(GroupRefusal::NoUser(UserId(98))));
    assert!(store.cursors(A, ConversationId(0)).await?.is_empty());
    let (group, _) = group_of_two(store.as_ref()).await?;
    let refused = add(store.as_ref(), group, [C, UserId(98)]).await?;
    assert_eq!(refused.err(), Some(GroupRefusal::NoUser(UserId(98))));
    assert_eq!(members(store.as_ref(), group).await?, [1, 2]);
    Ok(())
}

async fn repeated_key_returns_the_existing_group(case: Case) -> Result {
    let keyed = NewGroup {
        key: Some("k".into()),
        ..new_group(A, [B])
    };
    let other = case.again().await?;
    // Like a client that retries on another node after a lost answer.
    let (first, second) = tokio::join!(
        create(case.store.as_ref(), &keyed),
        create(other.as_ref(), &keyed)
    );
    let (first, second) = (first?, second?);
    assert_eq!(first.group, second.group);
    assert!(
        first.message.is_some() != second.message.is_some(),
        "made once"
    );
    add(other.as_ref(), first.group.group_id, [C])
        .await?
        .expect("the owner");
    let again = create(case.store.as_ref(), &keyed).await?;
    assert_eq!(
        (again.group.members, again.added),
        (3, Vec::new()),
        "as it is now"
    );

    let different = NewGroup {
        name: "Band".into(),
        ..keyed.clone()
    };
    let refused = case.store.create_group(&different).await?;
    assert_eq!(refused.err(), Some(GroupRefusal::KeyReused));
    let theirs = NewGroup {
        owner: B,
        members: vec![A],
        ..keyed
    };
    let theirs = create(case.store.as_ref(), &theirs).await?.group;
    assert!(
        theirs.group_id != first.group.group_id,
        "keys are a user's own"
    );
    let [one, two] = [0; 2].map(|_| new_group(A, [B]));
    let one = create(case.store.as_ref(), &one).await?.group;
    assert!(
        one != create(case.store.as_ref(), &two).await?.group,
        "no key"
    );
    other.close().await;
    Ok(())
}

async fn only_members_can_write_to_a_group(Case { store, .. }: Case) -> Result {
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
    let slots: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|appended| appended.record.seq.0))
        .collect();
    let refused = Err(&Refused::UnknownRecipient);
    assert_eq!(slots, [Ok(2), refused, Ok(1), Ok(3), refused, refused]);
    let sent = results[3].as_ref().expect("B is a member");
    assert_eq!(sent.conversation, id);
    let message = sent.message(true);
    assert_eq!((message.owner_uid, message.peer), (B, Peer::Group(group)));
    assert_eq!((&*message.owner_name, &*message.other_name), ("B", "Choir"));
    assert!(
        store
            .cursors(C, ConversationId(0))
            .await?
            .iter()
            .all(|s| s.group.is_none())
    );
    Ok(())
}

async fn client_msg_id_stores_one_group_message(Case { store, .. }: Case) -> Result {
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
    Ok(())
}

async fn group_is_visible_to_its_members_only(Case { store, .. }: Case) -> Result {
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
    let unread = store.unread_total(A).await?;
    assert_eq!((unread.total, unread.direct), (1, 0));

    let direct = append(store.as_ref(), &[message(A, B, "1")]).await?[0].conversation;
    let by_number = Peer::Group(GroupId(direct.0));
    assert_eq!(store.thread(A, by_number).await?, None);
    assert_eq!(store.group(A, GroupId(direct.0)).await?, None);
    let cursors = store.cursors(A, ConversationId(0)).await?;
    let groups: Vec<_> = cursors.iter().filter_map(|s| s.group).collect();
    assert_eq!((groups, cursors.len()), (vec![group], 2));
    Ok(())
}
