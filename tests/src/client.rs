//! A device of a person, as the page is one: the real [`Link`](tidings_shared::link::Link),
//! [`Timeline`](tidings_shared::timeline::Timeline) and
//! [`Outbox`](tidings_shared::outbox::Outbox) over a native socket.
//!
//! `device` is what it knows and decides, without I/O; `driver` gives it a connection and the time;
//! `socket` is one WebSocket. A device costs two small tasks while it is connected and what its
//! conversations hold, so hundreds of them run in one process.

mod arrivals;
mod device;
mod driver;
mod socket;

pub use device::{Device, Figures};

use anyhow::{Context, Result};
use driver::{Command, Driver};
use std::net::SocketAddr;
use tidings_shared::link::{Cause, Event, Phase};
use tidings_shared::{Peer, UserId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Commands that wait for a device's task, which never waits itself.
const COMMANDS: usize = 64;

/// Whose device it is and where it connects.
#[derive(Debug, Clone)]
pub struct Login {
    /// The server, or a proxy in front of it.
    pub address: SocketAddr,
    /// Who.
    pub uid: UserId,
    /// The bearer token.
    pub token: String,
    /// Tells this device's messages from those of the person's others; printable ASCII.
    pub device: String,
    /// Messages it keeps of a conversation; older ones can be fetched again.
    pub keep: usize,
}

/// How a device stands; see [`Client::until`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Where its connection stands.
    pub phase: Phase,
    /// Times it was connected.
    pub connects: u64,
    /// Why the last connection ended.
    pub last_cause: Option<Cause>,
    /// Messages not answered yet.
    pub pending: usize,
    /// Conversations of which something is missing.
    pub lacking: usize,
    /// Whether it was told to fetch everything; then what is older is missing too.
    pub whole: bool,
    /// The sum of the last places shown, over all conversations.
    pub shown: i64,
    /// What happened so far.
    pub figures: Figures,
}

impl Status {
    /// Connected, with nothing to send and nothing to fetch.
    pub fn is_settled(&self) -> bool {
        self.phase == Phase::Live && self.pending == 0 && self.lacking == 0
    }
}

/// A running device. Dropped, it disconnects and forgets everything.
pub struct Client {
    uid: UserId,
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Status>,
    task: JoinHandle<Device>,
}

impl Client {
    /// Starts a device, which connects and stays connected. The seed spreads its retries in time.
    pub fn start(login: Login, seed: u64) -> Self {
        let (commands, orders) = mpsc::channel(COMMANDS);
        let uid = login.uid;
        let (driver, status) = Driver::new(login, seed, orders);
        Self {
            uid,
            commands,
            status,
            task: tokio::spawn(driver.run()),
        }
    }

    /// Whose device it is.
    pub const fn uid(&self) -> UserId {
        self.uid
    }

    /// Writes a message, which is sent now or when there is a connection.
    ///
    /// # Errors
    /// When the device's task is gone.
    pub async fn write(&self, to: UserId, content: String) -> Result<()> {
        self.write_in(Peer::User(to), content).await
    }

    /// The same, to a user or in a group.
    ///
    /// # Errors
    /// When the device's task is gone.
    pub async fn write_in(&self, conversation: Peer, content: String) -> Result<()> {
        let command = Command::Write(conversation, content);
        self.commands.send(command).await.context("a device ended")
    }

    /// Tells the link what a browser would.
    ///
    /// # Errors
    /// When the device's task is gone.
    pub async fn tell(&self, event: Event) -> Result<()> {
        let command = Command::Tell(event);
        self.commands.send(command).await.context("a device ended")
    }

    /// Fetches every conversation to its first message, as a person would who scrolls up.
    ///
    /// # Errors
    /// When the device's task is gone.
    pub async fn fetch_whole(&self) -> Result<()> {
        let command = Command::FetchWhole;
        self.commands.send(command).await.context("a device ended")
    }

    /// How it stands now.
    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Waits until it stands so; returns how.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`](crate::PATIENCE).
    pub async fn until(&self, stands: impl Fn(&Status) -> bool) -> Result<Status> {
        let mut status = self.status.clone();
        let waiting = status.wait_for(|status| stands(status));
        match timeout(crate::PATIENCE, waiting).await {
            Ok(status) => Ok(*status.context("a device ended")?),
            Err(_) => anyhow::bail!("a device of {} still is {:?}", self.uid, self.status()),
        }
    }

    /// Disconnects it; returns what it knows.
    ///
    /// # Errors
    /// When its task has panicked.
    pub async fn stop(self) -> Result<Device> {
        drop(self.commands);
        self.task.await.context("a device's task")
    }
}
