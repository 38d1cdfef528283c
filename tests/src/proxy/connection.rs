//! One connection through the proxy: its handle for tests, and its two sockets.

use super::dice::Dice;
use super::flow::{Conditions, Sky, Way};
use super::lane::Lane;
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
    /// RST to both ends; what was on its way is lost.
    Reset,
    /// FIN to both ends; what was on its way is lost.
    Finish,
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who connected.
    Client,
    /// Who was connected to.
    Server,
}

/// What a connection is told to do, once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Cut(Cut),
    Forget(Side),
}

/// An open connection. A handle only: dropping it changes nothing.
#[derive(Clone)]
pub struct Connection {
    id: u64,
    own: watch::Sender<Conditions>,
    orders: mpsc::Sender<Order>,
}

impl Connection {
    pub(super) const fn new(
        id: u64,
        own: watch::Sender<Conditions>,
        orders: mpsc::Sender<Order>,
    ) -> Self {
        Self { id, own, orders }
    }

    /// Counts from 0 in the order of arrival.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Sets what holds for this connection, on top of what holds for all.
    pub fn set(&self, conditions: Conditions) {
        self.own.send_replace(conditions);
    }

    /// Stops it: nothing flows, nothing closes.
    pub fn freeze(&self) {
        self.own.send_modify(|now| now.set_frozen(true));
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&self) {
        self.own.send_modify(|now| now.set_frozen(false));
    }

    /// Ends it for both sides, frozen or not. One that is not through to the server yet is reset.
    pub fn cut(&self, cut: Cut) {
        // Full or closed: it is ending.
        let _ = self.orders.try_send(Order::Cut(cut));
    }

    /// Resets one side and leaves the other open, with nobody behind it: nothing comes from it any
    /// more and nothing is taken. Until a [`Self::cut`] or the end of the proxy.
    pub fn forget(&self, side: Side) {
        let _ = self.orders.try_send(Order::Forget(side));
    }

    /// Waits until the connection is gone.
    pub async fn closed(&self) {
        self.orders.closed().await;
    }
}

/// Connects to the server, when nothing stands in the way.
pub(super) async fn connect(upstream: SocketAddr, mut sky: Sky) -> io::Result<TcpStream> {
    while sky.flow(Way::ToServer).frozen {
        sky.changed().await;
    }
    super::socket()?.connect(upstream).await
}

/// The sockets of a connection.
pub(super) struct Wire {
    pub(super) client: TcpStream,
    pub(super) server: TcpStream,
}

impl Wire {
    /// Passes bytes both ways until both ends have said that they are done. Cancelled, it leaves
    /// the sockets open.
    pub(super) async fn relay(&mut self, sky: &mut Sky, mut dice: Dice) -> io::Result<()> {
        let (server_read, server_write) = self.server.split();
        let (client_read, client_write) = self.client.split();
        let up = Lane {
            from: client_read,
            into: server_write,
            way: Way::ToServer,
            sky: sky.clone(),
            dice: dice.fork(),
        };
        let down = Lane {
            from: server_read,
            into: client_write,
            way: Way::ToClient,
            sky: sky.clone(),
            dice: dice.fork(),
        };
        tokio::try_join!(up.run(), down.run()).map(drop)
    }

    pub(super) async fn obey(self, order: Order, orders: &mut mpsc::Receiver<Order>) {
        let Self { client, server } = self;
        match order {
            Order::Cut(Cut::Reset) => {
                reset(client);
                reset(server);
            }
            Order::Cut(Cut::Finish) => {
                tokio::join!(finish(client), finish(server));
            }
            Order::Forget(side) => {
                let (gone, kept) = match side {
                    Side::Client => (client, server),
                    Side::Server => (server, client),
                };
                reset(gone);
                while let Some(Order::Forget(_)) = orders.recv().await {}
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
        // Closed with unread input, a socket sends RST.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, io::Error>(())
    };
    // Whoever does not close in time is reset by the drop.
    let _ = timeout(FINISH_LIMIT, closing).await;
}
