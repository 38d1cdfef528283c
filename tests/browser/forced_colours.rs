//! The page in forced colours ("high contrast"), where the browser replaces all backgrounds by one.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::{Value, json};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// What distinguishes an element from its surroundings: its border, and its background if that is
/// not the page's.
const LOOKS: &str = "selector => {
    const style = getComputedStyle(document.querySelector(selector));
    const page = getComputedStyle(document.body).backgroundColor;
    const ground = style.backgroundColor;
    const framed = parseFloat(style.borderTopWidth) > 0 && style.borderTopColor !== page;
    return [
        framed ? style.borderTopWidth + style.borderTopColor : '',
        ground === 'rgba(0, 0, 0, 0)' || ground === page ? '' : ground,
    ].join('/');
}";

async fn looks(person: &Person, selector: &str) -> Result<Value> {
    person
        .browser
        .eval(&format!("({LOOKS})({})", json!(selector)))
        .await
}

async fn everything_shows(look: &Look) -> Result<()> {
    let server = serve_page().await?;
    for from in [LI, WANG] {
        let mut socket = Socket::bound(&server, from).await?;
        past::line(&mut socket, from.0, ZHANG.0, "hello").await?;
    }
    let zhang = Person::logged_in(ChromeDriver::shared()?, &server, look, ZHANG.1).await?;
    let scheme = if look.dark { "dark" } else { "light" };
    let features = json!([
        {"name": "forced-colors", "value": "active"},
        {"name": "prefers-color-scheme", "value": scheme},
    ]);
    zhang
        .browser
        .cdp("Emulation.setEmulatedMedia", json!({"features": features}))
        .await?;
    let is_visible = async |selector: &str| -> Result<()> {
        assert_ne!(
            looks(&zhang, selector).await?,
            "/",
            "{selector} cannot be seen"
        );
        Ok(())
    };
    for selector in [
        ".badge[data-testid=row-badge]",
        ".avatar",
        ".tab[aria-pressed=true]",
        ".chip",
    ] {
        is_visible(selector).await?;
    }
    zhang.opens_conversation(LI.0).await?;
    zhang.sends("and you").await?;
    zhang.sees("and you", "sent", "sent").await?;
    for selector in [".message.in .bubble", ".message.out .bubble", ".day > span"] {
        is_visible(selector).await?;
    }
    let (theirs, ours) = (".message.in .bubble", ".message.out .bubble");
    assert_ne!(looks(&zhang, theirs).await?, looks(&zhang, ours).await?);
    let (selected, other) = (".row[aria-current]", ".row:not([aria-current])");
    assert_ne!(looks(&zhang, selected).await?, looks(&zhang, other).await?);
    zhang.browser.close().await
}

#[tokio::test]
async fn bubbles_rows_and_badges_are_visible_in_forced_colours() -> Result<()> {
    for (width, dark) in [(1280, false), (1280, true), (360, false), (360, true)] {
        let look = Look {
            width,
            dark,
            ..Look::default()
        };
        everything_shows(&look).await?;
    }
    Ok(())
}
