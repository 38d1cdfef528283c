//! The user's account in the page: name, picture, password, logins.

use crate::person::{Person, serve_page};
use anyhow::{Context, Result};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};
use tidings_tests::socket::Socket;

/// A JPEG of 600 by 400 pixels with a location in its EXIF data, as from a camera.
const JPEG_WITH_PLACE: &str = "(async () => {
    const canvas = document.createElement('canvas');
    canvas.width = 600; canvas.height = 400;
    const context = canvas.getContext('2d');
    context.fillStyle = '#c33'; context.fillRect(0, 0, 600, 400);
    const jpeg = await new Promise(done => canvas.toBlob(done, 'image/jpeg'));
    const text = new TextEncoder().encode('Exif\\0\\0SECRETPLACE');
    const exif = new Uint8Array([0xff, 0xe1, 0, text.length + 2, ...text]);
    const parts = [jpeg.slice(0, 2), exif, jpeg.slice(2)];
    const transfer = new DataTransfer();
    transfer.items.add(new File(parts, 'holiday.jpg', {type: 'image/jpeg'}));
    const field = document.querySelector('[data-testid=profile-picture]');
    field.files = transfer.files;
    field.dispatchEvent(new Event('change', {bubbles: true}));
})()";

async fn types(person: &Person, field: &str, text: &str) -> Result<()> {
    let field = person.browser.find(field).await?;
    field.clear().await?;
    Ok(field.send_keys(text).await?)
}

#[tokio::test]
async fn a_new_name_and_picture_show_in_every_tab_and_to_others() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let (first, second) = zhang.opens_a_second_tab(&server).await?;
    let web = zhang.browser.driver();
    web.switch_to_window(first).await?;

    zhang.browser.click("profile-open").await?;
    let shown = "document.querySelector('[data-testid=profile-name]').value === '张三'";
    zhang.browser.until("the present name", shown).await?;
    types(&zhang, "profile-name", "  ").await?;
    zhang.browser.click("profile-rename").await?;
    zhang.reads_profile_status("Enter a name.").await?;
    types(&zhang, "profile-name", "Zhang San").await?;
    zhang.browser.click("profile-rename").await?;
    zhang.reads_profile_status("Saved.").await?;

    zhang.browser.eval(JPEG_WITH_PLACE).await?;
    let pictured = "document.querySelector('.head-self img')?.naturalWidth === 256";
    zhang
        .browser
        .until("the picture at the top", pictured)
        .await?;
    zhang.browser.click("profile-close").await?;
    let focused = "document.activeElement.dataset.testid === 'profile-open'";
    zhang.browser.until("the focus is back", focused).await?;

    web.switch_to_window(second).await?;
    let named = "document.querySelector('.head-name').textContent === 'Zhang San'";
    zhang
        .browser
        .until("the name in the other tab", named)
        .await?;
    zhang.browser.until("the picture there", pictured).await?;

    // Others get both with the next message, and the picture without its location.
    let mut li = Socket::bound(&server, LI).await?;
    zhang.writes_to(1001).await?;
    zhang.sends("hello").await?;
    let message = li.data(4).await?;
    assert_eq!(message["ownerName"], "Zhang San");
    let path = message["ownerUidAvatar"].as_str().context("no avatar")?;
    let token = server.login(LI.1).await?;
    let request = server.http().get(server.url(path)).bearer_auth(token);
    let bytes = request.send().await?.error_for_status()?.bytes().await?;
    assert!(bytes.starts_with(b"RIFF") && !bytes.windows(6).any(|six| six == b"SECRET"));

    zhang.browser.click("profile-open").await?;
    zhang.browser.click("profile-no-picture").await?;
    let letter = "document.querySelector('.head-self .avatar').textContent === 'Z'";
    zhang.browser.until("the initial again", letter).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn file_that_is_no_picture_is_refused_with_a_message() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.browser.click("profile-open").await?;
    let field = zhang.browser.find("profile-picture").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("letter.png");
    tokio::fs::write(&file, "no picture").await?;
    field.send_keys(file.to_str().context("a path")?).await?;
    let status = "The browser cannot read this file as a picture. Choose another one.";
    zhang.reads_profile_status(status).await?;
    // Cancelling the file dialog must not close the account; browsers let this event bubble.
    let cancelled = "document.querySelector('[data-testid=profile-picture]')
        .dispatchEvent(new Event('cancel', {bubbles: true}))";
    zhang.browser.eval(cancelled).await?;
    types(&zhang, "profile-name", " ").await?;
    zhang.browser.click("profile-rename").await?;
    zhang.reads_profile_status("Enter a name.").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn password_change_logs_out_the_other_browser() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let here = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let there = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    here.browser.click("profile-open").await?;
    let two = "document.querySelectorAll('[data-testid=profile-logins] li').length === 2";
    here.browser.until("both logins", two).await?;
    let attempts = [
        ("wrong", "correct horse", "The current password is wrong."),
        (
            "1234",
            "seven77",
            "The password needs 8 characters or more.",
        ),
        (
            "1234",
            "correct horse",
            "The password was changed; you are logged out everywhere else.",
        ),
    ];
    for (old, new, status) in attempts {
        types(&here, "current-password", old).await?;
        types(&here, "new-password", new).await?;
        here.browser.click("profile-change-password").await?;
        here.reads_profile_status(status).await?;
    }
    let one = "document.querySelectorAll('[data-testid=profile-logins] li').length === 1";
    here.browser.until("one login is left", one).await?;
    there.browser.find("login-email").await?;
    there.logs_in(ZHANG.1, "correct horse").await?;
    there.is_connected().await?;
    here.browser.click("profile-close").await?;
    here.is_connected().await?;
    here.browser.close().await?;
    there.browser.close().await
}

#[tokio::test]
async fn other_login_is_listed_and_can_be_ended() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let here = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let there = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    here.browser.click("profile-open").await?;
    let named = "document.querySelector('[data-testid=profile-end]')
        ?.getAttribute('aria-label') === 'Log out Chrome · Linux'";
    here.browser.until("the other is named", named).await?;
    here.browser.click("profile-end").await?;
    there.browser.find("login-email").await?;
    let gone = "!document.querySelector('[data-testid=profile-end]')";
    here.browser.until("it is gone", gone).await?;
    here.reads_profile_status("Logged out there.").await?;
    let focused = "document.activeElement.id === 'profile-logins'";
    here.browser.until("the focus stays", focused).await?;
    here.browser.close().await?;
    there.browser.close().await
}
