//! The network and processor baseline: round trips with a server that only echoes.

use super::Run;
use crate::options::Common;
use crate::report::Report;
use crate::run_state::{Phase, RunState};
use crate::socket::{Socket, SocketError};
use anyhow::{Context, Result};
use clap::Args;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Round trips with `tidings-echo`, or any WebSocket that sends back what it gets
#[derive(Debug, Clone, Args)]
pub struct Echo {
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub connections: usize,
    /// Messages of a connection that are under way at once
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub in_flight: u16,
    /// Bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=8192))]
    pub size: u16,
    /// How long to measure, in s
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub seconds: u64,
    /// How long to send before measuring, in s
    #[arg(long, value_name = "S", default_value_t = 2)]
    pub warm_up_s: u64,
}

/// Runs it; an echo counts as an answer.
///
/// # Errors
/// When a connection cannot be opened, or is lost.
pub async fn run(common: &Common, options: &Echo, stop: &CancellationToken) -> Result<Report> {
    let run = Run::new(common, stop, options.connections, RunState::new(0, 1))?;
    let mut tasks = JoinSet::new();
    for number in 0..options.connections {
        let socket = Socket::open(&run.route(number, number), 0, None)
            .await
            .with_context(|| format!("connection {number}"))?;
        tasks.spawn(echo(socket, Arc::clone(&run.state), options.clone()));
    }
    run.pass(Duration::from_secs(options.warm_up_s)).await;
    let time = run.pass(Duration::from_secs(options.seconds));
    let mut report = run.measure("echo", time).await;
    report.connections = options.connections;
    run.state.measure(false);
    run.state.set_phase(Phase::Finished);
    while let Some(ended) = tasks.join_next().await {
        ended?.context("a connection to the echo server was lost")?;
    }
    Ok(run.finish(report).await)
}

async fn echo(mut socket: Socket, state: Arc<RunState>, options: Echo) -> Result<(), SocketError> {
    let _guard = state.bind();
    let mut phase = state.phase();
    let message = "e".repeat(usize::from(options.size));
    let mut sent = VecDeque::new();
    loop {
        while sent.len() < usize::from(options.in_flight) && socket.ready()? {
            socket.queue(message.clone())?;
            sent.push_back(Instant::now());
        }
        tokio::select! {
            biased;
            _ = phase.changed() => return Ok(()),
            text = socket.next() => {
                let mut text = Some(text?);
                let now = Instant::now();
                let mut echoes = 0;
                while let Some(echo) = text {
                    if echo.as_str() != message {
                        return Err(SocketError::Protocol("not an echo".into()));
                    }
                    if let Some(sent) = sent.pop_front() {
                        state.record_answer(sent, now);
                        echoes += 1;
                    }
                    text = socket.next_now()?;
                }
                state.tally().answered += echoes;
            }
        }
    }
}
