use super::*;
use crate::i18n::Lang;
use std::time::Duration;
use tidings_client_state::{Diagnosis, Snapshot};
use tidings_shared::frame::{ClientFrame, Send, ServerFrame};
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{Body, Moment, Peer, UserId};

fn at(seconds: u64) -> Moment {
    Moment::after_origin(Duration::from_secs(seconds))
}

fn snapshot() -> Snapshot {
    let mut diagnosis = Diagnosis::new(at(0));
    diagnosis.changed(at(10), Phase::Live, None);
    let lost = Some(Cause::Closed(4001));
    diagnosis.changed(at(75), Phase::Waiting(at(76)), lost);
    diagnosis.changed(at(76), Phase::Live, lost);
    let send = ClientFrame::Send(Send {
        sender_uid: UserId(1),
        peer: Peer::User(UserId(4242)),
        body: Body::Text("a secret".into()),
        client_msg_id: None,
    });
    diagnosis.sent(at(80), &send, 123);
    let heartbeat = ServerFrame::Heartbeat(Duration::from_secs(45));
    diagnosis.received(at(90), Some(&heartbeat), 26);
    Snapshot {
        now: at(100),
        wall_ms: 100_000,
        diagnosis,
        network: true,
        round_trip: Some(Duration::from_millis(12)),
        answer_by: None,
        due: Some(at(135)),
        connects: 2,
    }
}

fn report_in(lang: Lang) -> String {
    let snapshot = snapshot();
    let facts = Facts {
        texts: &lang.texts().panel,
        snapshot: &snapshot,
        unsent: (2, 1),
        time: &|at_ms| format!("t{}", at_ms / 1000),
    };
    let environment = Environment {
        browser: "a browser".into(),
        language: lang.tag(),
        now: "today".into(),
    };
    report(&facts, &environment)
}

#[test]
fn report_lists_what_the_panel_shows() {
    let expected = format!(
        "Tidings · Connection
Page version: {}
Time: today
Language: en
Browser: a browser

Connected (since t76, for 24 s)
Round trip: 12 ms
Heartbeat interval: 45 s · first: as the server said · since t90, at first 45 s, answered 0 times
Next heartbeat: in 35 s · sent if nothing arrives until then
Pushes acknowledged: 0 of 0
Pushes seen again: 0
Waiting to be sent: 2, of these 1 refused
Frames: ↑ 1 (123 B)  ↓ 1 (26 B)

Reconnects: 1
  t75  4001: pushes were not acknowledged (after 1 min 5 s)

Last frames
  t90 ↓ 0 heartbeat 45000 ms
  t80 ↑ 3 send 8 B of text
",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(report_in(Lang::En), expected);
}

#[test]
fn report_contains_no_text_and_no_peer() {
    for lang in [Lang::En, Lang::ZhCn] {
        let text = report_in(lang);
        assert!(!text.contains("secret") && !text.contains("4242"), "{text}");
    }
}
