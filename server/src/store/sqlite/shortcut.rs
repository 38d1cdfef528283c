//! The shortcut for a batch as nearly all are: everybody has a way to their peer and nothing is sent
//! again. It goes to sqlx's thread for the connection and back once, and once more for those whom
//! `recent` does not know; each costs as much as many messages. Any other batch is for `sql::append`.

use super::SqliteStore;
use super::dialect::{Connection, MOVE};
use super::insertion::{self, Insertion};
use super::sql::plan::{Known, Plan};
use super::sql::routes::{FIND_DIRECT, FIND_GROUPS, Pairs, Routes};
use super::sql::{json, unpacked};
use crate::store::retry::{TRY_LIMIT, timed_out};
use crate::store::{Appended, NewMessage, StoreError};
use std::sync::LazyLock;

/// Both queries for routes as one, of two parameters.
static FIND: LazyLock<String> = LazyLock::new(|| {
    let groups = FIND_GROUPS.replace("$1", "$2");
    format!("SELECT ({FIND_DIRECT}), ({groups})")
});

/// Moves conversations on, see [`MOVE`], and inserts their messages. A message that was stored before,
/// and a place that another process has taken since the conversation was looked at, end the transaction.
static STORE: LazyLock<Insertion> =
    LazyLock::new(|| Insertion::new(&format!("BEGIN IMMEDIATE; {MOVE};"), "", "; COMMIT"));

impl SqliteStore {
    /// Appends the batch if it is such a one; `None`: nothing happened.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] when a message was stored before or somebody else writes: nothing
    /// happened. Whatever else goes wrong, the connection is closed.
    pub(super) async fn append_shortly(
        &self,
        batch: &[NewMessage],
    ) -> Result<Option<Vec<Appended>>, StoreError> {
        if batch.is_empty() || batch.len() > insertion::MOST {
            return Ok(None);
        }
        let mut turn = self.writer.turn().await?;
        let connection = &mut turn.connection;
        if let Some(unknown) = turn.recent.unknown(batch) {
            let routes = &mut turn.recent.routes;
            let looking = tokio::time::timeout(TRY_LIMIT, find(connection, &unknown, routes));
            looking.await.unwrap_or_else(|_| Err(timed_out()))?;
        }
        let Routes { ways, last } = &mut turn.recent.routes;
        let plan = Plan::new(batch, &Known::default(), ways);
        if !plan.is_all_new() {
            turn.end();
            return Ok(None);
        }
        let mut messages = plan.place(last)?;
        let stored = store(connection, &plan, &mut messages).await;
        self.checkpointer.committed();
        match stored {
            Ok(()) => turn.end(),
            // They did not get the places that were meant for them.
            Err(StoreError::Repeated) => turn.end_otherwise(),
            Err(_) => {}
        }
        stored.map(|()| Some(messages))
    }
}

async fn find(
    connection: &mut Connection,
    pairs: &Pairs,
    routes: &mut Routes,
) -> Result<(), StoreError> {
    let (direct, groups): (String, String) = sqlx::query_as(FIND.as_str())
        .bind(pairs.direct_rows())
        .bind(pairs.group_rows())
        .fetch_one(connection)
        .await?;
    routes.enter(unpacked(&direct)?);
    routes.enter(unpacked(&groups)?);
    Ok(())
}

async fn store(
    connection: &mut Connection,
    plan: &Plan<'_>,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    let query = sqlx::query(STORE.of(messages.len())).bind(json(&plan.moves()));
    match insertion::bind(query, messages).execute(connection).await {
        Ok(done) => {
            insertion::give_ids(messages, &done);
            Ok(())
        }
        // It rolled the transaction back.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(StoreError::Repeated)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::ConnectionId;
    use crate::store::{NewUser, Store as _};
    use std::path::Path;
    use tidings_shared::{ClientMsgId, MsgType, Peer, Seq, UserId};

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
            content: "x".into(),
            msg_type: MsgType::TEXT,
            client_msg_id: Some(ClientMsgId(key.into())),
            origin: ConnectionId(0),
            created_at: 0,
        }
    }

    async fn store_in(folder: &Path) -> SqliteStore {
        let url = format!("sqlite://{}", folder.join("x.db").display());
        SqliteStore::open(&url).await.expect("a file")
    }

    async fn seqs_of(store: &SqliteStore, batch: &[NewMessage]) -> Vec<Seq> {
        let appended = store.append_shortly(batch).await.expect("no error");
        let appended = appended.expect("no surprise");
        appended.iter().map(|new| new.record.seq).collect()
    }

    #[tokio::test]
    async fn only_a_batch_without_surprises_is_appended_shortly_and_of_another_nothing_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(folder.path()).await;
        store.migrate().await.expect("a schema");
        let (friend, stranger, nobody) = (UserId(1001), UserId(1002), UserId(1003));
        let users: Vec<_> = [ME, friend, stranger].map(user).into();
        store.add_users(&users).await.expect("new users");
        store
            .append(&[message(friend, "first")])
            .await
            .expect("room");

        let surprises = [
            vec![],
            vec![message(friend, "a"), message(stranger, "b")],
            vec![message(friend, "a"), message(nobody, "b")],
            vec![message(friend, "a"), message(friend, "a")],
        ];
        for batch in surprises {
            let appended = store.append_shortly(&batch).await.expect("no error");
            assert!(appended.is_none(), "{batch:?}");
        }
        let repeated = [message(friend, "a"), message(friend, "first")];
        let refused = store.append_shortly(&repeated).await;
        assert!(matches!(refused, Err(StoreError::Repeated)), "{refused:?}");

        let batch = [message(friend, "a"), message(friend, "b")];
        let appended = store.append_shortly(&batch).await.expect("no error");
        let appended = appended.expect("no surprise");
        let seqs: Vec<Seq> = appended.iter().map(|new| new.record.seq).collect();
        assert_eq!(seqs, [Seq(2), Seq(3)]);
        assert!(appended[0].record.mid < appended[1].record.mid);
    }

    #[tokio::test]
    async fn who_is_remembered_goes_on_where_the_other_side_and_another_process_left_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, other) = (store_in(folder.path()).await, store_in(folder.path()).await);
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
        // Its place for this is taken, unless all of it took a second.
        let appended = store.append(&[mine("d"), theirs("d")]).await;
        let appended = appended.expect("room").into_iter();
        let seqs: Vec<_> = appended.map(|new| new.map(|new| new.record.seq)).collect();
        assert_eq!(seqs, [Ok(Seq(7)), Ok(Seq(8))]);
        assert_eq!(seqs_of(&store, &[mine("e")]).await, [Seq(9)]);
    }
}
