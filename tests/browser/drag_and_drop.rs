//! Files, links and texts dropped on the page.

use crate::person::{Person, serve_page};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};

impl Person {
    /// Drops data onto the middle of an element.
    async fn drops(&self, data: &Value, selector: &str) -> Result<()> {
        let middle = format!(
            "(box => [box.x + box.width / 2, box.y + box.height / 2])
                (document.querySelector('{selector}').getBoundingClientRect())"
        );
        let middle = self.browser.eval(&middle).await?;
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({"type": kind, "x": middle[0], "y": middle[1], "data": data});
            self.browser.cdp("Input.dispatchDragEvent", event).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn dropped_file_or_link_does_not_replace_the_page() -> Result<()> {
    let server = serve_page().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("holiday.txt");
    std::fs::write(&path, "a file")?;
    let path = path.to_str().context("a path in UTF-8")?;
    let file = json!({"items": [], "files": [path], "dragOperationsMask": 1});
    let address = json!([{"mimeType": "text/uri-list", "data": server.url("/healthz")}]);
    let link = json!({"items": address, "dragOperationsMask": 1});
    let text = json!([{"mimeType": "text/plain", "data": "a text"}]);
    let text = json!({"items": text, "dragOperationsMask": 1});

    let driver = ChromeDriver::shared()?;
    let zhang = Person::opens(driver, &server, &Look::default()).await?;
    zhang.browser.find("login-email").await?;
    zhang.browser.eval("window.stayed = true").await?;
    for selector in ["h1", "input[name=email]"] {
        zhang.drops(&file, selector).await?;
    }
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    zhang.writes_to(LI.0).await?;
    for selector in [".thread", "#composer-input", ".sidebar"] {
        zhang.drops(&file, selector).await?;
        zhang.drops(&link, ".thread").await?;
    }
    // A text may be dropped into the composer.
    zhang.drops(&text, "#composer-input").await?;
    let written = "document.querySelector('#composer-input').value === 'a text'";
    zhang.browser.until("the text is there", written).await?;
    assert_eq!(zhang.browser.eval("window.stayed").await?, true);
    assert_eq!(zhang.browser.driver().windows().await?.len(), 1);
    zhang.browser.close().await
}
