//! `tidings-echo`: the echo server for the baseline.

use clap::Parser;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// A bare axum WebSocket echo server on /ws, to measure this machine with
#[derive(Debug, Parser)]
#[command(name = "tidings-echo", version)]
struct Arguments {
    /// Where to listen; port 0: the system's choice
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    tidings_load::echo_server::serve(listener).await?;
    Ok(())
}
