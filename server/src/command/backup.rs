//! `tidings backup` and `tidings restore`.

use super::migrate::without_password;
use crate::clock;
use crate::config::StoreConfig;
use crate::store;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

/// Where to.
#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    store: StoreConfig,
    /// The backup's file, which must not exist; only its owner may read it
    file: PathBuf,
}

/// Where from.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    store: StoreConfig,
    /// A file that `tidings backup` wrote; it stays as it is
    file: PathBuf,
}

pub(super) async fn backup(command: Backup) -> anyhow::Result<()> {
    let Backup { store, file } = command;
    // Not migrated before: a server of an earlier version may be using it.
    let done = store::backup(&store.database_url, &file).await;
    let database = without_password(&store.database_url);
    done.with_context(|| format!("cannot back up {database}"))?;
    println!("{} is a backup of {database}", file.display());
    Ok(())
}

pub(super) async fn restore(command: Restore) -> anyhow::Result<()> {
    let Restore { store, file } = command;
    let mark = format!(".before-restore-{}", clock::now_ms());
    let restored = store::restore(&store.database_url, &file, &mark).await;
    let database = without_password(&store.database_url);
    let aside = restored.with_context(|| format!("cannot restore {}", file.display()))?;
    println!("{database} is what {} was", file.display());
    if let Some(aside) = aside {
        println!("what was there is {} now", aside.display());
    }
    Ok(())
}
