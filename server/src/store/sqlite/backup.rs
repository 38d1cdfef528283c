//! Backup and restore of the file.
//!
//! Both copy by `VACUUM INTO` (<https://sqlite.org/lang_vacuum.html>): a snapshot read in one
//! transaction that blocks no writer, without free pages and so without deleted data, and a single
//! file, because it is not in WAL mode. The online backup API offers none of the latter, restarts
//! whenever another process writes, and needs unsafe code.

use super::file::{self, beside, folder_of, real_path};
use super::writer::is_busy;
use super::{SqliteStore, parse_url};
use crate::store::{Store as _, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Copies the database of this URL, which may be in use, to a new file with owner-only permissions.
/// The file gets its name once it is complete and synced.
///
/// # Errors
/// [`StoreError::Exists`] for an existing file.
pub(in super::super) async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    let exists = || StoreError::Exists(to.to_owned());
    if to.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let source = parse_url(url)?;
    file::refuse_foreign_wal(source.get_filename())?;
    let draft = file::draft_beside(to)?;
    copy(&source, draft.path()).await?;
    draft.as_file().sync_all().map_err(sqlx::Error::Io)?;
    match draft.persist_noclobber(to) {
        Ok(_) => sync_folder_of(to),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(exists()),
        Err(error) => Err(sqlx::Error::Io(error.error).into()),
    }
}

/// Replaces the database of this URL by a copy of this backup, migrated and with a new epoch. The
/// previous file is renamed to end with `mark`, and its name returned. At every moment one of the
/// two has the database's name.
///
/// # Errors
/// [`StoreError::InUse`] while another process has the database open, [`StoreError::Foreign`] and
/// [`StoreError::Damaged`] for a file that is no backup.
pub(in super::super) async fn restore(
    url: &str,
    from: &Path,
    mark: &str,
) -> Result<Option<PathBuf>, StoreError> {
    let target = parse_url(url)?;
    let path = real_path(target.get_filename());
    let _claim = file::claim(&path, false).map_err(|error| match error {
        StoreError::Claimed(path) => StoreError::InUse(path),
        error => error,
    })?;
    let source = SqliteConnectOptions::new().filename(from);
    from.metadata().map_err(sqlx::Error::Io)?;
    file::refuse_foreign_wal(from)?;
    check(&source, from).await?;
    let draft = file::draft_beside(&path)?;
    copy(&source, draft.path()).await?;
    let options = SqliteConnectOptions::new().filename(draft.path());
    let store = SqliteStore::open_with(options.clone()).await?;
    store.migrate().await?;
    store.renew_epoch().await?;
    store.close().await;
    fold_wal(options).await?;
    draft.as_file().sync_all().map_err(sqlx::Error::Io)?;
    let aside = set_aside(&path, mark).await?;
    draft
        .persist(&path)
        .map_err(|error| sqlx::Error::Io(error.error))?;
    sync_folder_of(&path)?;
    Ok(aside)
}

async fn copy(source: &SqliteConnectOptions, to: &Path) -> Result<(), StoreError> {
    let name = to.to_str().ok_or_else(|| {
        let reason = "SQLite takes no file whose name is not UTF-8";
        sqlx::Error::Io(io::Error::new(ErrorKind::InvalidInput, reason))
    })?;
    let source = source.clone().create_if_missing(false);
    let mut connection = source.connect().await?;
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Checks that this is an undamaged database of Tidings.
async fn check(source: &SqliteConnectOptions, path: &Path) -> Result<(), StoreError> {
    let foreign = || StoreError::Foreign(path.to_owned());
    let mut connection = source.connect().await?;
    let migrator = sqlx::migrate!("migrations/sqlite");
    let first: Vec<u8> =
        sqlx::query_scalar("SELECT checksum FROM _sqlx_migrations WHERE version = 1")
            .fetch_one(&mut connection)
            .await
            .map_err(|_| foreign())?;
    if migrator.migrations.first().map(|first| &*first.checksum) != Some(&first) {
        return Err(foreign());
    }
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut connection)
        .await?;
    if found != "ok" {
        return Err(StoreError::Damaged(path.to_owned(), found));
    }
    Ok(connection.close().await?)
}

/// Checkpoints the WAL into the file and removes it; fails while another process has the file open.
async fn fold_wal(options: SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let options = options.journal_mode(SqliteJournalMode::Delete);
    let connection: SqliteConnection = options.connect().await?;
    connection.close().await
}

/// Hard-links the database under another name, and renames its companion files. An undamaged one
/// has its WAL checkpointed first.
async fn set_aside(path: &Path, mark: &str) -> Result<Option<PathBuf>, StoreError> {
    if file::refuse_foreign_wal(path).is_ok() {
        let folded = fold_wal(SqliteConnectOptions::new().filename(path)).await;
        if folded.is_err_and(|error| is_busy(&error)) {
            return Err(StoreError::InUse(path.to_owned()));
        }
    }
    let aside = beside(path, mark);
    let renamed = match std::fs::hard_link(path, &aside) {
        Ok(()) => Some(aside.clone()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(sqlx::Error::Io(error).into()),
    };
    for suffix in ["-wal", "-shm", "-journal"] {
        match std::fs::rename(beside(path, suffix), beside(&aside, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(sqlx::Error::Io(error).into());
            }
            _ => {}
        }
    }
    Ok(renamed)
}

/// Syncs the folder, so that a new name survives a power cut.
fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    let folder = File::open(folder_of(path));
    Ok(folder
        .and_then(|folder| folder.sync_all())
        .map_err(sqlx::Error::Io)?)
}
