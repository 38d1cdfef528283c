//! `tidings serve`.

use super::{migrate, user};
use crate::bus::redis::Address;
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
    if let Some(url) = &config.redis_url {
        // What is wrong with it is said before anything is opened.
        Address::parse(url)?;
    }
    // Until the end of the process: what is written last is written then.
    let _claim = migrate::claim(&config.store, config.redis_url.is_some())?;
    let store = migrate::open(&config.store).await?;
    if config.demo {
        add_demo_users(store.as_ref()).await?;
        if !config.listen.ip().is_loopback() {
            tracing::warn!(
                listen = %config.listen,
                "--demo has users whose password everybody knows, and others reach this address"
            );
        }
    }
    let is_known_elsewhere = config.secure_cookie
        || !config.trusted_proxies.is_empty()
        || !config.allowed_origins.is_empty();
    if config.public_url.is_empty() && is_known_elsewhere {
        tracing::warn!(
            "no --public-url: people can use this server under bare addresses and localhost only; give \
             it the address in their browsers"
        );
    }
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; set --listen to another",
            config.listen
        )
    })?;
    let drain = CancellationToken::new();
    let signals = Signals::watch().context("cannot wait for signals")?;
    tokio::spawn(cancel_on_signal(signals, drain.clone()));
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
    match user::add(store, &drafts).await {
        Ok(_) => tracing::info!("added the demo users"),
        // Another node that started at the same moment was quicker.
        Err(_) if !store.users(UserId(0), 1).await?.is_empty() => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// SIGTERM or Ctrl-C asks for the drain; a second one ends the process as it is.
async fn cancel_on_signal(mut signals: Signals, drain: CancellationToken) {
    signals.next().await;
    drain.cancel();
    signals.next().await;
    tracing::warn!("ended without waiting");
    std::process::exit(130);
}

/// What asks the process to end. Watched from the start, so that none is lost.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for signals");
            std::future::pending::<()>().await;
        }
    }
}
