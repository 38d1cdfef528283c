//! One connection through the proxy: its handle for tests, and its two sockets.

use super::flow::{Conditions, ConditionsWatch, Direction};
use super::relay::Relay;
use super::rng::Rng;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// How long the ends may take to close after [`Cut::Finish`].
const FINISH_LIMIT: Duration = Duration::from_secs(1);

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// RST to both ends; bytes in flight are lost.
    Reset,
    /// FIN to both ends; bytes in flight are lost.
    Finish,
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The end that connected.
    Client,
    /// The end that accepted.
    Server,
}

/// A command to a connection, executed once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Command {
    Cut(Cut),
    Forget(Side),
}

/// An open connection. A handle only: dropping it changes nothing.
#[derive(Clone)]
pub struct Connection {
    id: u64,
    local: watch::Sender<Conditions>,
    commands: mpsc::Sender<Command>,
}

impl Connection {
    pub(super) const fn new(
        id: u64,
        local: watch::Sender<Conditions>,
        commands: mpsc::Sender<Command>,
    ) -> Self {
        Self {
            id,
            local,
            commands,
        }
    }

    /// Counts from 0 in the order of arrival.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Sets the conditions of this connection, in addition to those of all.
    pub fn set(&self, conditions: Conditions) {
        self.local.send_replace(conditions);
    }

    /// Freezes it: no bytes pass, and nothing closes.
    pub fn freeze(&self) {
        self.local.send_modify(|now| now.set_frozen(true));
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&self) {
        self.local.send_modify(|now| now.set_frozen(false));
    }

    /// Ends it for both sides, frozen or not. One that has not reached the server yet is reset.
    pub fn cut(&self, cut: Cut) {
        // The queue is full or closed only when the connection is ending.
        let _ = self.commands.try_send(Command::Cut(cut));
    }

    /// Resets one side and leaves the other half-open: it receives nothing, and its bytes are not
    /// read. Lasts until a [`Self::cut`] or the end of the proxy.
    pub fn forget(&self, side: Side) {
        let _ = self.commands.try_send(Command::Forget(side));
    }

    /// Waits until the connection is gone.
    pub async fn closed(&self) {
        self.commands.closed().await;
    }
}

/// Connects to the server, once the connection is not frozen.
pub(super) async fn connect(
    upstream: SocketAddr,
    mut conditions: ConditionsWatch,
) -> io::Result<TcpStream> {
    while conditions.flow(Direction::ToServer).frozen {
        conditions.changed().await;
    }
    super::socket()?.connect(upstream).await
}

/// The sockets of a connection.
pub(super) struct Wire {
    pub(super) client: TcpStream,
    pub(super) server: TcpStream,
}

impl Wire {
    /// Relays bytes both ways until both ends have sent FIN. Cancelled, it leaves the sockets open.
    pub(super) async fn relay(
        &mut self,
        conditions: &mut ConditionsWatch,
        mut rng: Rng,
    ) -> io::Result<()> {
        let (server_read, server_write) = self.server.split();
        let (client_read, client_write) = self.client.split();
        let up = Relay {
            from: client_read,
            into: server_write,
            direction: Direction::ToServer,
            conditions: conditions.clone(),
            rng: rng.fork(),
        };
        let down = Relay {
            from: server_read,
            into: client_write,
            direction: Direction::ToClient,
            conditions: conditions.clone(),
            rng: rng.fork(),
        };
        tokio::try_join!(up.run(), down.run()).map(drop)
    }

    pub(super) async fn execute(self, command: Command, commands: &mut mpsc::Receiver<Command>) {
        let Self { client, server } = self;
        match command {
            Command::Cut(Cut::Reset) => {
                reset(client);
                reset(server);
            }
            Command::Cut(Cut::Finish) => {
                tokio::join!(finish(client), finish(server));
            }
            Command::Forget(side) => {
                let (gone, kept) = match side {
                    Side::Client => (client, server),
                    Side::Server => (server, client),
                };
                reset(gone);
                while let Some(Command::Forget(_)) = commands.recv().await {}
                reset(kept);
            }
        }
    }
}

pub(super) fn reset(stream: TcpStream) {
    // Fails only on a socket that is gone already.
    let _ = stream.set_zero_linger();
    drop(stream);
}

async fn finish(mut stream: TcpStream) {
    let closing = async {
        stream.shutdown().await?;
        // A socket that is closed with unread input sends RST.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, io::Error>(())
    };
    // The drop resets an end that does not close in time.
    let _ = timeout(FINISH_LIMIT, closing).await;
}
