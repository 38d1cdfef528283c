//! `tidings presence`.

use crate::bus::redis::Address;
use crate::presence::{UserPresence, read_presence};
use anyhow::Context;
use clap::Args;
use tidings_shared::UserId;

/// Whose, and where it is asked.
#[derive(Debug, Args)]
pub struct PresenceQuery {
    /// The Redis that the nodes share, as for `tidings serve`
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    redis_url: String,
    /// The users, separated by commas
    #[arg(long, value_delimiter = ',', required = true, value_name = "UID")]
    uid: Vec<i64>,
}

pub(super) async fn run(query: PresenceQuery) -> anyhow::Result<()> {
    let mut connection = Address::parse(&query.redis_url)?
        .open()
        .await
        .context("cannot reach Redis")?;
    let uids: Vec<UserId> = query.uid.into_iter().map(UserId).collect();
    for UserPresence {
        uid,
        nodes,
        last_seen,
    } in read_presence(&mut connection, &uids).await?
    {
        let state = if nodes.is_empty() {
            "offline"
        } else {
            "online"
        };
        let last = last_seen.map_or_else(|| "-".to_owned(), |ms| ms.to_string());
        println!("{uid}\t{state}\t{}\t{last}", nodes.join(","));
    }
    Ok(())
}
