//! The report on a server that violates the protocol's guarantees on purpose.

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tidings_load::login::Login;
use tidings_load::options::Common;
use tidings_load::report::Report;
use tidings_load::scenario::pairs::{self, Pairs};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The `seq` of each push that the server makes of a message, by the number of the message: 1, 2,
/// 3…
type Action = fn(u64) -> Vec<u64>;

const SENDER: i64 = 1;
const RECIPIENT: i64 = 2;

#[derive(Clone)]
struct Broken {
    action: Action,
    /// The pushes that it holds back until just before it answers a heartbeat.
    late: Action,
    held: Arc<Mutex<Vec<Value>>>,
    recipient: Arc<Mutex<Option<mpsc::Sender<Value>>>>,
}

#[tokio::test]
async fn a_correct_server_is_reported_clean() -> anyhow::Result<()> {
    let report = run(|number| vec![number]).await?;
    let tally = &report.tally;
    assert!(report.is_clean() && tally.sent > 0, "{report}");
    assert_eq!((tally.shown, tally.answered), (tally.sent, tally.sent));
    assert_eq!(tally.duplicates_removed, 0, "{report}");
    Ok(())
}

#[tokio::test]
async fn answered_messages_that_are_not_pushed_are_lost() -> anyhow::Result<()> {
    let report = run(|number| {
        if number % 10 == 3 {
            vec![]
        } else {
            vec![number]
        }
    })
    .await?;
    let dropped = (1..=report.tally.sent).filter(|number| number % 10 == 3);
    assert_eq!(report.tally.lost, dropped.count() as u64, "{report}");
    assert!(!report.is_clean());
    Ok(())
}

#[tokio::test]
async fn a_duplicate_push_is_removed_a_duplicate_message_shown_twice() -> anyhow::Result<()> {
    let repeated = run(|number| vec![number, number]).await?;
    let tally = &repeated.tally;
    assert!(
        repeated.is_clean(),
        "at least once is what the wire promises: {repeated}"
    );
    assert_eq!(tally.duplicates_removed, tally.sent, "{repeated}");

    let doubled = run(|number| vec![2 * number, 2 * number + 1]).await?;
    let tally = &doubled.tally;
    assert_eq!(
        (tally.shown_twice, tally.lost),
        (tally.sent, 0),
        "{doubled}"
    );
    assert!(!doubled.is_clean());
    Ok(())
}

#[tokio::test]
async fn messages_shown_before_an_earlier_one_are_out_of_order() -> anyhow::Result<()> {
    // Messages 1, 2, 3, 4… are stored as 2, 1, 4, 3…
    let swapped = |number| {
        if number % 2 == 1 {
            vec![number + 1]
        } else {
            vec![number - 1]
        }
    };
    let report = run(swapped).await?;
    assert_eq!(report.tally.out_of_order, report.tally.sent / 2, "{report}");
    assert!(!report.is_clean());
    Ok(())
}

#[tokio::test]
async fn pushes_before_the_last_heartbeat_answer_are_counted() -> anyhow::Result<()> {
    let report = run_with_late(|number| vec![2 * number], |number| vec![2 * number + 1]).await?;
    let tally = &report.tally;
    assert!(tally.sent > 0, "{report}");
    assert_eq!((tally.shown_twice, tally.lost), (tally.sent, 0), "{report}");
    Ok(())
}

/// Runs one pair on a server that does this with every message.
async fn run(action: Action) -> anyhow::Result<Report> {
    run_with_late(action, |_| vec![]).await
}

/// The same, with pushes that are held back until the recipient's heartbeat.
async fn run_with_late(action: Action, late: Action) -> anyhow::Result<Report> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let broken = Broken {
        action,
        late,
        held: Arc::default(),
        recipient: Arc::default(),
    };
    let router = Router::new().route("/ws", get(upgrade)).with_state(broken);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let login = |uid| Login {
        uid,
        token: "any".into(),
    };
    let options = Pairs {
        pairs: 1,
        rate: Some(500.0),
        in_flight: 1,
        size: 64,
        seconds: 1,
        warm_up_s: 0,
    };
    let mut common = Common::to(vec![address.parse()?]);
    // Missing pushes never arrive here.
    common.patience_s = 5;
    let logins = [login(SENDER), login(RECIPIENT)];
    let report = pairs::run(&common, &logins, &options, &CancellationToken::new()).await;
    server.abort();
    report
}

async fn upgrade(
    State(broken): State<Broken>,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    upgrade.on_upgrade(async |socket| {
        // An error only ends the connection.
        let _ = serve(socket, broken).await;
    })
}

async fn serve(socket: WebSocket, broken: Broken) -> anyhow::Result<()> {
    let (sender, mut pushes) = mpsc::channel::<Value>(1024);
    let mut connection = Connection { socket, tid: 0 };
    let mut number = 0;
    loop {
        tokio::select! {
            // Pushes are written before incoming frames are answered.
            biased;
            Some(push) = pushes.recv() => connection.push(push).await?,
            received = connection.socket.recv() => {
                let Some(Ok(Message::Text(text))) = received else { return Ok(()) };
                let frame: Value = serde_json::from_str(&text)?;
                let mut data = frame["data"].clone();
                match frame["type"].as_u64() {
                    Some(0) => {
                        if data["uid"] == RECIPIENT {
                            for push in broken.take_held() {
                                connection.push(push).await?;
                            }
                        }
                        connection.write(json!({"type": 0, "timeout": 45_000})).await?;
                    }
                    Some(1) => {
                        if data["uid"] == RECIPIENT {
                            *broken.recipient.lock().expect("not poisoned") = Some(sender.clone());
                        }
                        let bound = json!({"type": 1, "status": "success", "data": data});
                        connection.write(bound).await?;
                    }
                    Some(3) => {
                        number += 1;
                        let recipient = broken.recipient.lock().expect("not poisoned").clone();
                        let recipient = recipient.expect("bound before anything is sent");
                        for seq in (broken.action)(number) {
                            recipient.send(push_of(&mut data, seq)).await?;
                        }
                        for seq in (broken.late)(number) {
                            let push = push_of(&mut data, seq);
                            broken.held.lock().expect("not poisoned").push(push);
                        }
                        connection.write(json!({"type": 3, "data": data})).await?;
                    }
                    _ => {}
                }
            }
        }
    }
}

fn push_of(data: &mut Value, seq: u64) -> Value {
    data["seq"] = json!(seq);
    json!({"type": 4, "data": data})
}

impl Broken {
    fn take_held(&self) -> Vec<Value> {
        std::mem::take(&mut *self.held.lock().expect("not poisoned"))
    }
}

struct Connection {
    socket: WebSocket,
    tid: u64,
}

impl Connection {
    async fn push(&mut self, mut push: Value) -> Result<(), axum::Error> {
        self.tid += 1;
        push["tid"] = json!(self.tid);
        self.write(push).await
    }

    async fn write(&mut self, frame: Value) -> Result<(), axum::Error> {
        self.socket.send(Message::text(frame.to_string())).await
    }
}
