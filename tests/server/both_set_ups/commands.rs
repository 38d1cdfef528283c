//! The command line.

use super::accounts::{ask, login};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use tidings_tests::server::{LI, Server, ZHANG, command};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn users_are_added_imported_and_log_in() -> Result<()> {
    let server = Server::start(&[]).await?;
    let add = [
        "user",
        "add",
        "--email",
        "New@example.org",
        "--username",
        "新来的",
    ];
    assert_eq!(
        server.command(&add, "secret\n").await?,
        "1003\tnew@example.org\n"
    );
    let error = server.command(&add, "secret\n").await.expect_err("taken");
    assert!(
        error.to_string().contains("new@example.org exists already"),
        "{error}"
    );

    let csv = "email,username,password,avatar,uid\na@b.c,A,pw,,2000\nd@e.f,\"D, E\",pw,/d.png,\n";
    tokio::fs::write(server.folder().join("users.csv"), csv).await?;
    let printed = server.command(&["user", "import", "users.csv"], "").await?;
    assert_eq!(printed, "2000\ta@b.c\n2001\td@e.f\n");

    let body = json!({"email": "d@e.f", "password": "pw"});
    let answer = server
        .http()
        .post(server.url("/api/login"))
        .json(&body)
        .send()
        .await?;
    let answer: Value = answer.json().await?;
    assert_eq!(
        (&answer["username"], &answer["avatar"]),
        (&json!("D, E"), &json!("/d.png"))
    );
    Ok(())
}

#[tokio::test]
async fn password_command_ends_every_login_of_the_user() -> Result<()> {
    let server = Server::start(&[]).await?;
    let (zhang, li) = (server.login(ZHANG.1).await?, server.login(LI.1).await?);
    let change = ["user", "password", "--email", "ZhangSan@gmail.com"];
    let error = server.command(&change, "short\n").await.expect_err("short");
    assert!(error.to_string().contains("8 characters"), "{error}");
    let nobody = ["user", "password", "--email", "nobody@example.org"];
    let error = server.command(&nobody, "correct horse\n").await;
    let error = error.expect_err("there is nobody");
    assert!(error.to_string().contains("no user"), "{error}");

    let printed = server.command(&change, "correct horse\n").await?;
    assert_eq!(printed, "1000\tzhangsan@gmail.com\t1 logins ended\n");
    let me = (Method::GET, "/api/me");
    for (token, expected) in [(&zhang, 401), (&li, 200)] {
        let (status, _) = ask(&server, Some(token), me.clone(), Value::Null).await?;
        assert_eq!(status, expected);
    }
    assert_eq!(login(&server, ZHANG.1, "1234").await?.0, 401);
    assert_eq!(login(&server, ZHANG.1, "correct horse").await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn invalid_import_names_the_line_and_adds_nobody() -> Result<()> {
    let server = Server::start(&[]).await?;
    let wrong = [
        (
            "email,username,password\na@b.c,A,pw\nnot an address,B,pw\n",
            "line 3",
        ),
        ("email,username\na@b.c,A\n", "password"),
        (
            "email,username,password\na@b.c,A,pw\nzhangsan@gmail.com,B,pw\n",
            "exists already",
        ),
    ];
    for (csv, message) in wrong {
        tokio::fs::write(server.folder().join("users.csv"), csv).await?;
        let error = server
            .command(&["user", "import", "users.csv"], "")
            .await
            .expect_err("wrong");
        assert!(error.to_string().contains(message), "{error}");
    }
    let printed = server
        .command(
            &["user", "add", "--email", "a@b.c", "--username", "A"],
            "pw",
        )
        .await?;
    assert_eq!(printed, "1003\ta@b.c\n", "nobody was added before");
    Ok(())
}

#[tokio::test]
async fn an_issued_token_opens_a_connection() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server
        .command(&["token", "issue", "--uid", "1000"], "")
        .await?;
    Socket::bound_with(&server, token.trim(), json!({"uid": 1000})).await?;
    let error = server
        .command(&["token", "issue", "--uid", "4711"], "")
        .await
        .expect_err("nobody");
    assert!(error.to_string().contains("no user with the uid 4711"));
    Ok(())
}

#[tokio::test]
async fn token_range_prints_one_line_per_existing_user() -> Result<()> {
    let server = Server::start(&[]).await?;
    let csv = "email,username,password,avatar,uid\n\
               a@b.c,A,,,2000\nd@e.f,D,,,2002\ng@h.i,G,,,4000\n";
    tokio::fs::write(server.folder().join("users.csv"), csv).await?;
    server.command(&["user", "import", "users.csv"], "").await?;

    let issue = ["token", "issue", "--uid", "1002-2002"];
    let printed = server.command(&issue, "").await?;
    let lines: Vec<(&str, &str)> = printed
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let uids: Vec<&str> = lines.iter().map(|(uid, _)| *uid).collect();
    assert_eq!(uids, ["1002", "2000", "2002"]);
    for (uid, token) in lines {
        let uid: i64 = uid.parse()?;
        Socket::bound_with(&server, token, json!({"uid": uid})).await?;
    }
    let nobody = ["token", "issue", "--uid", "2003-3999"];
    let error = server.command(&nobody, "").await.expect_err("nobody");
    assert!(error.to_string().contains("no user"), "{error}");
    Ok(())
}

#[tokio::test]
async fn user_imported_without_password_cannot_log_in_with_one() -> Result<()> {
    let server = Server::start(&[]).await?;
    let csv = "email,username,password\nrobot@example.org,Robot,\n";
    tokio::fs::write(server.folder().join("users.csv"), csv).await?;
    server.command(&["user", "import", "users.csv"], "").await?;
    for password in ["", " ", "1234"] {
        let body = json!({"email": "robot@example.org", "password": password});
        let login = server.http().post(server.url("/api/login")).json(&body);
        let answer = login.send().await?;
        assert_eq!(answer.status().as_u16(), 401, "{password:?}");
    }
    let add = ["user", "add", "--email", "x@y.z", "--username", "X"];
    let error = server.command(&add, "\n").await.expect_err("typed none");
    assert!(error.to_string().contains("1 to 1024 bytes"), "{error}");
    Ok(())
}

#[tokio::test]
async fn impossible_start_says_what_to_do() -> Result<()> {
    let server = Server::start(&[]).await?;
    let folder = tempfile::tempdir()?;
    let wrong: [(&[&str], &str); 5] = [
        (
            &["serve", "--listen", server.address()],
            "set --listen to another",
        ),
        (&["serve", "--database-url", "mysql://x"], "sqlite://PATH"),
        (
            &["serve", "--database-url", "sqlite::memory:"],
            "name a file",
        ),
        (
            &["serve", "--database-url", "sqlite:///no/such/folder/x.db"],
            "cannot open",
        ),
        (&["serve", "--idle-timeout-ms", "1000"], "raise the one"),
    ];
    for (arguments, message) in wrong {
        let error = command(folder.path(), arguments, "")
            .await
            .expect_err("wrong");
        assert!(error.to_string().contains(message), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn migrate_works_before_the_first_start_and_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for _ in 0..2 {
        let printed = command(folder.path(), &["migrate"], "").await?;
        assert_eq!(printed, "sqlite://tidings.db is up to date\n");
    }
    Ok(())
}

#[tokio::test]
async fn migrate_uses_the_database_of_the_configuration_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tidings.toml");
    tokio::fs::write(&file, "database-url = 'sqlite://from-the-file.db'").await?;
    let printed =
        tidings_tests::server::command_with_config(folder.path(), &["migrate"], &file).await?;
    assert_eq!(printed, "sqlite://from-the-file.db is up to date\n");
    Ok(())
}
