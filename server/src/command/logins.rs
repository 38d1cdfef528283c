//! `tidings logins list` and `tidings logins end`.

use super::user::Whose;
use crate::clock;
use crate::domain::SessionHash;
use anyhow::{Context, ensure};
use clap::Args;

/// Logins listed at most; nobody has more but by `tidings token issue`.
const LIMIT: u32 = 1000;

/// Logins of a user.
#[derive(Debug, clap::Subcommand)]
pub enum LoginsCommand {
    /// Print a user's logins, those used last first: id, when it began and was last used (ms since
    /// 1970; 0: never), and the browser, separated by tabs
    List(Whose),
    /// End a user's logins, one or all; open connections end within seconds
    End(End),
}

/// Which of whose.
#[derive(Debug, Args)]
pub struct End {
    #[command(flatten)]
    whose: Whose,
    /// The login's id, as listed [default: all]
    #[arg(long)]
    id: Option<String>,
}

pub(super) async fn run(command: LoginsCommand) -> anyhow::Result<()> {
    match command {
        LoginsCommand::List(whose) => list(&whose).await,
        LoginsCommand::End(end) => end.run().await,
    }
}

async fn list(whose: &Whose) -> anyhow::Result<()> {
    let (store, user) = whose.find().await?;
    let logins = store.logins(user.uid, clock::now_ms(), LIMIT).await?;
    store.close().await;
    for login in logins {
        let id = hex::encode(login.hash.0);
        // The `User-Agent` is untrusted text.
        let agent: String = login.agent.chars().filter(|c| !c.is_control()).collect();
        println!("{id}\t{}\t{}\t{agent}", login.created_at, login.used_at);
    }
    Ok(())
}

impl End {
    async fn run(self) -> anyhow::Result<()> {
        let (store, user) = self.whose.find().await?;
        let ended = match self.id {
            None => {
                let all = store.end_other_sessions(user.uid, SessionHash::NONE);
                all.await?.len()
            }
            Some(id) => {
                let mut hash = SessionHash::NONE;
                hex::decode_to_slice(id, &mut hash.0).context(
                    "an id is 64 hexadecimal digits, as `tidings logins list` prints it",
                )?;
                let ended = store.end_session(user.uid, hash).await?;
                ensure!(ended, "this user has no such login");
                1
            }
        };
        store.close().await;
        println!("{ended} logins ended");
        Ok(())
    }
}
