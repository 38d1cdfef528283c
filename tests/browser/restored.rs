//! A backup is restored under an open page: all that is new is shown, and what was written is sent.

use crate::away::stored;
use crate::past::line;
use crate::person::{Person, serve_page};
use anyhow::Result;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG, command};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn restored_backup_under_an_open_page_hides_nothing_new() -> Result<()> {
    let mut server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    let mut li = Socket::bound(&server, LI).await?;
    line(&mut li, LI.0, ZHANG.0, "kept").await?;
    zhang.sees("kept", "received", "sent").await?;
    command(server.folder(), &["backup", "a.db"], "").await?;
    for text in ["lost 1", "lost 2"] {
        line(&mut li, LI.0, ZHANG.0, text).await?;
        zhang.sees(text, "received", "sent").await?;
    }

    server.kill().await?;
    zhang.sends("from the outbox").await?;
    zhang.sees("from the outbox", "sent", "pending").await?;
    command(server.folder(), &["restore", "a.db"], "").await?;
    server.restart().await?;
    // These take the places of those that are lost.
    let mut li = Socket::bound(&server, LI).await?;
    line(&mut li, LI.0, ZHANG.0, "new 1").await?;
    zhang.sees("new 1", "received", "sent").await?;
    zhang.sees("from the outbox", "sent", "sent").await?;
    line(&mut li, LI.0, ZHANG.0, "new 2").await?;
    zhang.sees("new 2", "received", "sent").await?;
    zhang.sees("kept", "received", "sent").await?;
    let lost = "![...document.querySelectorAll('[data-testid=message-text]')]
        .some((text) => text.textContent.startsWith('lost'))";
    zhang.browser.until("only what the store has", lost).await?;
    let mut texts = stored(&server).await?;
    texts.retain(|text| text == "from the outbox");
    assert_eq!(texts.len(), 1, "delivered once");
    zhang.browser.close().await
}
