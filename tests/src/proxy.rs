//! A TCP proxy on loopback that does to connections what networks do: delays them, narrows them,
//! freezes them, cuts them, or makes one end forget them.
//!
//! [`Proxy::set`] and its like hold for all connections, those of a [`Connection`] for that one;
//! the worse of both counts. What is buffered on the way is bounded, so a frozen or narrow
//! connection pushes back on whoever writes into it. The same seed gives the same jitter. Nothing
//! here knows what the bytes mean.

mod connection;
mod dice;
mod flow;
mod lane;
#[cfg(test)]
mod tests;

pub use connection::{Connection, Cut, Side};
pub use dice::Dice;
pub use flow::{Conditions, Flow};

use connection::{Order, Wire};
use flow::Sky;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// What the system may buffer of each socket, in bytes; it doubles the number. Its own choice grows
/// to megabytes, behind which no fault would be felt.
const SOCKET_BUFFER: u32 = 32 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// Orders to a connection that wait; more are dropped, for the connection is ending anyway.
const ORDERS: usize = 8;

type Open = Arc<Mutex<BTreeMap<u64, Connection>>>;

/// A proxy in front of one address. Dropping it resets every connection.
pub struct Proxy {
    address: SocketAddr,
    global: watch::Sender<Conditions>,
    open: Open,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy on a free port in front of `upstream`, which need not listen yet: a connection it
    /// refuses is reset. Runs in the runtime this is called in.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(upstream: SocketAddr, seed: u64) -> io::Result<Self> {
        let socket = socket()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let global = watch::Sender::new(Conditions::default());
        let open = Open::default();
        let dice = Dice::new(seed);
        let accepting = accept(listener, upstream, global.clone(), Arc::clone(&open), dice);
        Ok(Self {
            address,
            global,
            open,
            accepting: tokio::spawn(accepting),
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets what holds for all connections, and those to come.
    pub fn set(&self, conditions: Conditions) {
        self.global.send_replace(conditions);
    }

    /// Stops everything: nothing flows, nothing closes, nobody gets through.
    pub fn freeze(&self) {
        self.global.send_modify(|now| now.set_frozen(true));
    }

    /// Ends [`Self::freeze`]; connections frozen one by one stay so.
    pub fn thaw(&self) {
        self.global.send_modify(|now| now.set_frozen(false));
    }

    /// The open connections, oldest first.
    pub fn connections(&self) -> Vec<Connection> {
        lock(&self.open).values().cloned().collect()
    }

    /// Cuts every open connection; returns how many.
    pub fn cut_all(&self, cut: Cut) -> usize {
        let connections = self.connections();
        for connection in &connections {
            connection.cut(cut);
        }
        connections.len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Runs until aborted, which aborts every connection's task.
async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    global: watch::Sender<Conditions>,
    open: Open,
    mut dice: Dice,
) {
    let mut running = JoinSet::new();
    for id in 0.. {
        let client = loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => break client,
                    // Too many open files, or a client that is gone again: the next may do.
                    Err(_) => tokio::task::yield_now().await,
                },
                Some(_) = running.join_next() => {}
            }
        };
        let own = watch::Sender::new(Conditions::default());
        let (orders, order) = mpsc::channel(ORDERS);
        let sky = Sky::new(global.subscribe(), own.subscribe());
        lock(&open).insert(id, Connection::new(id, own, orders));
        let entry = Entry(id, Arc::clone(&open));
        running.spawn(serve(client, upstream, sky, order, dice.fork(), entry));
    }
}

async fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    mut sky: Sky,
    mut orders: mpsc::Receiver<Order>,
    dice: Dice,
    _entry: Entry,
) {
    let mut forget = None;
    let mut connecting = pin!(connection::connect(upstream, sky.clone()));
    let server = loop {
        tokio::select! {
            connected = &mut connecting => break connected,
            Some(order) = orders.recv() => match order {
                Order::Cut(_) => break Err(io::ErrorKind::ConnectionAborted.into()),
                // There is nothing to keep open yet.
                Order::Forget(side) => forget = Some(Order::Forget(side)),
            }
        }
    };
    let Ok(server) = server else {
        return connection::reset(client);
    };
    let mut wire = Wire { client, server };
    let order = if let Some(order) = forget {
        order
    } else {
        tokio::select! {
            Some(order) = orders.recv() => order,
            end = wire.relay(&mut sky, dice) => match end {
                Ok(()) => return,
                Err(_) => Order::Cut(Cut::Reset),
            }
        }
    };
    wire.obey(order, &mut orders).await;
}

/// A connection's place in the list; dropped with its task.
struct Entry(u64, Open);

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.1).remove(&self.0);
    }
}

fn lock(open: &Open) -> MutexGuard<'_, BTreeMap<u64, Connection>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_nodelay(true)?;
    Ok(socket)
}
