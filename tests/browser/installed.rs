//! The page as something installed: it opens without the server, and notices a newer build.

use crate::person::{Person, built_page, serve_page, serve_page_with};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{Launch, Server, ZHANG};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What one of the files of a newer page is called.
const NEW_FILE: &str = "0000000000000002-initializer.js";

/// A copy of the built page, to be changed.
fn copied_page(into: &Path) -> Result<PathBuf> {
    let page = into.join("page");
    copy(&built_page()?, &page)?;
    Ok(page)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Gives one of the page's files another name, as the next build would to one that has changed.
fn rebuild(page: &Path) -> Result<()> {
    let index = page.join("index.html");
    let html = std::fs::read_to_string(&index)?;
    let (before, _) = html
        .split_once("-initializer.js")
        .context("no initializer")?;
    let (_, hash) = before.rsplit_once('/').context("no name")?;
    let old = format!("{hash}-initializer.js");
    std::fs::write(&index, html.replace(&old, NEW_FILE))?;
    std::fs::rename(page.join(&old), page.join(NEW_FILE))?;
    // A build for debugging has no compressed forms.
    for name in ["index.html", &old] {
        for form in ["br", "gz"] {
            let _ = std::fs::remove_file(page.join(format!("{name}.{form}")));
        }
    }
    Ok(())
}

/// Waits until the service worker keeps a page of which this is true, with all of its files.
async fn keeps(person: &Person, which: &str) -> Result<()> {
    let kept = format!(
        "window.kept === true || (caches.keys().then(async names => {{
            const cache = names.length === 1 && await caches.open(names[0]);
            const page = cache && await cache.match('/');
            const html = page && await page.text();
            const worker = (await navigator.serviceWorker.ready).active;
            window.kept = Boolean(page) && worker.state === 'activated' && {which};
        }}), false)"
    );
    person.browser.eval("window.kept = false").await?;
    person.browser.until("kept", &kept).await
}

#[tokio::test]
async fn the_page_opens_without_its_server_and_goes_on_when_it_is_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let page = built_page()?;
    let page = page.to_str().context("a path in UTF-8")?;
    let launch = Launch::new(folder.path(), &["--client-dir", page]);
    let mut server = Server::alone(folder, launch).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    keeps(&zhang, "true").await?;
    server.kill().await?;
    zhang.browser.driver().refresh().await?;
    let told = "/cannot be reached/.test(document.body.textContent)";
    zhang
        .browser
        .until("told that there is no server", told)
        .await?;
    server.restart().await?;
    let again = zhang.browser.find_css("main button").await?;
    again.click().await?;
    zhang.is_connected().await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_newer_page_is_offered_and_loaded_whole() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let page = copied_page(folder.path())?;
    let page_argument = page.to_string_lossy().into_owned();
    let data = tempfile::tempdir()?;
    let launch = Launch::new(data.path(), &["--client-dir", &page_argument]);
    let mut server = Server::alone(data, launch).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    keeps(&zhang, "true").await?;
    // The same again is no news.
    let was_away = "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";
    let asked = "performance.getEntriesByType('resource').filter(
        entry => entry.name === location.origin + '/' && entry.responseEnd > 0).length";
    zhang
        .browser
        .until("asked at first", &format!("{asked} >= 1"))
        .await?;
    server.kill().await?;
    zhang
        .browser
        .until("the connection is lost", was_away)
        .await?;
    server.restart().await?;
    zhang.is_connected().await?;
    zhang
        .browser
        .until("asked again", &format!("{asked} >= 2"))
        .await?;
    // What follows an answer is done when the page has nothing to do.
    zhang
        .browser
        .eval("new Promise(done => setTimeout(done))")
        .await?;
    let offered = "document.querySelector('[data-testid=reload]') !== null";
    assert_eq!(zhang.browser.eval(offered).await?, false);

    server.kill().await?;
    zhang
        .browser
        .until("the connection is lost", was_away)
        .await?;
    rebuild(&page)?;
    server.restart().await?;
    zhang.browser.click("reload").await?;
    let is_new = &format!("document.querySelector('link[href=\"/{NEW_FILE}\"]') !== null");
    zhang.browser.until("the new page", is_new).await?;
    zhang.is_connected().await?;
    keeps(
        &zhang,
        &format!("html.includes('{NEW_FILE}') && await cache.match('/{NEW_FILE}') !== undefined"),
    )
    .await?;
    // And without the server it is the new one that opens.
    server.kill().await?;
    zhang.browser.driver().refresh().await?;
    zhang.browser.until("still the new page", is_new).await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_browser_finds_what_it_needs_to_install_the_page() -> Result<()> {
    let server = serve_page_with(&[]).await?;
    let answer = server
        .http()
        .get(server.url("/manifest.webmanifest"))
        .send()
        .await?;
    let kind = answer.headers()["content-type"].to_str()?.to_owned();
    assert_eq!(kind, "application/manifest+json");
    let manifest: Value = answer.error_for_status()?.json().await?;
    for icon in manifest["icons"].as_array().context("no icons")? {
        let path = icon["src"].as_str().context("no src")?;
        let answer = server.http().get(server.url(path)).send().await?;
        let bytes = answer.error_for_status()?.bytes().await?;
        assert!(bytes.starts_with(b"\x89PNG"), "{path}");
    }
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let problems = zhang
        .browser
        .cdp("Page.getInstallabilityErrors", serde_json::json!({}))
        .await?;
    assert_eq!(problems["installabilityErrors"], serde_json::json!([]));
    zhang.browser.close().await?;
    Ok(())
}

/// Answers every request with 401, as HTTP Basic in front of a server does, until it is dropped.
async fn asks_who_one_is(address: &str) -> Result<JoinSet<()>> {
    let listener = TcpListener::bind(address).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let answer = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Negotiate\r\n\
                          content-length: 14\r\nconnection: close\r\n\r\nwho are you, x";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(tasks)
}

#[tokio::test]
async fn a_proxy_that_asks_who_one_is_is_seen_and_not_the_kept_page() -> Result<()> {
    let mut server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let person = Person::opens(driver, &server, &Look::default()).await?;
    keeps(&person, "true").await?;
    server.kill().await?;
    let proxy = asks_who_one_is(server.address()).await?;
    person.browser.goto(&server.url("/")).await?;
    let asked = "document.body.innerText.includes('who are you')";
    person.browser.until("the proxy's answer", asked).await?;
    drop(proxy);
    // Where nobody answers, what is kept is shown.
    person.browser.goto(&server.url("/")).await?;
    let kept = "/cannot be reached/.test(document.body.textContent)";
    person.browser.until("the kept page", kept).await?;
    person.browser.close().await
}
