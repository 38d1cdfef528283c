//! The task of a device: drives its link with a socket and one timer.

use super::device::Device;
use super::socket::{Socket, SocketEvent};
use super::{Login, Status};
use std::time::Duration;
use tidings_shared::frame::{Bind, ClientFrame, Heartbeat, ServerFrame};
use tidings_shared::link::{Effect, Event, Link, Phase};
use tidings_shared::{Moment, Peer};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// What a browser reports when there was no close frame.
const ABNORMAL: u16 = 1006;

/// What a device is told from outside.
pub(super) enum Command {
    Write(Peer, String),
    Tell(Event),
    FetchWhole,
}

pub(super) struct Driver {
    login: Login,
    link: Link,
    device: Device,
    socket: Option<Socket>,
    started: Instant,
    commands: mpsc::Receiver<Command>,
    status: watch::Sender<Status>,
}

impl Driver {
    pub(super) fn new(
        login: Login,
        seed: u64,
        commands: mpsc::Receiver<Command>,
    ) -> (Self, watch::Receiver<Status>) {
        let link = Link::new(seed);
        let device = Device::new(login.uid, login.device.clone(), login.keep);
        let (status, watching) = watch::channel(status(&link, &device));
        let driver = Self {
            login,
            link,
            device,
            socket: None,
            started: Instant::now(),
            commands,
            status,
        };
        (driver, watching)
    }

    /// Until its handle is dropped; returns what the device knows.
    pub(super) async fn run(mut self) -> Device {
        self.tell(Event::Start);
        loop {
            self.send_due();
            self.publish();
            let deadline = self.deadline();
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return self.device,
                },
                heard = heard(&mut self.socket) => self.heard(heard),
                () = sleep_until(deadline) => self.tell(Event::Timer),
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Write(peer, content) => self.device.write(peer, content),
            Command::Tell(event) => self.tell(event),
            Command::FetchWhole => self.device.fetch_whole(),
        }
    }

    fn heard(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.tell(Event::Opened),
            SocketEvent::Closed(code) => {
                self.socket = None;
                self.tell(Event::Closed(code));
            }
            SocketEvent::Text(text) => {
                self.tell(Event::Arrived);
                self.arrived(&text);
            }
        }
    }

    fn arrived(&mut self, text: &str) {
        let now = self.now();
        let asks = match ServerFrame::parse(text) {
            Ok(ServerFrame::Bound(bound)) => {
                self.tell(Event::Bound(Duration::from_millis(bound.timeout)));
                self.device.bound(*bound)
            }
            Ok(ServerFrame::Heartbeat(interval)) => {
                self.tell(Event::Interval(interval));
                None
            }
            Ok(frame) => {
                if let ServerFrame::BindRefused(error) = &frame
                    && let Some(wait) = error.retry()
                {
                    self.tell(Event::TryAfter(wait));
                }
                self.device.frame(now, frame)
            }
            Err(error) => {
                self.device.complain(format!("{error}: {text}"));
                None
            }
        };
        if let Some(frame) = asks {
            self.send(&frame);
        }
    }

    fn tell(&mut self, event: Event) {
        let mut effects = Vec::new();
        self.link.handle(self.now(), event, &mut effects);
        for effect in effects {
            self.run_effect(effect);
        }
    }

    fn run_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Open => {
                self.socket = Some(Socket::open(self.login.address, &self.login.token));
            }
            Effect::Close => self.socket = None,
            Effect::SendBind => self.send(&ClientFrame::Bind(Bind {
                uid: self.login.uid,
                conversations: true,
                all: false,
                missed: self.link.missed().map(millis),
                token: None,
            })),
            Effect::SendHeartbeat(interval) => self.send(&ClientFrame::Heartbeat(Heartbeat {
                uid: self.login.uid,
                timeout: millis(interval),
            })),
            Effect::Changed => {
                if self.link.phase() != Phase::Live {
                    self.device.unlinked();
                }
            }
        }
    }

    fn send_due(&mut self) {
        for frame in self.device.due(self.now()) {
            self.send(&frame);
        }
    }

    fn send(&mut self, frame: &ClientFrame) {
        let Some(socket) = &self.socket else { return };
        if !socket.send(frame.to_json()) {
            self.socket = None;
            self.tell(Event::Closed(ABNORMAL));
        }
    }

    fn publish(&self) {
        let status = status(&self.link, &self.device);
        self.status.send_if_modified(|before| {
            let modified = *before != status;
            *before = status;
            modified
        });
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.link.deadline(), self.device.deadline()];
        let earliest = deadlines.into_iter().flatten().min()?;
        Some(self.started + earliest.since(Moment::default()))
    }

    fn now(&self) -> Moment {
        Moment::after_origin(self.started.elapsed())
    }
}

fn status(link: &Link, device: &Device) -> Status {
    Status {
        phase: link.phase(),
        connects: link.connects(),
        last_cause: link.last_cause(),
        pending: device.pending(),
        lacking: device.lacking.len(),
        whole: device.is_whole(),
        shown: device.shown(),
        figures: device.figures(),
    }
}

fn millis(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)
}

/// Waits for ever without a socket. Cancel safe.
async fn heard(socket: &mut Option<Socket>) -> SocketEvent {
    match socket {
        Some(socket) => socket.event().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
