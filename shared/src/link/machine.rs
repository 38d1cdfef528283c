//! The state machine of a client's connection.

use super::backoff::Backoff;
use crate::close::{self, RetryRule};
use crate::{Moment, limits};
use std::time::Duration;

/// Opening the socket and binding may take so long together.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// How long the answer to a heartbeat may take before the connection counts as dead.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// The same for a probe made because the page was shown or the network came back: the person is
/// looking.
const PROBE_LIMIT: Duration = Duration::from_secs(4);
/// A connection that lived so long resets the backoff.
const STABLE_AFTER: Duration = Duration::from_secs(20);
/// A timer that runs so much later than asked means that the machine slept or the tab was
/// throttled, so that a missed answer proves nothing yet.
const LATE_TIMER: Duration = Duration::from_secs(2);

/// The longest time for which a server is taken at its word when it asks not to be tried again.
const TRY_AFTER_MAX: Duration = Duration::from_mins(5);

/// Where the connection stands.
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
    /// Not coming back by itself.
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
    /// The client asked for it.
    Asked,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Connect, and stay connected.
    Start,
    /// Close, and stay closed.
    Stop,
    /// The socket is open.
    Opened,
    /// The bind was answered with success; heartbeats start at this interval.
    Bound(Duration),
    /// The server refuses, is about to close, and asks not to be tried again before so long.
    TryAfter(Duration),
    /// The server answered a heartbeat: use this interval from now on.
    Interval(Duration),
    /// A frame arrived, of whatever type. Comes before the event the frame itself makes.
    Arrived,
    /// The socket closed with this code (1006: without any).
    Closed(u16),
    /// [`Link::deadline`] has come.
    Timer,
    /// The system says the network is there (again).
    Online,
    /// The system says the network is gone.
    Offline,
    /// The page was shown (again).
    Visible,
    /// The person asked to try now.
    RetryNow,
}

/// What the driver shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Open a socket; any earlier one is closed and its events are not passed on.
    Open,
    /// Send the bind frame.
    SendBind,
    /// Send a heartbeat frame that names this interval.
    SendHeartbeat(Duration),
    /// Close the socket and pass none of its events on.
    Close,
    /// The phase changed; for displays.
    Changed,
}

/// The client's connection. Call [`Self::handle`] with each event, do the effects it returns in
/// their order, and wait until [`Self::deadline`].
#[derive(Debug)]
pub struct Link {
    phase: Phase,
    backoff: Backoff,
    interval: Duration,
    network: bool,
    last_arrival: Moment,
    live_since: Moment,
    connect_by: Moment,
    /// The interval of a heartbeat that had no answer, until the server was told.
    missed: Option<Duration>,
    /// The outstanding heartbeat was sent because the connection was quiet for the interval, on a
    /// timer that was on time: what comes of it tells about the network.
    regular: bool,
    /// The outstanding heartbeat is the second one, sent because the timer of the first was late.
    asked_again: bool,
    /// By when the answer to an outstanding heartbeat must have come.
    answer_by: Option<Moment>,
    sent_at: Option<Moment>,
    round_trip: Option<Duration>,
    last_cause: Option<Cause>,
    /// The next wait is no shorter.
    try_after: Duration,
    connects: u64,
}

impl Link {
    /// A link that does nothing until [`Event::Start`]. The seed spreads its retries in time.
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
            asked_again: false,
            answer_by: None,
            sent_at: None,
            round_trip: None,
            last_cause: None,
            try_after: Duration::ZERO,
            connects: 0,
        }
    }

    /// Takes an event; what to do about it is appended to `effects`.
    pub fn handle(&mut self, now: Moment, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Start => match self.phase {
                Phase::Idle | Phase::Stopped => {
                    self.backoff.reset();
                    self.open(now, effects);
                }
                _ => {}
            },
            Event::Stop => {
                if self.has_socket() {
                    effects.push(Effect::Close);
                }
                self.last_cause = Some(Cause::Asked);
                self.enter(Phase::Stopped, effects);
            }
            Event::Opened if self.phase == Phase::Connecting => {
                self.enter(Phase::Binding, effects);
                effects.push(Effect::SendBind);
            }
            Event::Bound(interval) if self.phase == Phase::Binding => {
                self.interval = interval;
                self.last_arrival = now;
                self.live_since = now;
                self.answer_by = None;
                self.missed = None;
                self.connects += 1;
                self.enter(Phase::Live, effects);
            }
            Event::Interval(interval) if self.phase == Phase::Live => {
                self.interval = interval;
                if let Some(sent_at) = self.sent_at.take() {
                    self.round_trip = Some(now.since(sent_at));
                }
            }
            Event::TryAfter(wait) if self.has_socket() => {
                self.try_after = wait.min(TRY_AFTER_MAX);
            }
            Event::Arrived => {
                self.last_arrival = now;
                self.answer_by = None;
            }
            Event::Closed(code) if self.has_socket() => {
                let rule = close::retry_rule(code);
                self.end(now, Cause::Closed(code), rule, effects);
            }
            Event::Timer => self.run_timer(now, effects),
            Event::Online => {
                // What failed before failed for want of a network.
                self.backoff.reset();
                self.network = true;
                self.wake(now, effects);
            }
            Event::Offline => {
                self.network = false;
                effects.push(Effect::Changed);
                self.wake_if_live(now, effects);
            }
            Event::Visible => self.wake(now, effects),
            Event::RetryNow => match self.phase {
                Phase::Stopped => self.open(now, effects),
                _ => self.wake(now, effects),
            },
            Event::Opened
            | Event::Bound(_)
            | Event::TryAfter(_)
            | Event::Interval(_)
            | Event::Closed(_) => {}
        }
    }

    /// When to call with [`Event::Timer`]; earlier is harmless. `None`: nothing is due.
    pub fn deadline(&self) -> Option<Moment> {
        match self.phase {
            Phase::Connecting | Phase::Binding => Some(self.connect_by),
            Phase::Live => Some(self.answer_by.unwrap_or(self.last_arrival + self.interval)),
            Phase::Waiting(until) => Some(until),
            Phase::Idle | Phase::Stopped => None,
        }
    }

    /// Where the connection stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the system says there is a network.
    pub const fn network(&self) -> bool {
        self.network
    }

    /// The heartbeat interval in use.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// From the last heartbeat to its answer.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// By when the answer to an outstanding heartbeat must have come; `None`: none is awaited.
    pub const fn answer_by(&self) -> Option<Moment> {
        self.answer_by
    }

    /// The interval at which a heartbeat had no answer, to be told with the next bind.
    pub const fn missed(&self) -> Option<Duration> {
        self.missed
    }

    /// Why the last connection ended.
    pub const fn last_cause(&self) -> Option<Cause> {
        self.last_cause
    }

    /// Times this link became live.
    pub const fn connects(&self) -> u64 {
        self.connects
    }

    const fn has_socket(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Binding | Phase::Live)
    }

    fn enter(&mut self, phase: Phase, effects: &mut Vec<Effect>) {
        self.phase = phase;
        effects.push(Effect::Changed);
    }

    fn open(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.connect_by = now + CONNECT_LIMIT;
        self.answer_by = None;
        self.sent_at = None;
        self.try_after = Duration::ZERO;
        effects.push(Effect::Open);
        self.enter(Phase::Connecting, effects);
    }

    fn end(&mut self, now: Moment, cause: Cause, rule: RetryRule, effects: &mut Vec<Effect>) {
        self.last_cause = Some(cause);
        if self.phase == Phase::Live && now.since(self.live_since) >= STABLE_AFTER {
            self.backoff.reset();
        }
        match rule {
            RetryRule::Never => self.enter(Phase::Stopped, effects),
            RetryRule::Backoff => {
                let until = now + self.backoff.next_wait().max(self.try_after);
                self.enter(Phase::Waiting(until), effects);
            }
        }
    }

    fn give_up(&mut self, now: Moment, cause: Cause, effects: &mut Vec<Effect>) {
        effects.push(Effect::Close);
        self.end(now, cause, RetryRule::Backoff, effects);
    }

    fn probe(&mut self, now: Moment, limit: Duration, effects: &mut Vec<Effect>) {
        self.answer_by = Some(now + limit);
        self.sent_at = Some(now);
        self.regular = false;
        self.asked_again = false;
        effects.push(Effect::SendHeartbeat(self.interval));
    }

    fn run_timer(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(deadline) = self.deadline().filter(|deadline| *deadline <= now) else {
            return;
        };
        match (self.phase, self.answer_by) {
            (Phase::Connecting | Phase::Binding, _) => {
                self.give_up(now, Cause::ConnectTimeout, effects);
            }
            (Phase::Waiting(_), _) => self.open(now, effects),
            (Phase::Live, None) => {
                self.probe(now, ANSWER_LIMIT, effects);
                self.regular = now.since(deadline) < LATE_TIMER;
            }
            // The answer may lie unread in a socket this sleeping process did not look at: ask
            // once more, with little patience. Only once: in a hidden tab every timer is late.
            (Phase::Live, Some(_)) if now.since(deadline) >= LATE_TIMER && !self.asked_again => {
                self.probe(now, PROBE_LIMIT, effects);
                self.asked_again = true;
            }
            (Phase::Live, Some(_)) => {
                // A device without any network learns nothing about it.
                self.missed = Some(self.interval).filter(|_| self.regular && self.network);
                self.give_up(now, Cause::HeartbeatMissed, effects);
            }
            (Phase::Idle | Phase::Stopped, _) => {}
        }
    }

    /// Something suggests that now is a good moment: connect at once, or probe. An attempt that is
    /// under way may hang in a network that is gone, so it gets no longer than a probe.
    fn wake(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        match self.phase {
            Phase::Waiting(_) => self.open(now, effects),
            Phase::Connecting | Phase::Binding => {
                self.connect_by = self.connect_by.min(now + PROBE_LIMIT);
            }
            _ => self.wake_if_live(now, effects),
        }
    }

    fn wake_if_live(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let patience = now + PROBE_LIMIT;
        if self.phase == Phase::Live && self.answer_by.is_none_or(|by| by > patience) {
            self.probe(now, PROBE_LIMIT, effects);
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
