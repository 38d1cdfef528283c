//! Pictures of every screen, for the README and for eyes. `cargo xtask test` has them written into
//! `target/pictures`; alone, set `TIDINGS_PICTURES`.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn the_page_fits_its_window_at_every_width_in_both_languages_and_themes() -> Result<()> {
    let mut server = serve_page().await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    line(&mut wang, 1002, 1001, "周五的部署，谁来看一眼日志？").await?;
    line(&mut zhang, 1000, 1001, "早上好！昨晚的压测跑完了吗？").await?;
    line(
        &mut li,
        1001,
        1000,
        "跑完了，断网 60 秒，一条没丢，一条没重。",
    )
    .await?;
    line(
        &mut li,
        1001,
        1000,
        "Report: https://example.org/tidings/run/42",
    )
    .await?;
    line(
        &mut zhang,
        1000,
        1001,
        "漂亮。Acks, repeats and reconnects on one socket now.",
    )
    .await?;
    line(
        &mut zhang,
        1000,
        1001,
        "那我把心跳间隔也放进面板里，大家都能看见它怎么工作。",
    )
    .await?;
    line(&mut li, 1001, 1000, "👍").await?;

    let driver = ChromeDriver::start().await?;
    let looks = [(1280, 800), (768, 1024), (360, 740)];
    for (width, height) in looks {
        for (language, dark) in [
            ("zh-CN", false),
            ("zh-CN", true),
            ("en-US", false),
            ("en-US", true),
        ] {
            let look = Look {
                width,
                height,
                scale: 2,
                language,
                dark,
            };
            let person = Person::opens(&driver, &server, &look).await?;
            every_screen(&person, &mut server, &look).await?;
            person.browser.close().await?;
        }
    }
    Ok(())
}

async fn every_screen(person: &Person, server: &mut Server, look: &Look) -> Result<()> {
    let theme = if look.dark { "dark" } else { "light" };
    let (width, language) = (look.width, look.language);
    let keep =
        async |screen: &str| fits(person, &format!("{screen}-{width}-{language}-{theme}")).await;
    let browser = &person.browser;
    browser.find("register-switch").await?;
    keep("login").await?;
    browser.click("register-switch").await?;
    browser.find("register-name").await?;
    keep("register").await?;
    browser.click("register-switch").await?;
    person.logs_in(LI.1, "1234").await?;
    person.is_connected().await?;
    browser.find("conversation-row").await?;
    keep("list").await?;
    browser.click("settings-open").await?;
    browser.find("settings").await?;
    keep("settings").await?;
    browser.click("settings-close").await?;
    browser.click("profile-open").await?;
    browser.find("profile-logins").await?;
    keep("profile").await?;
    browser.click("profile-close").await?;
    browser.click("panel-open").await?;
    browser.find("panel-frame").await?;
    keep("panel").await?;
    browser.click("panel-close").await?;
    person.opens_conversation(1000).await?;
    person.sees("👍", "sent", "sent").await?;
    keep("thread").await?;
    server.kill().await?;
    let offline = "document.querySelector('[data-testid=connection]').dataset.phase === 'waiting'";
    browser.until("offline", offline).await?;
    keep("offline").await?;
    server.restart().await
}

/// Says a line, past whatever is pushed meanwhile.
pub(crate) async fn line(socket: &mut Socket, from: i64, to: i64, content: &str) -> Result<()> {
    let data = json!({"senderUid": from, "recipientUid": to, "content": content, "msgType": 1});
    socket.send(json!({"type": 3, "data": data})).await?;
    while socket.next().await?["type"] != 3 {}
    Ok(())
}

/// Nothing sticks out sideways; keeps a picture where one is asked for.
pub(crate) async fn fits(person: &Person, name: &str) -> Result<()> {
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(
        person.browser.eval(wide).await?,
        0,
        "{name} is wider than its window"
    );
    if let Some(folder) = std::env::var_os("TIDINGS_PICTURES").map(PathBuf::from) {
        tokio::fs::create_dir_all(&folder).await?;
        tokio::fs::write(
            folder.join(format!("{name}.png")),
            person.browser.picture().await?,
        )
        .await?;
    }
    Ok(())
}
