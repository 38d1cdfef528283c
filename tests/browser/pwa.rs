//! The page as a progressive web app: it opens without the server, and detects a newer build.

use crate::person::{Person, built_page, serve_page, serve_page_with};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{Launch, Server, ZHANG};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The name of a file of the newer build.
const NEW_FILE: &str = "0000000000000002-initializer.js";

/// Copies the built page, so that it can be changed.
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

/// Renames one of the page's files, like a build in which it has changed.
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
    // A debug build has no compressed files.
    for name in ["index.html", &old] {
        for form in ["br", "gz"] {
            let _ = std::fs::remove_file(page.join(format!("{name}.{form}")));
        }
    }
    Ok(())
}

/// Waits until the service worker has cached a page for which this is true, with all of its files.
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
async fn page_opens_offline_and_reconnects_when_the_server_is_back() -> Result<()> {
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
    let unreachable = "/cannot be reached/.test(document.body.textContent)";
    zhang
        .browser
        .until("a note that there is no server", unreachable)
        .await?;
    server.restart().await?;
    let again = zhang.browser.find_css("main button").await?;
    again.click().await?;
    zhang.is_connected().await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn newer_build_is_offered_and_loaded_completely() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let page = copied_page(folder.path())?;
    let page_argument = page.to_string_lossy().into_owned();
    let data = tempfile::tempdir()?;
    let launch = Launch::new(data.path(), &["--client-dir", &page_argument]);
    let mut server = Server::alone(data, launch).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    keeps(&zhang, "true").await?;
    // The same build is not offered.
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
    // The answer has been handled when the page is idle.
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
    // Without the server the new build opens.
    server.kill().await?;
    zhang.browser.driver().refresh().await?;
    zhang.browser.until("still the new page", is_new).await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn page_meets_the_browsers_installability_criteria() -> Result<()> {
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

/// Answers every request with 401, like a proxy with HTTP authentication, until it is dropped.
async fn proxy_that_asks_for_a_login(address: &str) -> Result<JoinSet<()>> {
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
async fn proxy_login_prompt_wins_over_the_cached_page() -> Result<()> {
    let mut server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let person = Person::opens(driver, &server, &Look::default()).await?;
    keeps(&person, "true").await?;
    server.kill().await?;
    let proxy = proxy_that_asks_for_a_login(server.address()).await?;
    person.browser.goto(&server.url("/")).await?;
    let asked = "document.body.innerText.includes('who are you')";
    person.browser.until("the proxy's answer", asked).await?;
    drop(proxy);
    // Without any answer the cached page is shown.
    person.browser.goto(&server.url("/")).await?;
    let kept = "/cannot be reached/.test(document.body.textContent)";
    person.browser.until("the kept page", kept).await?;
    person.browser.close().await
}
