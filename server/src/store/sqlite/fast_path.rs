//! Fast path: all conversations exist and no message is a duplicate, as in nearly every batch. One
//! round trip to sqlx's thread for the connection, two on a cache miss; each costs as much as many
//! messages. Other batches go to `sql::append`.

use super::SqliteStore;
use super::dialect::{Connection, RESERVE_SEQS};
use super::insertion::{self, Insertion};
use super::sql::lookup::{ConversationLookup, FIND_DIRECT, FIND_GROUPS, ParticipantSet};
use super::sql::plan::{Known, Plan};
use super::sql::{json, parse_json_rows};
use crate::store::retry::{TRY_LIMIT, timed_out};
use crate::store::{Appended, NewMessage, StoreError};
use std::sync::LazyLock;

/// Both lookup queries as one, with two parameters.
static LOOK_UP: LazyLock<String> = LazyLock::new(|| {
    let groups = FIND_GROUPS.replace("$1", "$2");
    format!("SELECT ({FIND_DIRECT}), ({groups})")
});

/// Reserves sequence numbers, see [`RESERVE_SEQS`], and inserts the messages. A duplicate, or a
/// sequence number taken by another process since the lookup, rolls the transaction back.
static STORE: LazyLock<Insertion> =
    LazyLock::new(|| Insertion::new(&format!("BEGIN IMMEDIATE; {RESERVE_SEQS};"), "", "; COMMIT"));

impl SqliteStore {
    /// Appends the batch if the fast path applies; `None`: nothing was written.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a message is a duplicate or another process writes: nothing
    /// was written. On any other error the connection is closed.
    pub(super) async fn append_fast(
        &self,
        batch: &[NewMessage],
    ) -> Result<Option<Vec<Appended>>, StoreError> {
        if batch.is_empty() || batch.len() > insertion::MAX_ROWS {
            return Ok(None);
        }
        let mut permit = self.writer.acquire().await?;
        let connection = &mut permit.connection;
        if let Some(missing) = permit.cache.missing(batch) {
            let lookup = &mut permit.cache.lookup;
            let looking = tokio::time::timeout(TRY_LIMIT, look_up(connection, &missing, lookup));
            looking.await.unwrap_or_else(|_| Err(timed_out()))?;
        }
        let ConversationLookup {
            by_participants,
            last,
        } = &mut permit.cache.lookup;
        let plan = Plan::new(batch, &Known::default(), by_participants);
        if !plan.is_all_new() {
            permit.release();
            return Ok(None);
        }
        let mut messages = plan.assign_seqs(last)?;
        let stored = store(connection, &plan, &mut messages).await;
        self.checkpointer.committed();
        match stored {
            Ok(()) => permit.release(),
            // The assigned sequence numbers in the cache were not used.
            Err(StoreError::Duplicate) => permit.release_and_clear(),
            Err(_) => {}
        }
        stored.map(|()| Some(messages))
    }
}

async fn look_up(
    connection: &mut Connection,
    participants: &ParticipantSet,
    lookup: &mut ConversationLookup,
) -> Result<(), StoreError> {
    let (direct, groups): (String, String) = sqlx::query_as(LOOK_UP.as_str())
        .bind(participants.direct_rows())
        .bind(participants.group_rows())
        .fetch_one(connection)
        .await?;
    lookup.insert_rows(parse_json_rows(&direct)?);
    lookup.insert_rows(parse_json_rows(&groups)?);
    Ok(())
}

async fn store(
    connection: &mut Connection,
    plan: &Plan<'_>,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    let query = sqlx::query(STORE.of(messages.len())).bind(json(&plan.reservations()));
    match insertion::bind(query, messages).execute(connection).await {
        Ok(done) => {
            insertion::give_ids(messages, &done);
            Ok(())
        }
        // It rolled the transaction back.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(StoreError::Duplicate)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ConnectionId;
    use crate::store::{NewUser, Store as _};
    use std::path::Path;
    use tidings_shared::{Body, ClientMsgId, Peer, Seq, UserId};

    const ME: UserId = UserId(1000);

    fn user(uid: UserId) -> NewUser {
        NewUser {
            uid: Some(uid),
            email: uid.to_string(),
            username: "X".into(),
            avatar: String::new(),
            password_hash: String::new(),
            created_at: 0,
        }
    }

    fn message(recipient: UserId, key: &str) -> NewMessage {
        NewMessage {
            sender: ME,
            peer: Peer::User(recipient),
            body: Body::Text("x".into()),
            client_msg_id: Some(ClientMsgId(key.into())),
            origin: ConnectionId(0),
            created_at: 0,
        }
    }

    async fn open_store(folder: &Path) -> SqliteStore {
        let url = format!("sqlite://{}", folder.join("x.db").display());
        SqliteStore::open(&url).await.expect("a file")
    }

    async fn seqs_of(store: &SqliteStore, batch: &[NewMessage]) -> Vec<Seq> {
        let appended = store.append_fast(batch).await.expect("no error");
        let appended = appended.expect("no surprise");
        appended.iter().map(|new| new.record.seq).collect()
    }

    #[tokio::test]
    async fn unsuitable_batch_is_left_to_the_general_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open_store(folder.path()).await;
        store.migrate().await.expect("a schema");
        let (friend, stranger, nobody) = (UserId(1001), UserId(1002), UserId(1003));
        let users: Vec<_> = [ME, friend, stranger].map(user).into();
        store.add_users(&users).await.expect("new users");
        store
            .append(&[message(friend, "first")])
            .await
            .expect("room");

        let unsuitable = [
            vec![],
            vec![message(friend, "a"), message(stranger, "b")],
            vec![message(friend, "a"), message(nobody, "b")],
            vec![message(friend, "a"), message(friend, "a")],
        ];
        for batch in unsuitable {
            let appended = store.append_fast(&batch).await.expect("no error");
            assert!(appended.is_none(), "{batch:?}");
        }
        let duplicate = [message(friend, "a"), message(friend, "first")];
        let refused = store.append_fast(&duplicate).await;
        assert!(matches!(refused, Err(StoreError::Duplicate)), "{refused:?}");

        let batch = [message(friend, "a"), message(friend, "b")];
        let appended = store.append_fast(&batch).await.expect("no error");
        let appended = appended.expect("no surprise");
        let seqs: Vec<Seq> = appended.iter().map(|new| new.record.seq).collect();
        assert_eq!(seqs, [Seq(2), Seq(3)]);
        assert!(appended[0].record.mid < appended[1].record.mid);
    }

    #[tokio::test]
    async fn cached_lookup_continues_after_other_writers() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, other) = (
            open_store(folder.path()).await,
            open_store(folder.path()).await,
        );
        store.migrate().await.expect("a schema");
        let friend = UserId(1001);
        let users = [ME, friend].map(user);
        store.add_users(&users).await.expect("new users");
        let mine = |key| message(friend, key);
        let theirs = |key| NewMessage {
            sender: friend,
            peer: Peer::User(ME),
            ..message(friend, key)
        };
        store.append(&[mine("first")]).await.expect("room");

        assert_eq!(seqs_of(&store, &[mine("a")]).await, [Seq(2)]);
        assert_eq!(
            seqs_of(&store, &[theirs("a"), mine("b")]).await,
            [Seq(3), Seq(4)]
        );
        assert_eq!(seqs_of(&store, &[theirs("b")]).await, [Seq(5)]);
        assert_eq!(seqs_of(&other, &[mine("c")]).await, [Seq(6)]);
        // Its cached sequence number is taken, unless a second has passed.
        let appended = store.append(&[mine("d"), theirs("d")]).await;
        let appended = appended.expect("room").into_iter();
        let seqs: Vec<_> = appended.map(|new| new.map(|new| new.record.seq)).collect();
        assert_eq!(seqs, [Ok(Seq(7)), Ok(Seq(8))]);
        assert_eq!(seqs_of(&store, &[mine("e")]).await, [Seq(9)]);
    }
}
