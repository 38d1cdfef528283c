//! `tidings serve`.

use super::{demo, migrate};
use crate::bus::redis::Address;
use crate::config::Config;
use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    config.check()?;
    if let Some(url) = &config.redis_url {
        // Reports an invalid URL before anything is opened.
        Address::parse(url)?;
    }
    // Held until the end of the process, because the last writes happen then.
    let _claim = migrate::claim(&config.store, config.redis_url.is_some())?;
    let store = migrate::open(&config.store).await?;
    if config.demo {
        demo::add(store.as_ref()).await?;
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
    // The only line on standard output: the process that started this one waits for it.
    println!("listening on http://{}", listener.local_addr()?);
    crate::serve(config, store, listener, drain).await
}

/// SIGTERM or Ctrl-C starts the drain; a second one ends the process at once.
async fn cancel_on_signal(mut signals: Signals, drain: CancellationToken) {
    signals.next().await;
    drain.cancel();
    signals.next().await;
    tracing::warn!("ended without waiting");
    std::process::exit(130);
}

/// The signals that end the process. Registered at the start, so that none is lost.
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
