//! Postgres and Redis, which the tests start for themselves.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::command::find_on_path;
use crate::debian;
use crate::step::Steps;

/// Where Debian puts the programs of each version of Postgres.
const POSTGRES: &str = "/usr/lib/postgresql";

/// Finds both, after installing what is missing if that is possible.
///
/// Debian may start a service of its own with each package. The tests use none of them: theirs run
/// on free ports in temporary folders.
pub(crate) fn ensure(steps: &mut Steps) -> Result<()> {
    let missing = missing(
        find_on_path("redis-server").is_some(),
        find_on_path("initdb").is_some() || has_programs(Path::new(POSTGRES)),
    );
    if !missing.is_empty() {
        let purpose = format!(
            "what the tests of many nodes need ({}) is",
            missing.join(", ")
        );
        debian::install(steps, &missing, &purpose)?;
    }
    Ok(())
}

/// The packages to install.
fn missing(redis: bool, postgres: bool) -> Vec<&'static str> {
    let packages = [("redis-server", redis), ("postgresql", postgres)];
    let missing = packages.into_iter().filter(|(_, is_there)| !is_there);
    missing.map(|(package, _)| package).collect()
}

/// Whether the folder has a version with a server; a client alone has no `initdb`.
fn has_programs(versions: &Path) -> bool {
    let versions = fs::read_dir(versions).ok().into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("bin/initdb"))
        .any(|initdb| initdb.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_installed() {
        assert_eq!(missing(true, true), Vec::<&str>::new());
        assert_eq!(missing(true, false), ["postgresql"]);
        assert_eq!(missing(false, false), ["redis-server", "postgresql"]);
    }

    #[test]
    fn a_version_without_a_server_does_not_count() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bin = folder.path().join("15/bin");
        fs::create_dir_all(&bin).expect("writable");
        fs::write(bin.join("psql"), "").expect("writable");
        assert!(!has_programs(folder.path()));
        fs::write(bin.join("initdb"), "").expect("writable");
        assert!(has_programs(folder.path()));
        assert!(!has_programs(&folder.path().join("nowhere")));
    }
}
