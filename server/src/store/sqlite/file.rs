//! The database's file and what lies beside it: how it comes to be, and which servers may use it. What is
//! in it is not this module's business.

use super::super::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Makes the file where there is none. It appears under its name as a database already, so that an
/// empty one is never a beginning; and only who runs the server may read it, or the files that SQLite
/// puts beside it, which have its permissions.
///
/// # Errors
/// [`StoreError::Empty`] for an empty file, [`StoreError::ForeignWal`] where another's WAL lies beside it.
pub(super) async fn create_if_missing(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let path = options.get_filename();
    refuse_foreign_wal(path)?;
    match path.metadata() {
        Ok(data) if data.is_file() && data.len() == 0 => {
            return Err(StoreError::Empty(path.to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // What is wrong with it SQLite says itself.
        _ => return Ok(()),
    }
    let draft = draft_beside(path)?;
    begin(&options.clone().filename(draft.path())).await?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(()),
        // Somebody else was quicker.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(sqlx::Error::Io(error.error).into()),
    }
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// An empty file, to have this name once it is whole; its owner's alone.
pub(super) fn draft_beside(path: &Path) -> Result<NamedTempFile, StoreError> {
    let draft = tempfile::Builder::new()
        .prefix(".tidings-new-")
        .tempfile_in(folder_of(path));
    Ok(draft.map_err(sqlx::Error::Io)?)
}

/// The same for every link to it.
pub(super) fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// What lies beside a file under its name and a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Refuses a file whose WAL was another's: SQLite would write that into it and break it, for nothing in
/// a WAL names its file (<https://sqlite.org/fileformat2.html> §4). Known by this: a WAL begins after its
/// file was marked, at byte 18, as one that has one, and a backup is not marked so.
///
/// To be asked before this process opens the file: closing it here would release SQLite's locks.
///
/// # Errors
/// [`StoreError::ForeignWal`]
pub(super) fn refuse_foreign_wal(named: &Path) -> Result<(), StoreError> {
    /// The write version of a file in WAL mode.
    const WAL_MODE: u8 = 2;
    let path = real_path(named);
    let wal = beside(&path, "-wal");
    if !wal.metadata().is_ok_and(|data| data.len() > 0) {
        return Ok(());
    }
    let mut header = [0; 19];
    let is_foreign = match File::open(&path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => header[18] != WAL_MODE,
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if is_foreign {
        return Err(StoreError::ForeignWal(wal));
    }
    Ok(())
}

/// Makes an empty file a database without tables.
pub(super) async fn begin(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    // The switch to a write-ahead log writes the first page.
    options.connect().await?.close().await?;
    Ok(())
}

/// The right to serve from a file, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "held, and closed by its drop")] File);

/// Claims the file: `shared` with other servers that claim it so, or alone. The lock is on a file of its
/// own: to open the database's own and close it again would release SQLite's locks on it
/// (sqlite.org/howtocorrupt.html §2.2).
///
/// # Errors
/// [`StoreError::Claimed`] while another server has it.
pub(super) fn claim(named: &Path, shared: bool) -> Result<Claim, StoreError> {
    let name = beside(&real_path(named), "-server");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(name).map_err(sqlx::Error::Io)?;
    let locked = if shared {
        file.try_lock_shared()
    } else {
        file.try_lock()
    };
    match locked {
        Ok(()) => Ok(Claim(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Claimed(named.to_owned())),
        // SQLite itself may work there.
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "this file system has no locks: see that no other server uses the file");
            Ok(Claim(file))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(&format!("sqlite://{}", path.display())).await
    }

    #[tokio::test]
    async fn a_new_file_and_what_is_beside_it_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = open(&home.path().join("x.db")).await.expect("a file");
        store.migrate().await.expect("tables");
        let _claim = claim(&home.path().join("x.db"), false).expect("nobody else");
        let mut names = Vec::new();
        for entry in home.path().read_dir().expect("a folder") {
            let entry = entry.expect("an entry");
            let mode = entry.metadata().expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{entry:?}");
            names.push(entry.file_name());
        }
        names.sort();
        assert_eq!(names, ["x.db", "x.db-server", "x.db-shm", "x.db-wal"]);
    }

    #[tokio::test]
    async fn an_empty_file_is_refused_until_it_is_begun() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("x.db");
        std::fs::write(&path, "").expect("writable");
        assert!(matches!(open(&path).await, Err(StoreError::Empty(_))));
        let url = format!("sqlite://{}", path.display());
        crate::store::init(&url).await.expect("it is empty");
        assert!(open(&path).await.is_ok());
        let what_is_there = std::fs::read(&path).expect("a file");
        crate::store::init(&url).await.expect("nothing to do");
        assert_eq!(std::fs::read(&path).expect("a file"), what_is_there);
    }

    #[test]
    fn a_file_is_one_servers_or_theirs_who_share_it() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("x.db");
        let alone = claim(&path, false).expect("nobody else");
        for shared in [false, true] {
            let refused = claim(&path, shared);
            assert!(matches!(refused, Err(StoreError::Claimed(_))), "{shared}");
        }
        drop(alone);
        std::fs::write(&path, "x").expect("writable");
        let alone = claim(&path, false).expect("nobody else");
        let link = home.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        assert!(claim(&link, false).is_err(), "by another name");
        drop(alone);
        let _first = claim(&path, true).expect("nobody else");
        assert!(claim(&path, true).is_ok());
        assert!(claim(&path, false).is_err());
    }
}
