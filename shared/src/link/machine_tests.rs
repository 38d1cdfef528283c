use super::*;

/// A link and its clock.
struct Driver {
    link: Link,
    now: Moment,
}

impl Driver {
    fn new() -> Self {
        Self {
            link: Link::new(7),
            now: Moment::after_origin(Duration::ZERO),
        }
    }

    fn live() -> Self {
        let mut driver = Self::new();
        driver.send(LinkEvent::Start);
        driver.send(LinkEvent::Opened);
        driver.send(LinkEvent::Bound(limits::HEARTBEAT_START));
        driver
    }

    fn send(&mut self, event: LinkEvent) -> Vec<LinkEffect> {
        self.link.handle_event(self.now, event);
        self.effects()
    }

    fn effects(&mut self) -> Vec<LinkEffect> {
        std::iter::from_fn(|| self.link.poll_effect()).collect()
    }

    fn fire(&mut self) -> Vec<LinkEffect> {
        self.link.handle_timeout(self.now);
        self.effects()
    }

    fn fire_after(&mut self, seconds: u64) -> Vec<LinkEffect> {
        self.now = self.now + Duration::from_secs(seconds);
        self.fire()
    }

    fn send_after(&mut self, seconds: u64, event: LinkEvent) -> Vec<LinkEffect> {
        self.now = self.now + Duration::from_secs(seconds);
        self.send(event)
    }

    /// Advances the clock to the deadline and fires the timer.
    fn at_deadline(&mut self) -> Vec<LinkEffect> {
        self.now = self.link.poll_timeout().expect("something is due");
        self.fire()
    }
}

const HEARTBEAT: LinkEffect = LinkEffect::SendHeartbeat(limits::HEARTBEAT_START);

#[test]
fn a_start_opens_binds_and_goes_live() {
    let mut driver = Driver::new();
    assert_eq!(
        driver.send(LinkEvent::Start),
        [LinkEffect::Open, LinkEffect::Changed]
    );
    assert_eq!(driver.send(LinkEvent::Start), []);
    assert_eq!(
        driver.send(LinkEvent::Opened),
        [LinkEffect::Changed, LinkEffect::SendBind]
    );
    driver.send(LinkEvent::Bound(Duration::from_secs(30)));
    assert_eq!(driver.link.phase(), Phase::Live);
    assert_eq!(driver.link.interval(), Duration::from_secs(30));
}

#[test]
fn a_socket_that_does_not_open_and_bind_in_time_is_given_up() {
    let mut driver = Driver::new();
    driver.send(LinkEvent::Start);
    driver.send_after(3, LinkEvent::Opened);
    assert_eq!(driver.at_deadline()[0], LinkEffect::Close);
    assert_eq!(driver.now, Moment::after_origin(CONNECT_LIMIT));
    assert_eq!(driver.link.last_cause(), Some(Cause::ConnectTimeout));
    assert!(matches!(driver.link.phase(), Phase::Waiting(_)));
}

#[test]
fn any_frame_defers_the_heartbeat_its_answer_sets_the_interval() {
    let mut driver = Driver::live();
    driver.send_after(44, LinkEvent::Arrived);
    assert_eq!(driver.fire_after(44), []);
    assert_eq!(driver.fire_after(1), [HEARTBEAT]);
    driver.send_after(1, LinkEvent::Arrived);
    driver.send(LinkEvent::Interval(Duration::from_mins(1)));
    assert_eq!(driver.link.round_trip(), Some(Duration::from_secs(1)));
    assert_eq!(
        driver.link.poll_timeout(),
        Some(driver.now + Duration::from_mins(1))
    );
}

#[test]
fn an_unanswered_heartbeat_closes_and_reconnects() {
    let mut driver = Driver::live();
    assert_eq!(driver.at_deadline(), [HEARTBEAT]);
    assert_eq!(driver.at_deadline()[0], LinkEffect::Close);
    assert_eq!(driver.link.last_cause(), Some(Cause::HeartbeatMissed));
    assert_eq!(
        driver.at_deadline(),
        [LinkEffect::Open, LinkEffect::Changed]
    );
}

#[test]
fn only_a_regular_heartbeat_is_reported_missed_at_the_next_bind() {
    let mut driver = Driver::live();
    driver.at_deadline();
    driver.at_deadline();
    assert_eq!(driver.link.missed(), Some(limits::HEARTBEAT_START));
    driver.at_deadline();
    driver.send(LinkEvent::Opened);
    driver.send(LinkEvent::Bound(limits::HEARTBEAT_START));
    assert_eq!(driver.link.missed(), None);

    let mut shown = Driver::live();
    shown.send(LinkEvent::Visible);
    shown.at_deadline();
    let mut late = Driver::live();
    late.fire_after(3_600);
    late.at_deadline();
    let mut offline = Driver::live();
    offline.at_deadline();
    offline.send(LinkEvent::Offline);
    offline.at_deadline();
    for driver in [shown, late, offline] {
        assert_eq!(driver.link.last_cause(), Some(Cause::HeartbeatMissed));
        assert_eq!(driver.link.missed(), None);
    }
}

#[test]
fn a_late_timer_probes_once_more_before_giving_up() {
    let mut driver = Driver::live();
    driver.at_deadline();
    assert_eq!(driver.fire_after(3_600), [HEARTBEAT]);
    assert_eq!(driver.fire(), []);
    assert_eq!(driver.at_deadline()[0], LinkEffect::Close);
}

#[test]
fn always_late_timers_still_detect_a_dead_connection() {
    let mut driver = Driver::live();
    assert_eq!(driver.fire_after(60), [HEARTBEAT]);
    assert_eq!(driver.fire_after(60), [HEARTBEAT]);
    assert_eq!(driver.fire_after(60)[0], LinkEffect::Close);
    assert_eq!(driver.link.last_cause(), Some(Cause::HeartbeatMissed));
}

#[test]
fn a_page_shown_again_probes_once_at_once() {
    let mut driver = Driver::live();
    assert_eq!(driver.send_after(5, LinkEvent::Visible), [HEARTBEAT]);
    assert_eq!(driver.send(LinkEvent::Visible), []);
    assert_eq!(driver.send(LinkEvent::Online), []);
    assert_eq!(driver.link.poll_timeout(), Some(driver.now + PROBE_LIMIT));
    driver.send(LinkEvent::Arrived);
    assert_eq!(
        driver.link.poll_timeout(),
        Some(driver.now + limits::HEARTBEAT_START)
    );
}

#[test]
fn a_waiting_link_reconnects_at_once_on_online_visible_or_retry() {
    for event in [LinkEvent::Online, LinkEvent::Visible, LinkEvent::RetryNow] {
        let mut driver = Driver::live();
        driver.send(LinkEvent::Closed(1006));
        assert_eq!(
            driver.send(event),
            [LinkEffect::Open, LinkEffect::Changed],
            "{event:?}"
        );
    }
}

#[test]
fn the_close_code_decides_whether_to_reconnect() {
    for (code, comes_back) in [
        (1001, true),
        (1006, true),
        (4000, true),
        (4003, true),
        (4500, false),
        (4503, false),
    ] {
        let mut driver = Driver::live();
        driver.send(LinkEvent::Closed(code));
        assert_eq!(
            matches!(driver.link.phase(), Phase::Waiting(_)),
            comes_back,
            "{code}"
        );
        assert_eq!(driver.link.phase() == Phase::Stopped, !comes_back, "{code}");
    }
}

#[test]
fn only_a_stable_connection_resets_the_backoff() {
    let mut driver = Driver::live();
    for _ in 0..5 {
        driver.send_after(1, LinkEvent::Closed(1006));
        driver.at_deadline();
        driver.send(LinkEvent::Opened);
        driver.send(LinkEvent::Bound(limits::HEARTBEAT_START));
    }
    assert_eq!(driver.link.backoff.failures(), 5);
    driver.send_after(STABLE_AFTER.as_secs(), LinkEvent::Closed(1006));
    assert_eq!(driver.link.backoff.failures(), 1);
}

#[test]
fn events_of_a_closed_socket_are_ignored() {
    let mut driver = Driver::live();
    driver.send(LinkEvent::Closed(1006));
    let phase = driver.link.phase();
    for event in [
        LinkEvent::Opened,
        LinkEvent::Bound(Duration::from_secs(1)),
        LinkEvent::Closed(4500),
    ] {
        assert_eq!(driver.send(event), []);
        assert_eq!(driver.link.phase(), phase);
    }
}

#[test]
fn a_stopped_link_stays_stopped_until_it_is_started() {
    let mut driver = Driver::live();
    assert_eq!(
        driver.send(LinkEvent::Stop),
        [LinkEffect::Close, LinkEffect::Changed]
    );
    assert_eq!(driver.link.poll_timeout(), None);
    assert_eq!(driver.send(LinkEvent::Online), []);
    assert_eq!(
        driver.send(LinkEvent::Start),
        [LinkEffect::Open, LinkEffect::Changed]
    );
}

#[test]
fn a_wake_limits_a_hanging_attempt_to_the_probe_limit() {
    for event in [LinkEvent::Online, LinkEvent::Visible, LinkEvent::RetryNow] {
        let mut driver = Driver::new();
        driver.send(LinkEvent::Start);
        driver.send_after(2, event);
        assert_eq!(driver.link.poll_timeout(), Some(driver.now + PROBE_LIMIT));
        driver.send_after(2, event);
        let gives_up_at = driver.now + PROBE_LIMIT.saturating_sub(Duration::from_secs(2));
        assert_eq!(
            driver.link.poll_timeout(),
            Some(gives_up_at),
            "{event:?} again puts nothing off"
        );
        assert_eq!(driver.at_deadline()[0], LinkEffect::Close);
    }
}

#[test]
fn an_online_event_resets_the_backoff() {
    let mut driver = Driver::live();
    for _ in 0..8 {
        driver.send(LinkEvent::Closed(1006));
        driver.at_deadline();
    }
    driver.send(LinkEvent::Online);
    driver.send(LinkEvent::Closed(1006));
    assert_eq!(driver.link.backoff.failures(), 1);
}

#[test]
fn try_after_of_the_server_delays_the_next_attempt_once() {
    let wait = Duration::from_secs(40);
    let mut driver = Driver::new();
    driver.send(LinkEvent::Start);
    driver.send(LinkEvent::Opened);
    driver.send(LinkEvent::TryAfter(wait));
    driver.send(LinkEvent::Closed(4003));
    // Longer than the longest backoff.
    assert_eq!(driver.link.phase(), Phase::Waiting(driver.now + wait));
    assert_eq!(
        driver.at_deadline(),
        [LinkEffect::Open, LinkEffect::Changed]
    );
    driver.send(LinkEvent::Closed(1006));
    let Phase::Waiting(until) = driver.link.phase() else {
        panic!("it comes back");
    };
    assert!(until < driver.now + wait, "it was for one wait only");
    driver.send(LinkEvent::RetryNow);
    driver.send(LinkEvent::TryAfter(Duration::MAX));
    driver.send(LinkEvent::Closed(4003));
    assert_eq!(
        driver.link.phase(),
        Phase::Waiting(driver.now + TRY_AFTER_MAX)
    );
}
