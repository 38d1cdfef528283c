//! The database's file: how it comes to be, and which servers may use it. What is in it is not this
//! module's business.

use super::super::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Makes the file where there is none. It appears under its name as a database already, so that an
/// empty one is never a beginning; and only who runs the server may read it, or the files that SQLite
/// puts beside it, which have its permissions.
///
/// # Errors
/// [`StoreError::Empty`] for an empty file.
pub(super) async fn create_if_missing(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let path = options.get_filename();
    match path.metadata() {
        Ok(data) if data.is_file() && data.len() == 0 => {
            return Err(StoreError::Empty(path.to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // What is wrong with it SQLite says itself.
        _ => return Ok(()),
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let draft = tempfile::Builder::new()
        .prefix(".tidings-new-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(sqlx::Error::Io)?;
    begin(&options.clone().filename(draft.path())).await?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(()),
        // Somebody else was quicker.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(sqlx::Error::Io(error.error).into()),
    }
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
    // The same for every link to it.
    let database = named.canonicalize();
    let database = database.as_deref().unwrap_or(named);
    let mut name = database.as_os_str().to_owned();
    name.push("-server");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(PathBuf::from(name)).map_err(sqlx::Error::Io)?;
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
