//! Black-box tests of `/metrics`: events are counted, and the metrics that the dashboard and the
//! alerts use exist.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::collections::BTreeSet;
use tidings_tests::server::{LI, Launch, Server, ZHANG};
use tidings_tests::socket::Socket;

/// One process, also when other tests run on a fleet: metrics are per node.
async fn alone(flags: &[&str]) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), flags);
    Server::alone(folder, launch).await
}

/// The files in deploy/ that use metrics.
const READERS: [(&str, &str); 2] = [
    (
        "dashboard",
        include_str!("../../deploy/grafana/tidings.json"),
    ),
    ("alerts", include_str!("../../deploy/prometheus/alerts.yml")),
];

pub(crate) async fn text(server: &Server) -> Result<String> {
    let answer = server.http().get(server.url("/metrics")).send().await?;
    Ok(answer.error_for_status()?.text().await?)
}

pub(crate) fn figure(text: &str, name: &str) -> Result<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line
        .with_context(|| format!("no {name} in\n{text}"))?
        .parse()?)
}

#[tokio::test]
async fn metrics_count_connections_frames_and_errors() -> Result<()> {
    let server = alone(&["--ack-timeout-ms", "50"]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let _unbound = Socket::open(&server, Some(&server.login(LI.1).await?)).await?;

    zhang.send_message(ZHANG.0, LI.0, "hello").await?;
    let push = li.frame(4).await?;
    let again = li.frame(4).await?;
    assert_eq!(again["dup"], true);
    li.ack(&push["tid"]).await?;
    let empty = json!({"senderUid": ZHANG.0, "recipientUid": LI.0, "content": " "});
    let code = zhang.refused(json!({"type": 3, "data": empty})).await?;
    assert_eq!(code, "empty");
    zhang.send_text("nonsense".into()).await?;
    zhang.data(7).await?;
    li.nothing_more(LI.0).await?;
    let mut stranger = Socket::open(&server, None).await?;
    stranger.closed().await?;

    let text = text(&server).await?;
    for (name, value) in [
        ("tidings_connections{state=\"bound\"}", 2.0),
        ("tidings_connections{state=\"unbound\"}", 1.0),
        ("tidings_binds_total{outcome=\"ok\"}", 2.0),
        ("tidings_bind_seconds_count", 2.0),
        ("tidings_frames_in_total{type=\"1\"}", 2.0),
        ("tidings_frames_in_total{type=\"3\"}", 2.0),
        ("tidings_frames_in_total{type=\"6\"}", 1.0),
        ("tidings_frames_in_total{type=\"other\"}", 1.0),
        ("tidings_frames_out_total{type=\"3\"}", 1.0),
        ("tidings_frames_out_total{type=\"4\"}", 2.0),
        ("tidings_repushes_total", 1.0),
        ("tidings_errors_total{code=\"empty\"}", 1.0),
        ("tidings_errors_total{code=\"malformed\"}", 1.0),
        ("tidings_closes_total{code=\"4500\"}", 1.0),
        ("tidings_send_answer_seconds_count", 1.0),
        ("tidings_send_push_seconds_count", 1.0),
        ("tidings_window_pushes_count", 1.0),
        ("tidings_commit_messages_count", 1.0),
        ("tidings_commit_messages_sum", 1.0),
        ("tidings_commit_queue", 0.0),
        ("tidings_bus_connected", 1.0),
        ("tidings_password_hashes_in_progress", 0.0),
    ] {
        let found = figure(&text, name)?;
        ensure!((found - value).abs() < 1e-9, "{name} is {found}:\n{text}");
    }
    // The time from intake to wire is positive, and less than that of the test.
    let sum = figure(&text, "tidings_send_push_seconds_sum")?;
    ensure!(sum > 0.0 && sum < 30.0, "{sum}");
    ensure!(figure(&text, "process_resident_memory_bytes")? > 1e6);
    ensure!(figure(&text, "process_open_fds")? > 5.0);
    Ok(())
}

#[tokio::test]
async fn metrics_named_by_dashboard_and_alerts_exist() -> Result<()> {
    let server = alone(&[]).await?;
    let text = text(&server).await?;
    let figures: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    for (reader, source) in READERS {
        let named: BTreeSet<&str> = source
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
            .filter(|word| word.starts_with("tidings_") || word.starts_with("process_"))
            .collect();
        ensure!(named.len() > 5, "the {reader} names {named:?}");
        let unknown: Vec<_> = named.difference(&figures).collect();
        ensure!(unknown.is_empty(), "the {reader} names {unknown:?}");
    }
    Ok(())
}
