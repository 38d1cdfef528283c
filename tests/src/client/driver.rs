//! The task of a device: it drives the link with a socket and one timer.

use super::device::Device;
use super::socket::{Socket, SocketEvent};
use super::{Login, Status};
use std::time::Duration;
use tidings_shared::frame::{Bind, ClientFrame, Heartbeat, ServerFrame};
use tidings_shared::link::{Link, LinkEffect, LinkEvent, Phase};
use tidings_shared::{Moment, Peer};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// The code that a browser reports when there was no close frame.
const ABNORMAL: u16 = 1006;

/// A command to a device.
pub(super) enum Command {
    Write(Peer, String),
    Link(LinkEvent),
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
        let (status, receiver) = watch::channel(status(&link, &device));
        let driver = Self {
            login,
            link,
            device,
            socket: None,
            started: Instant::now(),
            commands,
            status,
        };
        (driver, receiver)
    }

    /// Runs until its handle is dropped. Returns the state of the device.
    pub(super) async fn run(mut self) -> Device {
        self.handle_link_event(LinkEvent::Start);
        loop {
            self.send_due();
            self.publish();
            let deadline = self.deadline();
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return self.device,
                },
                event = next_event(&mut self.socket) => self.handle_socket_event(event),
                () = sleep_until(deadline) => {
                    self.link.handle_timeout(self.now());
                    self.run_effects();
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Write(peer, content) => self.device.write(peer, content),
            Command::Link(event) => self.handle_link_event(event),
            Command::FetchWhole => self.device.fetch_whole(),
        }
    }

    fn handle_socket_event(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.handle_link_event(LinkEvent::Opened),
            SocketEvent::Closed(code) => {
                self.socket = None;
                self.handle_link_event(LinkEvent::Closed(code));
            }
            SocketEvent::Text(text) => {
                self.handle_link_event(LinkEvent::Arrived);
                self.handle_text(&text);
            }
        }
    }

    fn handle_text(&mut self, text: &str) {
        let now = self.now();
        let reply = match ServerFrame::parse(text) {
            Ok(ServerFrame::Bound(bound)) => {
                self.handle_link_event(LinkEvent::Bound(Duration::from_millis(bound.timeout)));
                self.device.bound(*bound)
            }
            Ok(ServerFrame::Heartbeat(interval)) => {
                self.handle_link_event(LinkEvent::Interval(interval));
                None
            }
            Ok(frame) => {
                if let ServerFrame::BindRefused(error) = &frame
                    && let Some(wait) = error.retry()
                {
                    self.handle_link_event(LinkEvent::TryAfter(wait));
                }
                self.device.frame(now, frame)
            }
            Err(error) => {
                self.device.report_violation(format!("{error}: {text}"));
                None
            }
        };
        if let Some(frame) = reply {
            self.send(&frame);
        }
    }

    fn handle_link_event(&mut self, event: LinkEvent) {
        self.link.handle_event(self.now(), event);
        self.run_effects();
    }

    fn run_effects(&mut self) {
        while let Some(effect) = self.link.poll_effect() {
            self.run_effect(effect);
        }
    }

    fn run_effect(&mut self, effect: LinkEffect) {
        match effect {
            LinkEffect::Open => {
                self.socket = Some(Socket::open(self.login.address, &self.login.token));
            }
            LinkEffect::Close => self.socket = None,
            LinkEffect::SendBind => self.send(&ClientFrame::Bind(Bind {
                uid: self.login.uid,
                conversations: true,
                all: false,
                missed: self.link.missed().map(millis),
                token: None,
            })),
            LinkEffect::SendHeartbeat(interval) => self.send(&ClientFrame::Heartbeat(Heartbeat {
                uid: self.login.uid,
                timeout: millis(interval),
            })),
            LinkEffect::Changed => {
                if self.link.phase() != Phase::Live {
                    self.device.disconnected();
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
            self.handle_link_event(LinkEvent::Closed(ABNORMAL));
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
        let deadlines = [self.link.poll_timeout(), self.device.deadline()];
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
        incomplete: device.incomplete.len(),
        whole: device.is_whole(),
        shown: device.shown(),
        figures: device.figures(),
    }
}

fn millis(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)
}

/// The next event of the socket; never returns without a socket. Cancel safe.
async fn next_event(socket: &mut Option<Socket>) -> SocketEvent {
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
