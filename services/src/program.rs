//! Where the programs are, and how one is started so that it does not outlive us.

use crate::account::Account;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Where Debian and others put the programs of each version of Postgres.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The folder with the programs of the newest Postgres that is installed, or of that on PATH.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok().into_iter().flatten();
    let newest = versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            is_whole(&folder).then_some((version, folder))
        })
        .max()
        .map(|(_, folder)| folder);
    // A program on PATH may be a link to where the others are too.
    let on_path = || {
        let initdb = on_path("initdb")?.canonicalize().ok()?;
        initdb.parent().map(Path::to_path_buf)
    };
    newest.or_else(on_path).filter(|folder| is_whole(folder)).context(
        "no Postgres to test with: run `cargo xtask test`, or install it (Debian: `apt-get install \
         postgresql`)",
    )
}

/// Whether all programs are there: a client alone has no `initdb`, a link no neighbours.
fn is_whole(folder: &Path) -> bool {
    ["initdb", "postgres", "psql"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

/// The program `redis-server`.
pub(crate) fn redis_server() -> Result<PathBuf> {
    on_path("redis-server").context(
        "no Redis to test with: run `cargo xtask test`, or install it (Debian: `apt-get install \
         redis-server`)",
    )
}

/// A command that ends with the thread that spawns it, where the system can do that, and runs as
/// somebody else if asked to.
pub(crate) fn command(program: &Path, account: Option<Account>) -> Command {
    let mut command = if let Some(setpriv) = on_path("setpriv") {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "KILL"]);
        if let Some(Account { uid, gid }) = account {
            command
                .args(["--reuid", &uid.to_string(), "--regid", &gid.to_string()])
                .arg("--clear-groups");
        }
        command.arg("--").arg(program);
        command
    } else {
        let mut command = Command::new(program);
        if let Some(Account { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
        command
    };
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
