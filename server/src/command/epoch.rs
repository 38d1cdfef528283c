//! `tidings epoch`.

use super::migrate;
use crate::config::StoreConfig;

/// The mark of the database's history.
#[derive(Debug, clap::Subcommand)]
pub enum EpochCommand {
    /// Give the database another epoch, after a backup of PostgreSQL was put back; prints it
    Renew(StoreConfig),
}

pub(super) async fn run(command: EpochCommand) -> anyhow::Result<()> {
    let EpochCommand::Renew(config) = command;
    let store = migrate::open(&config).await?;
    println!("{}", store.renew_epoch().await?);
    store.close().await;
    Ok(())
}
