//! `tidings migrate`.

use crate::config::StoreConfig;
use crate::store::{self, Claim, Store};
use anyhow::Context;
use std::sync::Arc;

pub(super) async fn run(config: &StoreConfig) -> anyhow::Result<()> {
    let store = open(config).await?;
    store.close().await;
    println!("{} is up to date", without_password(&config.database_url));
    Ok(())
}

/// Claims the store for a server, `shared` with others or exclusively.
pub(super) fn claim(config: &StoreConfig, shared: bool) -> anyhow::Result<Option<Claim>> {
    store::claim(&config.database_url, shared).with_context(|| cannot_open(config))
}

fn cannot_open(config: &StoreConfig) -> String {
    format!("cannot open {}", without_password(&config.database_url))
}

/// Opens and migrates the store.
pub(super) async fn open(config: &StoreConfig) -> anyhow::Result<Arc<dyn Store>> {
    let context = || cannot_open(config);
    if config.init {
        store::init(&config.database_url)
            .await
            .with_context(context)?;
    }
    let store = store::open(&config.database_url, config.database_connections)
        .await
        .with_context(context)?;
    store
        .migrate()
        .await
        .context("cannot bring the schema up to date")?;
    Ok(store)
}

/// A URL without secrets: `scheme://user:password@host` without user, password, and parameters,
/// which may contain a password.
pub(super) fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn url_password_is_not_shown() {
        assert_eq!(
            without_password("postgres://me:s3cret@db/x"),
            "postgres://…@db/x"
        );
        assert_eq!(
            without_password("postgres://db/x?user=me&password=s3cret"),
            "postgres://db/x"
        );
        assert_eq!(
            without_password("sqlite://tidings.db"),
            "sqlite://tidings.db"
        );
    }
}
