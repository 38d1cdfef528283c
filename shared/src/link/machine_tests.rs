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
        driver.send(Event::Start);
        driver.send(Event::Opened);
        driver.send(Event::Bound(limits::HEARTBEAT_START));
        driver
    }

    fn send(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.link.handle(self.now, event, &mut effects);
        effects
    }

    fn after(&mut self, seconds: u64, event: Event) -> Vec<Effect> {
        self.now = self.now + Duration::from_secs(seconds);
        self.send(event)
    }

    /// Lets the timer run exactly when it asked for it.
    fn at_deadline(&mut self) -> Vec<Effect> {
        self.now = self.link.deadline().expect("something is due");
        self.send(Event::Timer)
    }
}

const BEAT: Effect = Effect::SendHeartbeat(limits::HEARTBEAT_START);

#[test]
fn a_start_opens_binds_and_is_live() {
    let mut driver = Driver::new();
    assert_eq!(driver.send(Event::Start), [Effect::Open, Effect::Changed]);
    assert_eq!(driver.send(Event::Start), []);
    assert_eq!(
        driver.send(Event::Opened),
        [Effect::Changed, Effect::SendBind]
    );
    driver.send(Event::Bound(Duration::from_secs(30)));
    assert_eq!(driver.link.phase(), Phase::Live);
    assert_eq!(driver.link.interval(), Duration::from_secs(30));
}

#[test]
fn a_socket_that_does_not_open_and_bind_in_time_is_given_up() {
    let mut driver = Driver::new();
    driver.send(Event::Start);
    driver.after(3, Event::Opened);
    assert_eq!(driver.at_deadline()[0], Effect::Close);
    assert_eq!(driver.now, Moment::after_origin(CONNECT_LIMIT));
    assert_eq!(driver.link.last_cause(), Some(Cause::ConnectTimeout));
    assert!(matches!(driver.link.phase(), Phase::Waiting(_)));
}

#[test]
fn any_frame_puts_the_heartbeat_off_and_its_answer_sets_the_interval() {
    let mut driver = Driver::live();
    driver.after(44, Event::Arrived);
    assert_eq!(driver.after(44, Event::Timer), []);
    assert_eq!(driver.after(1, Event::Timer), [BEAT]);
    driver.after(1, Event::Arrived);
    driver.send(Event::Interval(Duration::from_mins(1)));
    assert_eq!(driver.link.round_trip(), Some(Duration::from_secs(1)));
    assert_eq!(
        driver.link.deadline(),
        Some(driver.now + Duration::from_mins(1))
    );
}

#[test]
fn an_unanswered_heartbeat_means_the_connection_is_dead() {
    let mut driver = Driver::live();
    assert_eq!(driver.at_deadline(), [BEAT]);
    assert_eq!(driver.at_deadline()[0], Effect::Close);
    assert_eq!(driver.link.last_cause(), Some(Cause::HeartbeatMissed));
    assert_eq!(driver.at_deadline(), [Effect::Open, Effect::Changed]);
}

#[test]
fn only_a_regular_heartbeat_tells_about_the_network_and_only_until_the_next_bind() {
    let mut driver = Driver::live();
    driver.at_deadline();
    driver.at_deadline();
    assert_eq!(driver.link.missed(), Some(limits::HEARTBEAT_START));
    driver.at_deadline();
    driver.send(Event::Opened);
    driver.send(Event::Bound(limits::HEARTBEAT_START));
    assert_eq!(driver.link.missed(), None);

    let mut shown = Driver::live();
    shown.send(Event::Visible);
    shown.at_deadline();
    let mut late = Driver::live();
    late.after(3_600, Event::Timer);
    late.at_deadline();
    let mut offline = Driver::live();
    offline.at_deadline();
    offline.send(Event::Offline);
    offline.at_deadline();
    for driver in [shown, late, offline] {
        assert_eq!(driver.link.last_cause(), Some(Cause::HeartbeatMissed));
        assert_eq!(driver.link.missed(), None);
    }
}

#[test]
fn a_machine_that_slept_probes_once_more_before_it_gives_up() {
    let mut driver = Driver::live();
    driver.at_deadline();
    assert_eq!(driver.after(3_600, Event::Timer), [BEAT]);
    assert_eq!(driver.send(Event::Timer), []);
    assert_eq!(driver.at_deadline()[0], Effect::Close);
}

#[test]
fn a_tab_whose_timers_are_always_late_finds_a_dead_connection_all_the_same() {
    let mut driver = Driver::live();
    assert_eq!(driver.after(60, Event::Timer), [BEAT]);
    assert_eq!(driver.after(60, Event::Timer), [BEAT]);
    assert_eq!(driver.after(60, Event::Timer)[0], Effect::Close);
    assert_eq!(driver.link.last_cause(), Some(Cause::HeartbeatMissed));
}

#[test]
fn a_page_that_is_shown_again_probes_at_once_and_only_once() {
    let mut driver = Driver::live();
    assert_eq!(driver.after(5, Event::Visible), [BEAT]);
    assert_eq!(driver.send(Event::Visible), []);
    assert_eq!(driver.send(Event::Online), []);
    assert_eq!(driver.link.deadline(), Some(driver.now + PROBE_LIMIT));
    driver.send(Event::Arrived);
    assert_eq!(
        driver.link.deadline(),
        Some(driver.now + limits::HEARTBEAT_START)
    );
}

#[test]
fn a_waiting_link_comes_back_at_once_when_the_network_does_or_the_person_asks() {
    for event in [Event::Online, Event::Visible, Event::RetryNow] {
        let mut driver = Driver::live();
        driver.send(Event::Closed(1006));
        assert_eq!(
            driver.send(event),
            [Effect::Open, Effect::Changed],
            "{event:?}"
        );
    }
}

#[test]
fn the_close_code_decides_whether_to_come_back() {
    for (code, comes_back) in [
        (1001, true),
        (1006, true),
        (4000, true),
        (4003, true),
        (4500, false),
        (4503, false),
    ] {
        let mut driver = Driver::live();
        driver.send(Event::Closed(code));
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
        driver.after(1, Event::Closed(1006));
        driver.at_deadline();
        driver.send(Event::Opened);
        driver.send(Event::Bound(limits::HEARTBEAT_START));
    }
    assert_eq!(driver.link.backoff.failures(), 5);
    driver.after(STABLE_AFTER.as_secs(), Event::Closed(1006));
    assert_eq!(driver.link.backoff.failures(), 1);
}

#[test]
fn events_of_a_socket_that_is_gone_change_nothing() {
    let mut driver = Driver::live();
    driver.send(Event::Closed(1006));
    let phase = driver.link.phase();
    for event in [
        Event::Opened,
        Event::Bound(Duration::from_secs(1)),
        Event::Closed(4500),
    ] {
        assert_eq!(driver.send(event), []);
        assert_eq!(driver.link.phase(), phase);
    }
}

#[test]
fn a_stopped_link_stays_stopped_until_it_is_started() {
    let mut driver = Driver::live();
    assert_eq!(driver.send(Event::Stop), [Effect::Close, Effect::Changed]);
    assert_eq!(driver.link.deadline(), None);
    assert_eq!(driver.send(Event::Online), []);
    assert_eq!(driver.send(Event::Start), [Effect::Open, Effect::Changed]);
}

#[test]
fn an_attempt_that_hangs_when_the_network_comes_back_gets_no_longer_than_a_probe() {
    for event in [Event::Online, Event::Visible, Event::RetryNow] {
        let mut driver = Driver::new();
        driver.send(Event::Start);
        driver.after(2, event);
        assert_eq!(driver.link.deadline(), Some(driver.now + PROBE_LIMIT));
        driver.after(2, event);
        let hung_up = driver.now + PROBE_LIMIT.saturating_sub(Duration::from_secs(2));
        assert_eq!(
            driver.link.deadline(),
            Some(hung_up),
            "{event:?} again puts nothing off"
        );
        assert_eq!(driver.at_deadline()[0], Effect::Close);
    }
}

#[test]
fn a_network_that_is_back_starts_the_backoff_over() {
    let mut driver = Driver::live();
    for _ in 0..8 {
        driver.send(Event::Closed(1006));
        driver.at_deadline();
    }
    driver.send(Event::Online);
    driver.send(Event::Closed(1006));
    assert_eq!(driver.link.backoff.failures(), 1);
}

#[test]
fn a_server_that_asks_not_to_be_tried_before_a_time_is_not() {
    let wait = Duration::from_secs(40);
    let mut driver = Driver::new();
    driver.send(Event::Start);
    driver.send(Event::Opened);
    driver.send(Event::TryAfter(wait));
    driver.send(Event::Closed(4003));
    // No backoff is so long.
    assert_eq!(driver.link.phase(), Phase::Waiting(driver.now + wait));
    assert_eq!(driver.at_deadline(), [Effect::Open, Effect::Changed]);
    driver.send(Event::Closed(1006));
    let Phase::Waiting(until) = driver.link.phase() else {
        panic!("it comes back");
    };
    assert!(until < driver.now + wait, "it was for one wait only");
    driver.send(Event::RetryNow);
    driver.send(Event::TryAfter(Duration::MAX));
    driver.send(Event::Closed(4003));
    assert_eq!(
        driver.link.phase(),
        Phase::Waiting(driver.now + TRY_AFTER_MAX)
    );
}
