//! A `redis-server` of the test's own.

use crate::tls::Authority;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tidings_server::bus::redis::Address;
use tidings_services::free_port;
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep, timeout};

/// How long a test waits for an expected event.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// A Redis on a free port, without persistence. Killed when dropped.
pub(crate) struct RedisServer {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let mut server = Self::absent();
        server.launch(&[]).await;
        server
    }

    /// A server that is not running yet, with its port.
    pub(crate) fn absent() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            port: free_port().expect("a free port"),
            process: None,
        }
    }

    /// Starts the process and waits until it answers.
    pub(crate) async fn launch(&mut self, settings: &[&str]) {
        let program = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let child = Command::new(PathBuf::from(program))
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(settings)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server; on Debian: apt-get install redis-server");
        self.process = Some(child);
        timeout(TIMEOUT, async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("Redis listens");
    }

    /// Starts it with a TLS port as well, with the certificate of [`Authority`].
    pub(crate) async fn launch_with_tls(
        &mut self,
        authority: &Authority,
        tls_port: u16,
        settings: &[&str],
    ) {
        let port = tls_port.to_string();
        let files = authority.files().map(|file| file.display().to_string());
        let [ca, certificate, key] = &files;
        let mut all = vec!["--tls-port", &port, "--tls-auth-clients", "no"];
        all.extend(["--tls-ca-cert-file", ca, "--tls-key-file", key]);
        all.extend(["--tls-cert-file", certificate]);
        all.extend(settings);
        self.launch(&all).await;
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn address(&self) -> Address {
        Address::parse(&self.url()).expect("a URL")
    }

    /// Kills it, like a power cut.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// Pauses it, or resumes it.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// Runs a command.
    pub(crate) async fn run(&self, arguments: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("it answers");
        let mut command = redis::cmd(arguments[0]);
        for argument in &arguments[1..] {
            command.arg(argument);
        }
        command.query_async(&mut connection).await.expect("taken")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
