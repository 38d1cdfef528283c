//! The state machine of a client's connection.

use super::backoff::Backoff;
use crate::close::{self, RetryRule};
use crate::{Moment, limits};
use std::collections::VecDeque;
use std::time::Duration;

/// The most time that opening the socket and binding may take together.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// The most time to the answer of a heartbeat before the connection counts as dead.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// The same for a probe because the page was shown or the network came back: shorter, as the user
/// is looking at the page.
const PROBE_LIMIT: Duration = Duration::from_secs(4);
/// A connection that was live for this long resets the backoff.
const STABLE_AFTER: Duration = Duration::from_secs(20);
/// A timer that fires this much later than its deadline means that the machine slept or the tab was
/// throttled, so a missing answer does not yet prove a dead connection.
const LATE_TIMER: Duration = Duration::from_secs(2);

/// The upper bound of the retry delay that a server may ask for.
const TRY_AFTER_MAX: Duration = Duration::from_mins(5);

/// The state of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not started.
    Idle,
    /// The socket is opening.
    Connecting,
    /// The socket is open, the bind is not answered yet.
    Binding,
    /// Bound: frames flow.
    Live,
    /// The next attempt is made at this moment.
    Waiting(Moment),
    /// Closed; does not reconnect by itself.
    Stopped,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The other end, or the browser, closed it with this code.
    Closed(u16),
    /// It did not open and bind in time.
    ConnectTimeout,
    /// A heartbeat was not answered.
    HeartbeatMissed,
    /// The client closed it, by [`LinkEvent::Stop`].
    Asked,
}

/// An event from the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEvent {
    /// Connect, and stay connected.
    Start,
    /// Close, and stay closed.
    Stop,
    /// The socket is open.
    Opened,
    /// The bind was answered with success; heartbeats start at this interval.
    Bound(Duration),
    /// The server refuses, is about to close, and asks for a retry after this time at the earliest.
    TryAfter(Duration),
    /// The server answered a heartbeat: use this interval from now on.
    Interval(Duration),
    /// A frame of any type arrived. Comes before the event of the frame itself.
    Arrived,
    /// The socket closed with this code (1006: without one).
    Closed(u16),
    /// The system reports that the network is back.
    Online,
    /// The system reports that there is no network.
    Offline,
    /// The page became visible.
    Visible,
    /// The user asked to connect now.
    RetryNow,
}

/// An effect for the driver to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEffect {
    /// Open a socket; close any earlier one and discard its events.
    Open,
    /// Send the bind frame.
    SendBind,
    /// Send a heartbeat frame with this interval.
    SendHeartbeat(Duration),
    /// Close the socket and discard its events.
    Close,
    /// The phase or the network state changed; for the display.
    Changed,
}

/// The client's connection, a [state machine](crate#state-machines).
#[derive(Debug)]
pub struct Link {
    phase: Phase,
    backoff: Backoff,
    interval: Duration,
    network: bool,
    last_arrival: Moment,
    live_since: Moment,
    connect_by: Moment,
    /// The interval of a heartbeat without an answer, until a bind has reported it to the server.
    missed: Option<Duration>,
    /// The outstanding heartbeat was sent after a quiet interval, by a timer that was on time: its
    /// outcome says something about the network.
    regular: bool,
    /// The outstanding heartbeat is a second one, sent because the timer of the first was late.
    reprobed: bool,
    /// The deadline for the answer to an outstanding heartbeat.
    answer_by: Option<Moment>,
    sent_at: Option<Moment>,
    round_trip: Option<Duration>,
    last_cause: Option<Cause>,
    /// The lower bound of the next wait.
    try_after: Duration,
    connects: u64,
    effects: VecDeque<LinkEffect>,
}

impl Link {
    /// A link that does nothing until [`LinkEvent::Start`]. The seed makes the jitter of its
    /// retries.
    pub const fn new(seed: u64) -> Self {
        let zero = Moment::after_origin(Duration::ZERO);
        Self {
            phase: Phase::Idle,
            backoff: Backoff::new(seed),
            interval: limits::HEARTBEAT_START,
            network: true,
            last_arrival: zero,
            live_since: zero,
            connect_by: zero,
            missed: None,
            regular: false,
            reprobed: false,
            answer_by: None,
            sent_at: None,
            round_trip: None,
            last_cause: None,
            try_after: Duration::ZERO,
            connects: 0,
            effects: VecDeque::new(),
        }
    }

    /// Handles an event of the driver.
    pub fn handle_event(&mut self, now: Moment, event: LinkEvent) {
        match event {
            LinkEvent::Start => match self.phase {
                Phase::Idle | Phase::Stopped => {
                    self.backoff.reset();
                    self.open(now);
                }
                _ => {}
            },
            LinkEvent::Stop => {
                if self.has_socket() {
                    self.effects.push_back(LinkEffect::Close);
                }
                self.last_cause = Some(Cause::Asked);
                self.enter(Phase::Stopped);
            }
            LinkEvent::Opened if self.phase == Phase::Connecting => {
                self.enter(Phase::Binding);
                self.effects.push_back(LinkEffect::SendBind);
            }
            LinkEvent::Bound(interval) if self.phase == Phase::Binding => {
                self.interval = interval;
                self.last_arrival = now;
                self.live_since = now;
                self.answer_by = None;
                self.missed = None;
                self.connects += 1;
                self.enter(Phase::Live);
            }
            LinkEvent::Interval(interval) if self.phase == Phase::Live => {
                self.interval = interval;
                if let Some(sent_at) = self.sent_at.take() {
                    self.round_trip = Some(now.since(sent_at));
                }
            }
            LinkEvent::TryAfter(wait) if self.has_socket() => {
                self.try_after = wait.min(TRY_AFTER_MAX);
            }
            LinkEvent::Arrived => {
                self.last_arrival = now;
                self.answer_by = None;
            }
            LinkEvent::Closed(code) if self.has_socket() => {
                let rule = close::retry_rule(code);
                self.end(now, Cause::Closed(code), rule);
            }
            LinkEvent::Online => {
                // Earlier failures were due to the missing network.
                self.backoff.reset();
                self.network = true;
                self.wake(now);
            }
            LinkEvent::Offline => {
                self.network = false;
                self.effects.push_back(LinkEffect::Changed);
                self.wake_if_live(now);
            }
            LinkEvent::Visible => self.wake(now),
            LinkEvent::RetryNow => match self.phase {
                Phase::Stopped => self.open(now),
                _ => self.wake(now),
            },
            LinkEvent::Opened
            | LinkEvent::Bound(_)
            | LinkEvent::TryAfter(_)
            | LinkEvent::Interval(_)
            | LinkEvent::Closed(_) => {}
        }
    }

    /// [`Self::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Moment) {
        let Some(deadline) = self.poll_timeout().filter(|deadline| *deadline <= now) else {
            return;
        };
        match (self.phase, self.answer_by) {
            (Phase::Connecting | Phase::Binding, _) => {
                self.give_up(now, Cause::ConnectTimeout);
            }
            (Phase::Waiting(_), _) => self.open(now),
            (Phase::Live, None) => {
                self.probe(now, ANSWER_LIMIT);
                self.regular = now.since(deadline) < LATE_TIMER;
            }
            // The answer may be unread in the socket buffer because the process slept: probe once
            // more, with the short limit. Only once, because in a hidden tab every timer is late.
            (Phase::Live, Some(_)) if now.since(deadline) >= LATE_TIMER && !self.reprobed => {
                self.probe(now, PROBE_LIMIT);
                self.reprobed = true;
            }
            (Phase::Live, Some(_)) => {
                // Without a network, or off schedule, a miss says nothing about the network's
                // limit.
                self.missed = Some(self.interval).filter(|_| self.regular && self.network);
                self.give_up(now, Cause::HeartbeatMissed);
            }
            (Phase::Idle | Phase::Stopped, _) => {}
        }
    }

    /// The next effect; `None`: all were run.
    pub fn poll_effect(&mut self) -> Option<LinkEffect> {
        self.effects.pop_front()
    }

    /// When to call [`Self::handle_timeout`]; earlier is harmless. `None`: never.
    pub fn poll_timeout(&self) -> Option<Moment> {
        match self.phase {
            Phase::Connecting | Phase::Binding => Some(self.connect_by),
            Phase::Live => Some(self.answer_by.unwrap_or(self.last_arrival + self.interval)),
            Phase::Waiting(until) => Some(until),
            Phase::Idle | Phase::Stopped => None,
        }
    }

    /// The state of the connection.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the system reports a network.
    pub const fn network(&self) -> bool {
        self.network
    }

    /// The heartbeat interval in use.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Round-trip time of the last answered heartbeat.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The deadline for the answer to an outstanding heartbeat; `None`: none is outstanding.
    pub const fn answer_by(&self) -> Option<Moment> {
        self.answer_by
    }

    /// The interval of a heartbeat without an answer, to be reported in the next bind.
    pub const fn missed(&self) -> Option<Duration> {
        self.missed
    }

    /// Why the last connection ended.
    pub const fn last_cause(&self) -> Option<Cause> {
        self.last_cause
    }

    /// How many times this link became live.
    pub const fn connects(&self) -> u64 {
        self.connects
    }

    const fn has_socket(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Binding | Phase::Live)
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.effects.push_back(LinkEffect::Changed);
    }

    fn open(&mut self, now: Moment) {
        self.connect_by = now + CONNECT_LIMIT;
        self.answer_by = None;
        self.sent_at = None;
        self.try_after = Duration::ZERO;
        self.effects.push_back(LinkEffect::Open);
        self.enter(Phase::Connecting);
    }

    fn end(&mut self, now: Moment, cause: Cause, rule: RetryRule) {
        self.last_cause = Some(cause);
        if self.phase == Phase::Live && now.since(self.live_since) >= STABLE_AFTER {
            self.backoff.reset();
        }
        match rule {
            RetryRule::Never => self.enter(Phase::Stopped),
            RetryRule::Backoff => {
                let until = now + self.backoff.next_wait().max(self.try_after);
                self.enter(Phase::Waiting(until));
            }
        }
    }

    fn give_up(&mut self, now: Moment, cause: Cause) {
        self.effects.push_back(LinkEffect::Close);
        self.end(now, cause, RetryRule::Backoff);
    }

    fn probe(&mut self, now: Moment, limit: Duration) {
        self.answer_by = Some(now + limit);
        self.sent_at = Some(now);
        self.regular = false;
        self.reprobed = false;
        self.effects
            .push_back(LinkEffect::SendHeartbeat(self.interval));
    }

    /// Reconnects at once if waiting, or probes if live. An attempt that is under way may hang on a
    /// network that is gone, so its deadline is at most that of a probe.
    fn wake(&mut self, now: Moment) {
        match self.phase {
            Phase::Waiting(_) => self.open(now),
            Phase::Connecting | Phase::Binding => {
                self.connect_by = self.connect_by.min(now + PROBE_LIMIT);
            }
            _ => self.wake_if_live(now),
        }
    }

    fn wake_if_live(&mut self, now: Moment) {
        let probe_deadline = now + PROBE_LIMIT;
        if self.phase == Phase::Live && self.answer_by.is_none_or(|by| by > probe_deadline) {
            self.probe(now, PROBE_LIMIT);
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
