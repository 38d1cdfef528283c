//! Groups of three people.

use crate::group::{create, send};
use crate::person::{MESSAGES, Person, serve_page};
use anyhow::Result;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn three_members_chat_in_a_new_group_without_a_reload() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let look = Look::default();
    let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
    let li = Person::logged_in(driver, &server, &look, LI.1).await?;
    let wang = Person::logged_in(driver, &server, &look, WANG.1).await?;

    zhang.creates("Hikers", &[LI.0, WANG.0]).await?;
    zhang.reads("thread-name", "Hikers").await?;
    zhang.reads("member-count", "3 members").await?;
    zhang
        .reads("event", "You created the group “Hikers”")
        .await?;
    for other in [&li, &wang] {
        let created = "张三 created the group “Hikers”";
        other.lists("Hikers", created, "1").await?;
        other.titled("(1) Tidings").await?;
    }

    zhang.sends("hello all").await?;
    zhang.sees("hello all", "sent", "sent").await?;
    zhang.lists("Hikers", "You: hello all", "").await?;
    for other in [&li, &wang] {
        other.lists("Hikers", "张三: hello all", "2").await?;
    }

    li.opens_group("Hikers").await?;
    li.sees("hello all", "received", "sent").await?;
    li.reads("event", "张三 created the group “Hikers”").await?;
    li.lists("Hikers", "张三: hello all", "").await?;
    li.titled("Tidings").await?;
    li.sends("hi from li").await?;
    li.sends("and more").await?;
    zhang.sees("and more", "received", "sent").await?;
    zhang.announces("李四: and more").await?;
    wang.lists("Hikers", "李四: and more", "4").await?;

    wang.opens_group("Hikers").await?;
    wang.sends("wang is here").await?;
    for other in [&zhang, &li] {
        other.sees("wang is here", "received", "sent").await?;
    }
    let all = ["hello all", "hi from li", "and more", "wang is here"];
    wang.sees("wang is here", "sent", "sent").await?;
    for person in [&zhang, &li, &wang] {
        person.shows(MESSAGES, &all).await?;
    }
    // The sender's name is above each run of messages of others, once.
    assert_eq!(zhang.senders().await?, ["李四", "王五"]);
    assert_eq!(li.senders().await?, ["张三", "王五"]);
    assert_eq!(wang.senders().await?, ["张三", "李四"]);

    wang.browser.driver().refresh().await?;
    wang.is_connected().await?;
    wang.lists("Hikers", "You: wang is here", "").await?;
    wang.opens_group("Hikers").await?;
    wang.sees("wang is here", "sent", "sent").await?;
    assert_eq!(wang.thread().await?, all);
    assert_eq!(wang.senders().await?, ["张三", "李四"]);
    for person in [zhang, li, wang] {
        person.browser.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn added_member_gets_new_messages_and_can_scroll_to_old_ones() -> Result<()> {
    let server = serve_page().await?;
    let group = create(&server, ZHANG, "Hikers", &[LI.0]).await?;
    let mut socket = Socket::bound(&server, ZHANG).await?;
    for n in 1..=120 {
        send(&mut socket, ZHANG.0, group, &format!("line {n}")).await?;
    }
    let driver = ChromeDriver::shared()?;
    let look = Look::default();
    let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
    let wang = Person::logged_in(driver, &server, &look, WANG.1).await?;
    assert_eq!(wang.list().await?, [""; 0]);

    zhang.opens_group("Hikers").await?;
    zhang.browser.click("group-open").await?;
    zhang.members(&["张三", "李四"]).await?;
    zhang.browser.click("group-add").await?;
    zhang.picks(WANG.0).await?;
    zhang.browser.click("group-submit").await?;
    zhang.members(&["张三", "李四", "王五"]).await?;
    zhang.reads("member-count", "3 members").await?;
    zhang.reads("event", "You added 王五").await?;

    // Messages from before the member was added are not unread.
    wang.lists("Hikers", "张三 added 王五", "1").await?;
    zhang.sends("welcome").await?;
    wang.lists("Hikers", "张三: welcome", "2").await?;
    wang.opens_group("Hikers").await?;
    wang.sees("welcome", "received", "sent").await?;
    let divider = "document.querySelector('[data-testid=unread-divider]').nextElementSibling.textContent === '张三 added 王五'";
    wang.browser.until("the divider", divider).await?;
    wang.lists("Hikers", "张三: welcome", "").await?;

    // Messages from before are history like any other.
    let up = "(document.querySelector('[data-testid=thread]').scrollTop = 0,
        document.querySelector('[data-testid=event]').dataset.seq === '1')";
    wang.browser.until("the beginning", up).await?;
    let expected: Vec<_> = (1..=120)
        .map(|n| format!("line {n}"))
        .chain(["welcome".to_owned()])
        .collect();
    assert_eq!(wang.thread().await?, expected);
    assert_eq!(
        wang.senders().await?,
        ["张三", "张三"],
        "an event parts them"
    );

    // Only the owner may add members; the others see the list.
    wang.browser.click("group-open").await?;
    wang.members(&["张三", "李四", "王五"]).await?;
    let may_add = "document.querySelector('[data-testid=group-add]') !== null";
    assert_eq!(wang.browser.eval(may_add).await?, false);
    for person in [zhang, wang] {
        person.browser.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn group_is_created_and_used_by_keyboard_alone() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;

    zhang.tabs_to("new-group").await?;
    zhang.types("" + Key::Enter).await?;
    zhang.focus_is_on("group-name").await?;
    zhang.types("" + Key::Escape).await?;
    zhang.focus_is_on("new-group").await?;
    let closed = "document.querySelector('[data-testid=group-dialog]') === null";
    zhang.browser.until("no dialog", closed).await?;

    zhang.types("" + Key::Enter).await?;
    zhang.focus_is_on("group-name").await?;
    zhang.types("Lunch").await?;
    zhang.types("" + Key::Tab).await?;
    zhang.focus_is_on("people-search").await?;
    zhang.browser.find("person").await?;
    // Enter selects the first match, and further input replaces the search text.
    zhang.types("李" + Key::Enter).await?;
    zhang.chosen(&["李四"]).await?;
    zhang.types("王" + Key::Enter).await?;
    zhang.chosen(&["李四", "王五"]).await?;
    // A checkbox of the list deselects.
    zhang.types("" + Key::Down).await?;
    zhang.types(" ").await?;
    zhang.chosen(&["李四"]).await?;
    zhang.tabs_to("group-submit").await?;
    zhang.types("" + Key::Enter).await?;
    zhang.reads("thread-name", "Lunch").await?;
    zhang.reads("member-count", "2 members").await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.types("noodles?" + Key::Enter).await?;
    zhang.sees("noodles?", "sent", "sent").await?;

    // The panel, too.
    zhang.tabs_back_to("group-open").await?;
    zhang.types("" + Key::Enter).await?;
    zhang.members(&["张三", "李四"]).await?;
    zhang.types("" + Key::Escape).await?;
    zhang.focus_is_on("group-open").await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn group_dialog_input_survives_a_server_outage() -> Result<()> {
    let mut server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.browser.click("new-group").await?;
    let name = zhang.browser.find("group-name").await?;
    name.send_keys("Lunch").await?;
    zhang.picks(LI.0).await?;
    server.kill().await?;
    zhang.browser.click("group-submit").await?;
    let error = "document.querySelector('p[data-testid=group-error]').textContent.includes('did not answer')";
    zhang.browser.until("what went wrong", error).await?;
    server.restart().await?;
    zhang.chosen(&["李四"]).await?;
    zhang.browser.click("group-submit").await?;
    zhang.reads("thread-name", "Lunch").await?;
    zhang.is_connected().await?;
    zhang
        .lists("Lunch", "You created the group “Lunch”", "")
        .await?;
    zhang.browser.close().await?;
    Ok(())
}
