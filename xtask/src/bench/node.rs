//! A server process to measure: Tidings or the echo server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The time limit of a start or an answer.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A process that listens. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Node {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(super) address: String,
}

impl Node {
    /// Starts a program on a free port, and waits for the line with its address.
    pub(super) async fn start(program: &Path, arguments: &[&str], folder: &Path) -> Result<Self> {
        let mut command = command(program);
        command
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("a pipe")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(TIMEOUT, lines.next_line())
            .await
            .context("the server says nothing")??
            .context("the server ended; see its words above")?;
        let address = line
            .strip_prefix("listening on http://")
            .with_context(|| format!("unexpected: {line}"))?;
        Ok(Self {
            address: address.to_owned(),
            child,
        })
    }

    /// The process id.
    pub(super) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Kills it and waits for its exit.
    pub(super) async fn end(mut self) -> Result<()> {
        self.child.kill().await.context("cannot end the server")
    }

    /// Creates a group over HTTP. Returns its id.
    pub(super) fn create_group(&self, token: &str, members: &[i64]) -> Result<i64> {
        let body = json!({"name": "benchmark", "members": members}).to_string();
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "POST /api/groups HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        group_id(&answer)
    }
}

/// A command without the Tidings variables of this shell, killed when its handle is dropped.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TIDINGS_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("DATABASE_URL")
        .env_remove("REDIS_URL")
        .env("TIDINGS_LOG", "warn")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

fn group_id(answer: &str) -> Result<i64> {
    ensure!(answer.starts_with("HTTP/1.1 201"), "no group: {answer}");
    let body = answer.split_once("\r\n\r\n").context("no body")?.1;
    let group: Value = serde_json::from_str(body)?;
    group["groupId"].as_i64().context("no groupId")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_id_is_parsed_and_a_refusal_is_an_error() {
        let made = "HTTP/1.1 201 Created\r\nx: y\r\n\r\n{\"groupId\":7,\"name\":\"n\"}";
        assert_eq!(group_id(made).expect("made"), 7);
        let refused = "HTTP/1.1 400 Bad Request\r\n\r\n{\"code\":\"bad_request\"}";
        assert!(
            group_id(refused)
                .expect_err("refused")
                .to_string()
                .contains("bad_request")
        );
    }
}
