//! Every screen fits its window. Screenshots, for the README and for review, are written into the
//! folder `TIDINGS_PICTURES`.

use super::group;
use super::past::line;
use super::person::{Person, serve_page};
use anyhow::Result;
use std::path::PathBuf;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Opens every screen with each of these looks; none is wider than its window.
pub(crate) async fn every_screen_fits(looks: &[Look]) -> Result<()> {
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

    let driver = ChromeDriver::shared()?;
    for look in looks {
        let person = Person::opens(driver, &server, look).await?;
        every_screen(&person, &mut server, look).await?;
        person.browser.close().await?;
    }
    Ok(())
}

async fn every_screen(person: &Person, server: &mut Server, look: &Look) -> Result<()> {
    let look = named(look);
    let keep = async |screen: &str| fits(person, &format!("{screen}-{look}")).await;
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

/// Opens every screen of a group with each of these looks; none is wider than its window.
pub(crate) async fn every_screen_of_a_group_fits(looks: &[Look]) -> Result<()> {
    let server = serve_page().await?;
    let group = group::create(
        &server,
        ZHANG,
        "周末爬山 · Hikers of the long weekend",
        &[LI.0, WANG.0],
    )
    .await?;
    for (from, line) in [
        (ZHANG, "周六早上八点，老地方见？"),
        (LI, "可以！我带水和三明治。"),
        (LI, "谁开车？"),
        (
            WANG,
            "I can drive; the boot is full of ropes though. https://example.org/a/long/way/up",
        ),
        (ZHANG, "太好了。"),
    ] {
        let mut socket = Socket::bound(&server, from).await?;
        group::send(&mut socket, from.0, group, line).await?;
    }
    let driver = ChromeDriver::shared()?;
    let row = format!("[data-testid=conversation-row][data-peer=g{group}]");
    for look in looks {
        let name = named(look);
        let person = Person::logged_in(driver, &server, look, ZHANG.1).await?;
        person.browser.find_css(&row).await?;
        fits(&person, &format!("group-list-{name}")).await?;
        person.browser.click("new-group").await?;
        person.picks(LI.0).await?;
        fits(&person, &format!("group-dialog-{name}")).await?;
        person.browser.click("group-cancel").await?;
        person.browser.find_css(&row).await?.click().await?;
        person.sees("太好了。", "sent", "sent").await?;
        fits(&person, &format!("group-thread-{name}")).await?;
        person.browser.click("group-open").await?;
        person.members(&["张三", "李四", "王五"]).await?;
        fits(&person, &format!("group-panel-{name}")).await?;
        person.browser.close().await?;
    }
    Ok(())
}

/// The width, language and theme of a look.
fn named(look: &Look) -> String {
    let theme = if look.dark { "dark" } else { "light" };
    format!("{}-{}-{theme}", look.width, look.language)
}

/// Checks that the screen is not wider than its window, and writes a screenshot if asked for.
async fn fits(person: &Person, name: &str) -> Result<()> {
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
