//! The options of all scenarios.

use crate::target::Target;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Where to, as whom, and what to write down.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// A server's WebSocket, as ws://HOST:PORT/ws or HOST:PORT; may be repeated: senders go to the
    /// first, receivers to the next, other connections to each in turn
    #[arg(
        long = "url",
        value_name = "URL",
        default_value = "ws://127.0.0.1:8080/ws"
    )]
    pub urls: Vec<Target>,
    /// After a lost connection try the next URL, as through a load balancer
    #[arg(long)]
    pub any_node: bool,
    /// A file of lines of uid, tab and bearer token, as `tidings token issue --uid A-B` prints them
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// The process id of a server on this machine, whose CPU and memory are told; may be repeated
    #[arg(long = "server-pid", value_name = "PID")]
    pub server_pids: Vec<u32>,
    /// Write the report as JSON to this file as well
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Connections opened a second at the beginning
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub ramp: u32,
    /// A fixed heartbeat interval in ms, in place of the one the server gives
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(100..))]
    pub heartbeat_ms: Option<u64>,
    /// The longest wait in s, for all connections to be bound and, at the end, for pushes and
    /// answers that are missing
    #[arg(long, value_name = "S", default_value_t = 60)]
    pub patience_s: u64,
    /// No progress lines on standard error
    #[arg(long)]
    pub quiet: bool,
}

impl Common {
    /// The defaults, for these servers.
    pub const fn to(urls: Vec<Target>) -> Self {
        Self {
            urls,
            any_node: false,
            tokens: None,
            server_pids: Vec::new(),
            json: None,
            ramp: 1000,
            heartbeat_ms: None,
            patience_s: 60,
            quiet: true,
        }
    }

    /// The longest wait for binds at the start, and for missing pushes and answers at the end.
    pub const fn wait_limit(&self) -> Duration {
        Duration::from_secs(self.patience_s)
    }

    /// The fixed heartbeat interval, if any.
    pub fn heartbeat(&self) -> Option<Duration> {
        self.heartbeat_ms.map(Duration::from_millis)
    }
}
