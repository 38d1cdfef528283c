//! The stores under test, and their test data.

use crate::postgres::Postgres;
use crate::{A, B, C, Result};
use std::sync::Arc;
use tempfile::TempDir;
use tidings_server::domain::ConnectionId;
use tidings_server::store::{Appended, NewMessage, NewUser, READERS, Range, Store, open};
use tidings_shared::{Body, ClientMsgId, GroupId, Peer, Seq, UserId};

/// A store, empty but for three users.
pub(crate) struct Case {
    pub(crate) store: Arc<dyn Store>,
    /// The URL to open the same store again.
    pub(crate) url: String,
    /// The folder of its SQLite file.
    _home: Option<TempDir>,
}

impl Case {
    /// Opens the same store again, like another node.
    pub(crate) async fn again(&self) -> Result<Arc<dyn Store>> {
        open(&self.url, READERS).await
    }
}

/// A SQLite file of its own.
pub(crate) async fn sqlite() -> Result<Case> {
    let home = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}/test.db", home.path().display());
    filled(url, Some(home)).await
}

/// A database of its own in the shared Postgres.
pub(crate) async fn postgres() -> Result<Case> {
    let server = Postgres::shared();
    filled(server.url(&server.database().await?), None).await
}

async fn filled(url: String, home: Option<TempDir>) -> Result<Case> {
    let store = open(&url, READERS).await?;
    store.migrate().await?;
    store
        .add_users(&[user("a", Some(A)), user("b", Some(B)), user("c", Some(C))])
        .await?;
    Ok(Case {
        store,
        url,
        _home: home,
    })
}

pub(crate) fn user(name: &str, uid: Option<UserId>) -> NewUser {
    NewUser {
        uid,
        email: format!("{name}@example.org"),
        username: name.to_uppercase(),
        avatar: format!("/{name}.png"),
        password_hash: "hash".into(),
        created_at: 1,
    }
}

/// A user for each of these uids, named by its number.
pub(crate) fn crowd(uids: impl Iterator<Item = i64>) -> Vec<NewUser> {
    uids.map(|uid| user(&uid.to_string(), Some(UserId(uid))))
        .collect()
}

pub(crate) fn message(sender: UserId, recipient: UserId, content: &str) -> NewMessage {
    NewMessage {
        sender,
        peer: Peer::User(recipient),
        body: Body::Text(content.into()),
        client_msg_id: None,
        origin: ConnectionId(0),
        created_at: 1_000,
    }
}

pub(crate) fn to_group(sender: UserId, group: GroupId, content: &str) -> NewMessage {
    NewMessage {
        peer: Peer::Group(group),
        ..message(sender, sender, content)
    }
}

pub(crate) fn keyed(sender: UserId, recipient: UserId, content: &str, key: &str) -> NewMessage {
    with_key(message(sender, recipient, content), key)
}

pub(crate) fn with_key(message: NewMessage, key: &str) -> NewMessage {
    let client_msg_id = Some(ClientMsgId(key.into()));
    NewMessage {
        client_msg_id,
        ..message
    }
}

pub(crate) async fn append(store: &dyn Store, batch: &[NewMessage]) -> Result<Vec<Appended>> {
    let results = store.append(batch).await?;
    Ok(results
        .into_iter()
        .map(|result| result.expect("a known recipient"))
        .collect())
}

pub(crate) fn seqs(appended: &[Appended]) -> Vec<i64> {
    appended
        .iter()
        .map(|appended| appended.record.seq.0)
        .collect()
}

pub(crate) const ALL: Range = Range {
    after: Some(Seq(0)),
    before: None,
    before_mid: None,
    limit: 1000,
};
