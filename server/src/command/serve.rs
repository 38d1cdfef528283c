//! `tidings serve`.

use super::{migrate, user};
use crate::config::Config;
use crate::store::{Store, UserDraft};
use anyhow::Context;
use tidings_shared::UserId;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The course's users.
const DEMO: [(i64, &str, &str); 3] = [
    (1000, "张三", "zhangsan@gmail.com"),
    (1001, "李四", "lisi@gmail.com"),
    (1002, "王五", "wangwu@hotmail.com"),
];
const DEMO_PASSWORD: &str = "1234";

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    config.check()?;
    let store = migrate::open(&config.store).await?;
    if config.demo {
        add_demo_users(store.as_ref()).await?;
    }
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; set --listen to another",
            config.listen
        )
    })?;
    let drain = CancellationToken::new();
    tokio::spawn(cancel_on_signal(drain.clone()));
    // On standard output, and alone there: whoever started us waits for it.
    println!("listening on http://{}", listener.local_addr()?);
    crate::serve(config, store, listener, drain).await
}

async fn add_demo_users(store: &dyn Store) -> anyhow::Result<()> {
    if !store.users(UserId(0), 1).await?.is_empty() {
        return Ok(());
    }
    let drafts = DEMO.map(|(uid, username, email)| UserDraft {
        email: email.into(),
        username: username.into(),
        password: DEMO_PASSWORD.into(),
        avatar: String::new(),
        uid: Some(UserId(uid)),
    });
    user::add(store, &drafts).await?;
    tracing::info!("added the demo users");
    Ok(())
}

/// SIGTERM or Ctrl-C asks for the drain; a second one ends the process as it is.
async fn cancel_on_signal(drain: CancellationToken) {
    if let Err(error) = signal().await {
        tracing::error!(%error, "cannot wait for signals");
        return;
    }
    drain.cancel();
    if signal().await.is_ok() {
        tracing::warn!("ended without waiting");
        std::process::exit(130);
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
