//! The start of `tidings serve`, and the conditions under which it refuses to start.

use anyhow::{Context, Result};
use std::path::Path;
use tidings_tests::server::{Launch, Node, Server, command};

/// The launch of a process that logs into a file in its folder.
fn launch_with_log(folder: &Path, environment: &[(&'static str, &str)]) -> Launch {
    let mut launch = Launch::new(folder, &[]);
    let set = environment
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    launch.environment = set.collect();
    launch.through = ["sh", "-c", "exec \"$0\" \"$@\" 2>log"]
        .map(String::from)
        .into();
    launch
}

async fn server_with_log(environment: &[(&'static str, &str)]) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = launch_with_log(folder.path(), environment);
    Server::alone(folder, launch).await
}

async fn log(server: &Server) -> Result<String> {
    let path = server.folder().join("log");
    tokio::fs::read_to_string(path).await.context("no log")
}

#[tokio::test]
async fn second_server_on_one_file_is_refused_but_commands_run() -> Result<()> {
    let mut server = server_with_log(&[]).await?;
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let refused = command(server.folder(), &serve, "").await;
    let error = refused.expect_err("the file is in use").to_string();
    assert!(error.contains("another server uses tidings.db"), "{error}");
    let add = ["user", "add", "--email", "x@y.z", "--username", "X"];
    assert!(command(server.folder(), &add, "secret\n").await.is_ok());
    // A killed server holds no lock.
    server.kill().await?;
    server.restart().await
}

#[tokio::test]
async fn empty_database_file_needs_init() -> Result<()> {
    let folder = tempfile::tempdir()?;
    tokio::fs::write(folder.path().join("tidings.db"), "").await?;
    for arguments in [&["serve"][..], &["migrate"]] {
        let refused = command(folder.path(), arguments, "").await;
        let error = refused.expect_err("it is empty").to_string();
        assert!(
            error.contains("backup") && error.contains("--init"),
            "{error}"
        );
    }
    let begun = command(folder.path(), &["migrate", "--init"], "").await?;
    assert_eq!(begun, "sqlite://tidings.db is up to date\n");
    Ok(())
}

#[tokio::test]
async fn blank_variables_are_unset_and_switches_accept_any_word() -> Result<()> {
    let blank = [
        "REDIS_URL",
        "TIDINGS_CONFIG",
        "TIDINGS_DRAIN_MS",
        "TIDINGS_LOG",
        "TIDINGS_LOG_FORMAT",
        "TIDINGS_PUBLIC_URL",
        "TIDINGS_REGISTRATION",
        "TIDINGS_SECURE_COOKIE",
        "TIDINGS_TRUSTED_PROXIES",
    ];
    let blank = blank.map(|name| (name, ""));
    let folder = tempfile::tempdir()?;
    let mut launch = launch_with_log(folder.path(), &blank);
    // So that something is logged.
    launch.flags.push("--demo".into());
    let server = Server::alone(folder, launch).await?;
    assert!(log(&server).await?.contains("INFO"), "info is the default");
    let switches = [
        ("TIDINGS_REGISTRATION", "0"),
        ("TIDINGS_SECURE_COOKIE", "yes"),
    ];
    let server = server_with_log(&switches).await?;
    let url = server.url("/api/server");
    let answer = server.http().get(url).send().await?.text().await?;
    assert_eq!(answer, r#"{"registration":false}"#);
    Ok(())
}

#[tokio::test]
async fn known_passwords_on_a_public_address_give_a_warning() -> Result<()> {
    for (listen, warned) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
        let folder = tempfile::tempdir()?;
        let mut launch = launch_with_log(folder.path(), &[]);
        launch.flags.push("--demo".into());
        let _node = Node::start(launch, listen).await?;
        let log = tokio::fs::read_to_string(folder.path().join("log")).await?;
        let words = "users whose password everybody knows";
        assert_eq!(log.contains(words), warned, "{log}");
    }
    Ok(())
}

#[tokio::test]
async fn help_prints_no_secret_of_the_environment() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for arguments in [
        &["serve", "--help"][..],
        &["migrate", "--help"],
        &["user", "add", "--help"],
        &["token", "issue", "--help"],
        &["presence", "--help"],
    ] {
        // The tests set DATABASE_URL.
        let help = command(folder.path(), arguments, "").await?;
        for name in ["DATABASE_URL=", "REDIS_URL="] {
            assert!(!help.contains(name), "{help}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn failed_logins_are_audited_without_secrets() -> Result<()> {
    let server = server_with_log(&[("TIDINGS_LOG", "error")]).await?;
    for (email, password) in [
        ("zhangsan@gmail.com", "guessed-1"),
        ("nobody@example.org", "guessed-2"),
        ("nobody@example.org\0", "guessed-3"),
    ] {
        let body = serde_json::json!({"email": email, "password": password});
        let login = server.http().post(server.url("/api/login")).json(&body);
        assert_eq!(login.send().await?.status().as_u16(), 401, "{email:?}");
    }
    let foreign = server.http().post(server.url("/api/login"));
    let foreign = foreign
        .header("origin", "https://evil.example")
        .send()
        .await?;
    assert_eq!(foreign.status().as_u16(), 403);

    let text = log(&server).await?;
    let audit: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("tidings_server::audit"))
        .collect();
    assert_eq!(audit.len(), 4, "{text}");
    // The format that the fail2ban filter in deploy/ matches.
    for line in &audit[..3] {
        assert!(
            line.contains(r#"act="login_failed" address=127.0.0.1"#),
            "{line}"
        );
    }
    assert!(audit[0].contains("uid=1000"), "{audit:?}");
    assert!(audit[3].contains(r#"act="site_refused""#), "{audit:?}");
    assert!(audit[3].contains("evil.example") && audit[3].contains("--public-url"));
    assert!(
        !text.contains("guessed") && !text.contains("gmail"),
        "{text}"
    );

    let metrics = server.http().get(server.url("/metrics")).send().await?;
    let metrics = metrics.text().await?;
    for line in [
        r#"tidings_audit_total{act="login_failed"} 3"#,
        r#"tidings_audit_total{act="site_refused"} 1"#,
        r#"tidings_audit_total{act="group_made"} 0"#,
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    Ok(())
}

#[tokio::test]
async fn unknown_proxy_is_warned_about_once() -> Result<()> {
    let server = server_with_log(&[]).await?;
    for _ in 0..3 {
        let body = serde_json::json!({"email": "a@b.c", "password": "x"});
        let login = server.http().post(server.url("/api/login")).json(&body);
        login.header("x-forwarded-for", "192.0.2.1").send().await?;
    }
    let warnings = log(&server).await?.matches("--trusted-proxies").count();
    assert_eq!(warnings, 1);
    Ok(())
}
