//! Users and their sessions.

use crate::cases::{Case, cases, user};
use crate::{A, Result};
use tidings_server::store::{Session, SessionHash, StoreError};
use tidings_shared::UserId;

#[tokio::test]
async fn users_are_added_all_or_none_with_the_next_free_uids() -> Result {
    for Case { store, .. } in cases().await? {
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
    for Case { store, .. } in cases().await? {
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
