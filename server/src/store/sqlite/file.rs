//! The database file and its companions: creation, and claims by servers. Its content is not this
//! module's concern.

use super::super::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Creates a missing file. It gets its name as an initialized database, so that an empty file is
/// never a new one. Only the server's user may read it, or the files that SQLite puts beside it,
/// which inherit its permissions.
///
/// # Errors
/// [`StoreError::Empty`] for an empty file, [`StoreError::ForeignWal`] where another database's WAL
/// lies beside it.
pub(super) async fn create_if_missing(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let path = options.get_filename();
    refuse_foreign_wal(path)?;
    match path.metadata() {
        Ok(data) if data.is_file() && data.len() == 0 => {
            return Err(StoreError::Empty(path.to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // Other errors are reported by SQLite.
        _ => return Ok(()),
    }
    let draft = draft_beside(path)?;
    initialize(&options.clone().filename(draft.path())).await?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(()),
        // Another process was faster.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(sqlx::Error::Io(error.error).into()),
    }
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// An empty temporary file beside `path`, to be renamed once complete; owner-only permissions.
pub(super) fn draft_beside(path: &Path) -> Result<NamedTempFile, StoreError> {
    let draft = tempfile::Builder::new()
        .prefix(".tidings-new-")
        .tempfile_in(folder_of(path));
    Ok(draft.map_err(sqlx::Error::Io)?)
}

/// The canonical path, the same for every link.
pub(super) fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The companion file with this suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Refuses a file with another database's WAL: SQLite would write it into the file and corrupt it,
/// because a WAL does not identify its file (<https://sqlite.org/fileformat2.html> §4). Detected by
/// byte 18: a file is marked as in WAL mode before its WAL begins, and a backup is not marked.
///
/// Must be called before this process opens the file: closing it here would release SQLite's locks.
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

/// Initializes an empty file as a database without tables.
pub(super) async fn initialize(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    // The switch to WAL mode writes the first page.
    options.connect().await?.close().await?;
    Ok(())
}

/// A server's claim on a file, held until dropped or the process ends.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "held, and closed by its drop")] File);

/// Claims the file, `shared` with other servers or exclusively. The lock is on a separate file:
/// opening and closing the database file would release SQLite's locks on it
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
        // SQLite itself may still work there.
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
    async fn new_file_and_its_companions_are_owner_only() {
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
    async fn empty_file_is_refused_until_initialized() {
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
    fn file_claim_is_exclusive_or_shared() {
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
