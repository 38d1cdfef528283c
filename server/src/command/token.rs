//! `tidings token issue`.

use super::migrate;
use crate::auth::Token;
use crate::clock;
use crate::config::StoreConfig;
use crate::store::Session;
use clap::Args;
use std::time::Duration;
use tidings_shared::UserId;

/// Bearer tokens.
#[derive(Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Print a new bearer token of a user
    Issue(Issue),
}

/// Whose, and for how long.
#[derive(Debug, Args)]
pub struct Issue {
    #[command(flatten)]
    store: StoreConfig,
    /// The user
    #[arg(long)]
    uid: i64,
    /// Days until the token expires
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: u64,
}

pub(super) async fn run(command: TokenCommand) -> anyhow::Result<()> {
    let TokenCommand::Issue(issue) = command;
    let store = migrate::open(&issue.store).await?;
    let uid = UserId(issue.uid);
    anyhow::ensure!(
        store.user(uid).await?.is_some(),
        "there is no user with the uid {uid}"
    );
    let token = Token::generate()?;
    let now = clock::now_ms();
    let ttl = Duration::from_hours(24 * issue.days).as_millis();
    let expires_at = now + i64::try_from(ttl)?;
    store
        .add_session(
            &Session {
                hash: token.hash(),
                uid,
                expires_at,
            },
            now,
        )
        .await?;
    store.close().await;
    println!("{}", token.expose());
    Ok(())
}
