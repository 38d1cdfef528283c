//! A device of a person, like the page: the real [`Link`](tidings_shared::link::Link),
//! [`Timeline`](tidings_shared::timeline::Timeline) and
//! [`Outbox`](tidings_shared::outbox::Outbox) over a native socket.
//!
//! `device` holds its state and decisions, without I/O; `driver` gives it a connection and the
//! time; `socket` is one WebSocket. A connected device costs two small tasks and the messages of
//! its conversations, so hundreds of them run in one process.

mod arrivals;
mod device;
mod driver;
mod socket;

pub use device::{Device, Figures};

use anyhow::{Context, Result};
use driver::{Command, Driver};
use std::net::SocketAddr;
use tidings_shared::link::{Cause, LinkEvent, Phase};
use tidings_shared::{Peer, UserId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The capacity of a device's command queue. Its task never blocks.
const COMMANDS: usize = 64;

/// The user of a device, and where it connects.
#[derive(Debug, Clone)]
pub struct Login {
    /// The server, or a proxy in front of it.
    pub address: SocketAddr,
    /// The user.
    pub uid: UserId,
    /// The bearer token.
    pub token: String,
    /// Distinguishes the messages of this device from those of the user's others; printable ASCII.
    pub device: String,
    /// Messages it keeps of a conversation; older ones can be fetched again.
    pub keep: usize,
}

/// The status of a device; see [`Client::until`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The phase of its connection.
    pub phase: Phase,
    /// Times it was connected.
    pub connects: u64,
    /// Why the last connection ended.
    pub last_cause: Option<Cause>,
    /// Messages not answered yet.
    pub pending: usize,
    /// Conversations of which something is missing.
    pub incomplete: usize,
    /// Whether it fetches all history; then older messages count as missing too.
    pub whole: bool,
    /// The sum of the last `seq` shown, over all conversations.
    pub shown: i64,
    /// Counts of what happened so far.
    pub figures: Figures,
}

impl Status {
    /// Connected, with nothing to send and nothing to fetch.
    pub fn is_settled(&self) -> bool {
        self.phase == Phase::Live && self.pending == 0 && self.incomplete == 0
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
    /// Starts a device, which connects and stays connected. The seed is for the jitter of its
    /// retries.
    pub fn start(login: Login, seed: u64) -> Self {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let uid = login.uid;
        let (driver, status) = Driver::new(login, seed, receiver);
        Self {
            uid,
            commands,
            status,
            task: tokio::spawn(driver.run()),
        }
    }

    /// The user of the device.
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

    /// Notifies the link of an event, as a browser would.
    ///
    /// # Errors
    /// When the device's task is gone.
    pub async fn notify(&self, event: LinkEvent) -> Result<()> {
        let command = Command::Link(event);
        self.commands.send(command).await.context("a device ended")
    }

    /// Fetches every conversation down to its first message, like a person who scrolls up.
    ///
    /// # Errors
    /// When the device's task is gone.
    pub async fn fetch_whole(&self) -> Result<()> {
        let command = Command::FetchWhole;
        self.commands.send(command).await.context("a device ended")
    }

    /// The current status.
    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Waits until the status satisfies a condition. Returns the status.
    ///
    /// # Errors
    /// When it does not within [`TEST_TIMEOUT`](crate::TEST_TIMEOUT).
    pub async fn until(&self, condition: impl Fn(&Status) -> bool) -> Result<Status> {
        let mut status = self.status.clone();
        let waiting = status.wait_for(|status| condition(status));
        match timeout(crate::TEST_TIMEOUT, waiting).await {
            Ok(status) => Ok(*status.context("a device ended")?),
            Err(_) => anyhow::bail!("a device of {} still is {:?}", self.uid, self.status()),
        }
    }

    /// Disconnects the device. Returns its state.
    ///
    /// # Errors
    /// When its task has panicked.
    pub async fn stop(self) -> Result<Device> {
        drop(self.commands);
        self.task.await.context("a device's task")
    }
}
