//! Whom a service runs as.

use anyhow::{Context, Result};
use std::path::Path;

/// An account of the system that is not root's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// For a service that refuses to run as root: `None` when we are somebody else anyway, and else
    /// `postgres`, or `nobody` when there is no such account.
    pub(crate) fn unprivileged() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = std::fs::read_to_string("/etc/passwd")?;
        let account = ["postgres", "nobody"]
            .iter()
            .find_map(|name| in_passwd(&accounts, name));
        let account = account.context("Postgres refuses to run as root: add a user `postgres`")?;
        Ok(Some(account))
    }

    /// Gives it a folder.
    pub(crate) fn own(self, folder: &Path) -> Result<()> {
        std::os::unix::fs::chown(folder, Some(self.uid), Some(self.gid))
            .with_context(|| format!("cannot give {} away", folder.display()))
    }
}

/// An account by its name, in the format of passwd(5).
fn in_passwd(accounts: &str, name: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\nnobody2:x:7:8:::\nnobody:x:65534:65533:::";
        let nobody = Account {
            uid: 65_534,
            gid: 65_533,
        };
        assert_eq!(in_passwd(accounts, "nobody"), Some(nobody));
        assert_eq!(in_passwd(accounts, "postgres"), None);
    }
}
