//! A TCP proxy on loopback with the faults of networks: it delays connections, limits their
//! bandwidth, freezes them, cuts them, or resets one end only (half-open).
//!
//! [`Proxy::set`] and similar methods apply to all connections, those of a [`Connection`] to one;
//! both apply together. The buffers are bounded, so a frozen or limited connection exerts
//! backpressure on its writer. The same seed gives the same jitter. The proxy does not interpret
//! the bytes.

mod connection;
mod flow;
mod relay;
mod rng;
#[cfg(test)]
mod tests;

pub use connection::{Connection, Cut, Side};
pub use flow::{Conditions, Flow};
pub use rng::Rng;

use connection::{Command, Wire};
use flow::ConditionsWatch;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// The buffer size of each socket in bytes, which Linux doubles. By default buffers grow to
/// megabytes and would hide the faults.
const SOCKET_BUFFER: u32 = 32 * 1024;
/// The backlog of connections to accept.
const BACKLOG: u32 = 1024;
/// Queued commands of a connection. More are dropped, because the connection is ending anyway.
const COMMANDS: usize = 8;

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
        let rng = Rng::new(seed);
        let accepting = accept(listener, upstream, global.clone(), Arc::clone(&open), rng);
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

    /// Sets the conditions of all connections, present and future.
    pub fn set(&self, conditions: Conditions) {
        self.global.send_replace(conditions);
    }

    /// Freezes everything: no bytes pass, and no connection opens or closes.
    pub fn freeze(&self) {
        self.global.send_modify(|now| now.set_frozen(true));
    }

    /// Ends [`Self::freeze`]. Connections that were frozen separately stay frozen.
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
    mut rng: Rng,
) {
    let mut running = JoinSet::new();
    for id in 0.. {
        let client = loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => break client,
                    // Too many open files, or the client is gone already: try the next one.
                    Err(_) => tokio::task::yield_now().await,
                },
                Some(_) = running.join_next() => {}
            }
        };
        let local = watch::Sender::new(Conditions::default());
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let conditions = ConditionsWatch::new(global.subscribe(), local.subscribe());
        lock(&open).insert(id, Connection::new(id, local, commands));
        let entry = Entry(id, Arc::clone(&open));
        running.spawn(serve(
            client,
            upstream,
            conditions,
            receiver,
            rng.fork(),
            entry,
        ));
    }
}

async fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    mut conditions: ConditionsWatch,
    mut commands: mpsc::Receiver<Command>,
    rng: Rng,
    _entry: Entry,
) {
    let mut forget = None;
    let mut connecting = pin!(connection::connect(upstream, conditions.clone()));
    let server = loop {
        tokio::select! {
            connected = &mut connecting => break connected,
            Some(command) = commands.recv() => match command {
                Command::Cut(_) => break Err(io::ErrorKind::ConnectionAborted.into()),
                // There is no server connection yet: forget the side once there is.
                Command::Forget(side) => forget = Some(Command::Forget(side)),
            }
        }
    };
    let Ok(server) = server else {
        return connection::reset(client);
    };
    let mut wire = Wire { client, server };
    let command = if let Some(command) = forget {
        command
    } else {
        tokio::select! {
            Some(command) = commands.recv() => command,
            end = wire.relay(&mut conditions, rng) => match end {
                Ok(()) => return,
                Err(_) => Command::Cut(Cut::Reset),
            }
        }
    };
    wire.execute(command, &mut commands).await;
}

/// Removes a connection from the list of open ones when its task is dropped.
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
