//! Groups, and the actions of a person with them.

use super::person::Person;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use tidings_tests::server::Server;
use tidings_tests::socket::Socket;

/// Creates a group over HTTP; returns its id.
pub(crate) async fn create(
    server: &Server,
    owner: (i64, &str),
    name: &str,
    members: &[i64],
) -> Result<i64> {
    let request = server
        .http()
        .post(server.url("/api/groups"))
        .bearer_auth(server.login(owner.1).await?)
        .json(&json!({"name": name, "members": members}));
    let group: Value = request.send().await?.error_for_status()?.json().await?;
    group["groupId"].as_i64().context("no id")
}

/// Sends a text to a group, and skips frames until its answer.
pub(crate) async fn send(socket: &mut Socket, from: i64, group: i64, content: &str) -> Result<()> {
    let data = json!({"senderUid": from, "groupId": group, "content": content, "msgType": 1});
    socket.send(json!({"type": 3, "data": data})).await?;
    while socket.next().await?["type"] != 3 {}
    Ok(())
}

/// Actions of a person with groups.
impl Person {
    pub(crate) async fn creates(&self, name: &str, members: &[i64]) -> Result<()> {
        self.browser.click("new-group").await?;
        let field = self.browser.find("group-name").await?;
        field.send_keys(name).await?;
        for uid in members {
            self.picks(*uid).await?;
        }
        self.browser.click("group-submit").await
    }

    /// Selects a user in the dialog.
    pub(crate) async fn picks(&self, uid: i64) -> Result<()> {
        let person = format!("[data-testid=person][data-peer='{uid}']");
        Ok(self.browser.find_css(&person).await?.click().await?)
    }

    pub(crate) async fn opens_group(&self, name: &str) -> Result<()> {
        let row = format!("{}?.dataset.peer", row(name));
        self.browser
            .until(&format!("{name} in the list"), &row)
            .await?;
        let key = self.browser.eval(&row).await?;
        let key = key.as_str().context("a key")?;
        let row = format!("[data-testid=conversation-row][data-peer='{key}']");
        self.browser.find_css(&row).await?.click().await?;
        self.browser.find("composer-input").await.map(drop)
    }

    /// Waits until the list shows a group with this preview and badge; an empty badge means none.
    pub(crate) async fn lists(&self, name: &str, preview: &str, badge: &str) -> Result<()> {
        let expression = format!(
            "(row => row.querySelector('[data-testid=row-preview]').textContent === {}
                && (row.querySelector('[data-testid=row-badge]')?.textContent.trim() ?? '') === {})({})",
            json!(preview),
            json!(badge),
            row(name)
        );
        let what = format!("{name} with {preview:?} and badge {badge:?}");
        self.browser.until(&what, &expression).await
    }

    /// Waits until this is announced to screen readers.
    pub(crate) async fn announces(&self, text: &str) -> Result<()> {
        self.reads("announced", text).await
    }

    /// Waits until the panel lists these members.
    pub(crate) async fn members(&self, names: &[&str]) -> Result<()> {
        let of = "[...document.querySelectorAll('[data-testid=member] .row-name')]";
        self.shows(of, names).await
    }

    /// Waits until the dialog shows these as chosen.
    pub(crate) async fn chosen(&self, names: &[&str]) -> Result<()> {
        self.shows(
            "[...document.querySelectorAll('[data-testid=chosen]')]",
            names,
        )
        .await
    }

    pub(crate) async fn shows(&self, elements: &str, texts: &[&str]) -> Result<()> {
        let texts = json!(texts).to_string();
        let expression = format!(
            "JSON.stringify({elements}.map(e => e.textContent)) === {}",
            json!(texts)
        );
        self.browser
            .until(&format!("shows {texts}"), &expression)
            .await
    }

    /// The sender names above the runs of messages in the open thread, in order.
    pub(crate) async fn senders(&self) -> Result<Vec<String>> {
        let names = "[...document.querySelectorAll('[data-testid=sender] .sender-name')].map(e => e.textContent)";
        Ok(serde_json::from_value(self.browser.eval(names).await?)?)
    }
}

/// The list's row of a conversation, by its name.
fn row(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('[data-testid=conversation-row]')].find(
            row => row.querySelector('[data-testid=row-name]').textContent === {})",
        json!(name)
    )
}
