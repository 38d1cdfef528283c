//! A person without a mouse: keys go to the focused element, and the focus must be visible.

use super::person::Person;
use anyhow::{Result, bail, ensure};
use serde_json::json;
use thirtyfour::{Key, TypingData};

/// The most keys that may be needed to reach an element.
const KEYS: usize = 24;

/// What is wrong with the visibility of the focus; empty if nothing. The outline may be around an
/// ancestor, and a hidden field is represented by its label. In a page that was just opened nothing
/// has the focus.
const UNSEEN: &str = "(() => {
    const focused = document.activeElement;
    if (focused === document.body) return '';
    const seen = focused.matches('.hidden-text') ? focused.closest('label') : focused;
    const outlined = [seen, seen.closest('.chip, .composer-field, .row-check')].some(around => {
        const style = around && getComputedStyle(around);
        return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1
            && !style.outlineColor.endsWith(', 0)');
    });
    const box = seen.getBoundingClientRect();
    const inSight = box.width > 0 && box.height > 0
        && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    const what = focused.outerHTML.slice(0, 200);
    return !outlined ? 'no outline: ' + what : !inSight ? 'out of sight: ' + what : '';
})()";

/// Actions of a person by keyboard.
impl Person {
    /// Types into the focused element, after checking that the focus is visible.
    pub(crate) async fn types(&self, keys: impl Into<TypingData>) -> Result<()> {
        self.focus_shows().await?;
        let focused = self.browser.driver().active_element().await?;
        Ok(focused.send_keys(keys).await?)
    }

    pub(crate) async fn tabs_to(&self, id: &str) -> Result<()> {
        self.presses_until(id, &focus_on(id), || "" + Key::Tab)
            .await
    }

    pub(crate) async fn tabs_back_to(&self, id: &str) -> Result<()> {
        self.presses_until(id, &focus_on(id), || Key::Shift + Key::Tab)
            .await
    }

    /// Presses the same keys until a JavaScript expression is true.
    pub(crate) async fn presses_until(
        &self,
        what: &str,
        expression: &str,
        keys: fn() -> TypingData,
    ) -> Result<()> {
        for _ in 0..KEYS {
            if self.browser.eval(expression).await? == true {
                return self.focus_shows().await;
            }
            self.types(keys()).await?;
        }
        bail!("{what} is more than {KEYS} keys away");
    }

    pub(crate) async fn focus_is_on(&self, id: &str) -> Result<()> {
        self.focus_is(id, &focus_on(id)).await
    }

    /// Waits until a JavaScript expression about the focus is true.
    pub(crate) async fn focus_is(&self, what: &str, expression: &str) -> Result<()> {
        let what = format!("the focus on {what}");
        self.browser.until(&what, expression).await?;
        self.focus_shows().await
    }

    async fn focus_shows(&self) -> Result<()> {
        let unseen = self.browser.eval(UNSEEN).await?;
        ensure!(unseen == "", "the focus does not show: {unseen}");
        Ok(())
    }
}

fn focus_on(id: &str) -> String {
    format!("document.activeElement.dataset.testid === {}", json!(id))
}
