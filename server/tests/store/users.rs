//! Users and their profiles.

use crate::cases::{ALL, Case, append, message, user};
use crate::{A, B, Result};
use tidings_server::store::{Picture, StoreError};
use tidings_shared::{Peer, UserId};

on_each_store![
    users_are_added_all_or_none_with_the_next_free_uids,
    renamed_user_is_renamed_in_earlier_messages_too,
    picture_is_found_by_hash_while_a_user_has_it,
];

async fn users_are_added_all_or_none_with_the_next_free_uids(Case { store, .. }: Case) -> Result {
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
    Ok(())
}

async fn renamed_user_is_renamed_in_earlier_messages_too(Case { store, .. }: Case) -> Result {
    // The first creates the conversation, the second finds it.
    for _ in 0..2 {
        append(store.as_ref(), &[message(A, B, "hello")]).await?;
    }
    let renamed = store.rename(A, "Ann").await?.expect("it exists");
    assert_eq!(
        (renamed.uid, &*renamed.username, &*renamed.avatar),
        (A, "Ann", "/a.png")
    );
    assert_eq!(store.rename(UserId(99), "Nobody").await?, None);
    assert_eq!(
        store.user(A).await?.map(|user| user.username),
        Some("Ann".into())
    );
    let thread = store.thread(B, Peer::User(A)).await?.expect("they wrote");
    assert_eq!(thread.other.name, "Ann");
    let page = store.page(thread.conversation, ALL).await?;
    assert_eq!(page[0].sender.name, "Ann");
    let next = append(store.as_ref(), &[message(A, B, "hello again")]).await?;
    assert_eq!(next[0].record.sender.name, "Ann");
    let answer = append(store.as_ref(), &[message(B, A, "hello")]).await?;
    assert_eq!(answer[0].recipient.name, "Ann");
    assert_eq!(
        store.user(B).await?.map(|user| user.username),
        Some("B".into())
    );
    Ok(())
}

async fn picture_is_found_by_hash_while_a_user_has_it(Case { store, .. }: Case) -> Result {
    let picture = |n: u8| Picture {
        hash: [n; 32],
        media_type: "image/png".into(),
        bytes: vec![n, 0, 255],
    };
    for uid in [A, B] {
        store.set_avatar(uid, Some((&picture(1), "/1"))).await?;
    }
    assert_eq!(store.avatar([1; 32]).await?, Some(picture(1)));
    let user = store.set_avatar(A, Some((&picture(2), "/2"))).await?;
    assert_eq!(user, store.user(A).await?);
    assert_eq!(store.avatar([2; 32]).await?, Some(picture(2)));
    assert_eq!(store.avatar([1; 32]).await?, Some(picture(1)), "B has it");
    store.set_avatar(B, None).await?;
    assert_eq!(store.avatar([1; 32]).await?, None);
    let avatar = |user: Option<tidings_shared::api::User>| user.map(|user| user.avatar);
    assert_eq!(avatar(store.user(A).await?), Some("/2".into()));
    assert_eq!(avatar(store.user(B).await?), Some(String::new()));
    Ok(())
}
