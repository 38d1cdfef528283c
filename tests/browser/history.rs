//! Scrolling back: visible messages do not move when older ones are added.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::Result;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{WANG, ZHANG};

/// Scrolls near to the top and, in each frame until older rows are added, measures how far the
/// first visible row has moved.
const PREPEND: &str = "(async () => {
    const log = document.querySelector('[data-testid=thread]');
    const frame = () => new Promise(requestAnimationFrame);
    const rows = () => [...log.querySelectorAll('.message-rows [data-testid=message]')];
    const top = row => row.getBoundingClientRect().top;
    const firstSeq = () => Number(rows()[0].dataset.seq);
    const first = firstSeq();
    log.scrollTop = 250;
    const anchor = rows().find(row => row.getBoundingClientRect().bottom > top(log));
    // The top of the row may move when another row becomes the first of its run, its bottom may
    // not.
    const end = () => anchor.getBoundingClientRect().bottom;
    const before = end();
    let moved = 0;
    for (let settled = 0; settled < 5;) {
        await frame();
        moved = Math.max(moved, Math.abs(end() - before));
        settled += firstSeq() !== first;
    }
    return {moved, more: first - firstSeq(), wide: log.scrollWidth - log.clientWidth};
})()";

#[tokio::test]
async fn prepending_50_mixed_rows_moves_the_view_at_most_one_pixel() -> Result<()> {
    let server = serve_page().await?;
    past::write(&server, WANG, 1000, 500, past::mixed).await?;
    past::read(&server, ZHANG, 1002).await?;
    let driver = ChromeDriver::shared()?;
    for width in [1280, 360] {
        let look = Look {
            width,
            ..Look::default()
        };
        let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
        zhang.opens_conversation(1002).await?;
        let ready = "(log => log.querySelector('.message-rows [data-testid=message]')
            && log.scrollTop > 0 && log.scrollHeight - log.clientHeight - log.scrollTop < 2)(
                document.querySelector('[data-testid=thread]'))";
        zhang.browser.until("the end is here", ready).await?;
        // A thread opens with few rows and doubles them at first. On a slow machine two additions
        // may be seen as one.
        let mut fifty = 0;
        while fifty < 3 {
            let round = zhang.browser.eval(PREPEND).await?;
            println!("{width} px: {round}");
            assert!(
                round["moved"].as_f64().is_some_and(|moved| moved <= 1.0),
                "{round}"
            );
            fifty += u32::from(round["more"].as_i64() >= Some(50));
            assert_eq!(
                round["wide"], 0,
                "nothing is wider than the thread: {round}"
            );
        }
        zhang.browser.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn tall_window_is_filled_beyond_the_first_rows() -> Result<()> {
    let server = serve_page().await?;
    past::write(&server, WANG, 1000, 120, |n| n.to_string()).await?;
    past::read(&server, ZHANG, 1002).await?;
    let driver = ChromeDriver::shared()?;
    let tall = Look {
        height: 2400,
        ..Look::default()
    };
    let zhang = Person::logged_in(driver, &server, &tall, ZHANG.1).await?;
    zhang.opens_conversation(1002).await?;
    let filled =
        "(log => log.scrollTop > 0 && log.scrollHeight - log.clientHeight - log.scrollTop < 2)(
        document.querySelector('[data-testid=thread]'))";
    zhang.browser.until("rows up to the top", filled).await?;
    zhang.browser.close().await
}
