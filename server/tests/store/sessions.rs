//! Sessions, and the password that they depend on.

use crate::cases::Case;
use crate::{A, B, Result};
use std::sync::Arc;
use tidings_server::domain::SessionHash;
use tidings_server::store::{Session, Store};
use tidings_shared::UserId;

on_each_store![
    session_is_valid_until_it_expires_or_is_ended,
    logins_are_listed_by_last_use_without_expired_ones,
    password_change_needs_the_old_one_and_ends_other_logins,
    ended_sessions_are_listed_and_locked_users_cannot_log_in,
    clock_that_was_ahead_ends_no_login,
    login_with_the_old_password_ends_with_its_change,
    login_beyond_a_hundred_ends_the_least_recently_used,
];

/// The password hash of every user of `cases`.
const PASSWORD: &str = "hash";

fn session(n: u8, uid: UserId) -> Session {
    Session {
        hash: SessionHash([n; 32]),
        uid,
        expires_at: 100,
        used_at: 0,
    }
}

async fn begin(store: &dyn Store, n: u8, uid: UserId, password: &str) -> Result<bool> {
    let session = session(n, uid);
    let started = store.begin_session(&session, "Browser", password, i64::from(n));
    Ok(started.await?.is_some())
}

async fn is_valid(store: &dyn Store, n: u8) -> Result<bool> {
    Ok(store.session(SessionHash([n; 32]), 1).await?.is_some())
}

async fn session_is_valid_until_it_expires_or_is_ended(Case { store, .. }: Case) -> Result {
    let kept = session(7, A);
    assert!(begin(store.as_ref(), 7, A, PASSWORD).await?);
    let (found, user) = store.session(kept.hash, 99).await?.expect("alive");
    assert_eq!(
        (found.hash, found.expires_at, user.uid),
        (kept.hash, 100, A)
    );
    assert_eq!(found.used_at, 7, "when it began");
    assert!(store.session(kept.hash, 100).await?.is_none());
    assert!(store.session(SessionHash([8; 32]), 1).await?.is_none());
    assert!(!store.end_session(B, kept.hash).await?, "it is another's");
    assert!(is_valid(store.as_ref(), 7).await?);
    assert!(store.end_session(A, kept.hash).await?);
    assert!(!is_valid(store.as_ref(), 7).await?);
    assert!(!store.end_session(A, kept.hash).await?, "it has ended");
    store.ping().await?;
    Ok(())
}

async fn logins_are_listed_by_last_use_without_expired_ones(Case { store, .. }: Case) -> Result {
    store
        .add_sessions(&[session(1, A), session(2, B)], 1)
        .await?;
    for n in 3..=5 {
        assert!(begin(store.as_ref(), n, A, PASSWORD).await?);
    }
    for touches in [vec![(3, 50), (4, 40), (9, 60)], vec![(4, 30)], vec![]] {
        let touches = touches
            .into_iter()
            .map(|(n, at)| (SessionHash([n; 32]), at));
        store.touch_sessions(&touches.collect::<Vec<_>>()).await?;
    }
    let logins = store.logins(A, 99, 10).await?;
    let listed: Vec<_> = logins
        .iter()
        .map(|login| {
            (
                login.hash.0[0],
                login.agent.as_str(),
                login.created_at,
                login.used_at,
            )
        })
        .collect();
    let expected = [
        (3, "Browser", 3, 50),
        (4, "Browser", 4, 40),
        (5, "Browser", 5, 5),
        (1, "", 1, 0),
    ];
    assert_eq!(listed, expected);
    assert_eq!(store.logins(A, 99, 2).await?, logins[..2]);
    assert!(store.logins(A, 100, 10).await?.is_empty());

    let ended = store.end_other_sessions(A, SessionHash([4; 32])).await?;
    let mut ended: Vec<_> = ended.iter().map(|hash| hash.0[0]).collect();
    ended.sort_unstable();
    assert_eq!(ended, [1, 3, 5]);
    assert!(is_valid(store.as_ref(), 4).await? && is_valid(store.as_ref(), 2).await?);

    Ok(())
}

async fn ended_sessions_are_listed_and_locked_users_cannot_log_in(
    Case { store, .. }: Case,
) -> Result {
    for n in 1..=3 {
        assert!(begin(store.as_ref(), n, A, PASSWORD).await?);
    }
    assert!(begin(store.as_ref(), 4, B, PASSWORD).await?);
    assert!(store.ended_sessions().await?.is_empty());
    assert!(store.end_session(A, SessionHash([1; 32])).await?);
    let listed = store.ended_sessions().await?;
    assert_eq!(listed, [(A, SessionHash([1; 32]))]);

    assert_eq!(store.set_locked(A, true).await?, 2);
    assert_eq!(store.ended_sessions().await?.len(), 3);
    let of_a = store
        .credentials("a@example.org")
        .await?
        .expect("A is there");
    assert!(of_a.locked);
    assert!(!begin(store.as_ref(), 5, A, PASSWORD).await?);
    // A session made for a program is unusable, too.
    let session = Session {
        hash: SessionHash([6; 32]),
        uid: A,
        expires_at: 100,
        used_at: 0,
    };
    store.add_sessions(&[session], 1).await?;
    assert!(!is_valid(store.as_ref(), 6).await? && is_valid(store.as_ref(), 4).await?);

    assert_eq!(store.set_locked(A, false).await?, 0);
    assert!(is_valid(store.as_ref(), 6).await?);
    assert!(begin(store.as_ref(), 5, A, PASSWORD).await?);
    Ok(())
}

async fn password_change_needs_the_old_one_and_ends_other_logins(
    Case { store, .. }: Case,
) -> Result {
    for n in 1..=3 {
        assert!(begin(store.as_ref(), n, A, PASSWORD).await?);
    }
    assert!(begin(store.as_ref(), 4, B, PASSWORD).await?);
    let keep = SessionHash([2; 32]);
    let wrong = store.change_password(A, ("other", "new"), keep).await?;
    assert_eq!(wrong, None);
    assert_eq!(store.logins(A, 1, 10).await?.len(), 3);

    let ended = store.change_password(A, (PASSWORD, "new"), keep).await?;
    assert_eq!(ended.map(|ended| ended.len()), Some(2));
    assert_eq!(store.password_hash(A).await?, Some("new".into()));
    assert_eq!(store.password_hash(B).await?, Some(PASSWORD.into()));
    assert_eq!(store.password_hash(UserId(99)).await?, None);
    let left = [1, 2, 3, 4].map(|n| is_valid(store.as_ref(), n));
    let left = futures_util::future::try_join_all(left).await?;
    assert_eq!(left, [false, true, false, true]);

    assert!(!begin(store.as_ref(), 5, A, PASSWORD).await?, "the old one");
    assert!(!is_valid(store.as_ref(), 5).await?);
    assert!(begin(store.as_ref(), 6, A, "new").await?);
    Ok(())
}

async fn login_with_the_old_password_ends_with_its_change(case: Case) -> Result {
    // Like two nodes.
    let (here, there) = (Arc::clone(&case.store), case.again().await?);
    for n in 10..60 {
        let old = here.password_hash(A).await?.expect("it has one");
        let new = format!("hash {n}");
        let (started, changed) = tokio::join!(
            begin(there.as_ref(), n, A, &old),
            here.change_password(A, (&old, &new), SessionHash([0; 32])),
        );
        started?;
        assert!(changed?.is_some());
        assert!(
            !is_valid(here.as_ref(), n).await?,
            "login {n} outlived its password"
        );
    }
    there.close().await;
    Ok(())
}

async fn clock_that_was_ahead_ends_no_login(Case { store, .. }: Case) -> Result {
    assert!(begin(store.as_ref(), 1, B, PASSWORD).await?);
    // 400 days, in ms.
    let ahead = 400 * 24 * 60 * 60 * 1000;
    let later = Session {
        expires_at: ahead + 100,
        ..session(2, A)
    };
    let started = store.begin_session(&later, "Browser", PASSWORD, ahead);
    assert_eq!(started.await?, Some(Vec::new()));
    store.add_sessions(&[session(3, A)], ahead).await?;
    store
        .touch_sessions(&[(SessionHash([1; 32]), ahead)])
        .await?;
    store.touch_sessions(&[(SessionHash([1; 32]), 50)]).await?;
    assert_eq!(
        store.logins(B, 60, 1).await?[0].used_at,
        50,
        "not of the future"
    );
    assert!(
        is_valid(store.as_ref(), 1).await?,
        "when the clock is right again"
    );
    Ok(())
}

async fn login_beyond_a_hundred_ends_the_least_recently_used(Case { store, .. }: Case) -> Result {
    let long = |n, uid| Session {
        expires_at: 1_000,
        ..session(n, uid)
    };
    let begin = async |session: Session| {
        let now = i64::from(session.hash.0[0]);
        store
            .begin_session(&session, "Browser", PASSWORD, now)
            .await
    };
    for n in 1..=100 {
        assert_eq!(begin(long(n, A)).await?, Some(Vec::new()));
    }
    assert_eq!(begin(long(101, B)).await?, Some(Vec::new()));
    store.touch_sessions(&[(SessionHash([1; 32]), 102)]).await?;
    let ended = begin(long(102, A)).await?;
    assert_eq!(ended, Some(vec![SessionHash([2; 32])]));
    assert_eq!(store.logins(A, 200, 1000).await?.len(), 100);
    assert!(is_valid(store.as_ref(), 1).await? && is_valid(store.as_ref(), 102).await?);
    assert!(!is_valid(store.as_ref(), 2).await?);
    assert_eq!(store.logins(B, 200, 10).await?.len(), 1, "nobody else's");
    Ok(())
}
