//! Finding and using what is visible, with a limit to every wait.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;

use super::{Browser, xpath};

/// WebDriver tells nothing by itself: waiting for a page is asking again.
const ASK_EVERY: Duration = Duration::from_millis(40);

/// How much of the page an error quotes.
const QUOTED_CHARS_MAX: usize = 600;

impl Browser {
    /// The visible element of a role (`button`, `link`, `heading`, `dialog` ..) with this name.
    ///
    /// # Errors
    /// When none appears in time.
    pub async fn role(&self, role: &str, name: &str) -> Result<Element> {
        self.visible(&xpath::role(role, name), &format!("{role} “{name}”")).await
    }

    /// The visible button with this name.
    ///
    /// # Errors
    /// When none appears in time.
    pub async fn button(&self, name: &str) -> Result<Element> {
        self.role("button", name).await
    }

    /// The visible link with this text.
    ///
    /// # Errors
    /// When none appears in time.
    pub async fn link(&self, text: &str) -> Result<Element> {
        self.role("link", text).await
    }

    /// The visible field with this label.
    ///
    /// # Errors
    /// When none appears in time.
    pub async fn field(&self, label: &str) -> Result<Element> {
        self.visible(&xpath::field(label), &format!("field “{label}”")).await
    }

    /// Clicks the button with this name.
    ///
    /// # Errors
    /// When there is none in time, or something covers it.
    pub async fn click_button(&self, name: &str) -> Result<()> {
        self.button(name).await?.click().await.with_context(|| format!("the button “{name}” could not be clicked"))
    }

    /// Clicks the link with this text.
    ///
    /// # Errors
    /// When there is none in time, or something covers it.
    pub async fn click_link(&self, text: &str) -> Result<()> {
        self.link(text).await?.click().await.with_context(|| format!("the link “{text}” could not be clicked"))
    }

    /// Replaces what stands in the field with this label, typing as a person does.
    ///
    /// # Errors
    /// When there is none in time, or it takes no text.
    pub async fn fill(&self, label: &str, text: &str) -> Result<()> {
        let field = self.field(label).await?;
        field.clear().await.with_context(|| format!("the field “{label}” could not be emptied"))?;
        field.send_keys(text).await.with_context(|| format!("the field “{label}” took no text"))
    }

    /// Chooses the option with this text in the list with this label.
    ///
    /// # Errors
    /// When there is no such list or option.
    pub async fn choose(&self, label: &str, option: &str) -> Result<()> {
        let field = self.field(label).await?;
        field.select_by_label(option).await.with_context(|| format!("“{label}” has no option “{option}”"))
    }

    /// Whether the words can be seen on the page now.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn text_visible(&self, words: &str) -> Result<bool> {
        Ok(self.first_visible(&xpath::text(words)).await?.is_some())
    }

    /// Waits until the words can be seen, and gives the element that shows them.
    ///
    /// # Errors
    /// When they do not appear in time.
    pub async fn wait_for_text(&self, words: &str) -> Result<Element> {
        self.visible(&xpath::text(words), &format!("text “{words}”")).await
    }

    /// Waits until the words cannot be seen any more.
    ///
    /// # Errors
    /// When they stay.
    pub async fn wait_for_text_gone(&self, words: &str) -> Result<()> {
        let expression = xpath::text(words);
        let what = format!("page without the text “{words}”");
        self.wait_for(&what, async || Ok(self.first_visible(&expression).await?.is_none().then_some(()))).await
    }

    /// Waits until a script's value is true; the script is an expression.
    ///
    /// # Errors
    /// When it stays false.
    pub async fn wait_for_script(&self, expression: &str) -> Result<()> {
        let script = format!("return Boolean({expression})");
        let probe = async || Ok((self.client().execute(&script, Vec::new()).await? == true).then_some(()));
        self.wait_for(&format!("page where {expression}"), probe).await
    }

    /// Asks again and again until there is an answer; what the page replaced while it was being asked is no error.
    ///
    /// # Errors
    /// When there is no answer in time; the error quotes the page.
    pub async fn wait_for<T>(&self, what: &str, probe: impl AsyncFn() -> Result<Option<T>, CmdError>) -> Result<T> {
        let started = Instant::now();
        loop {
            match probe().await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error).with_context(|| format!("looking for a {what}")),
            }
            if started.elapsed() >= self.patience {
                break;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        let address = self.address().await.map_or_else(|error| error.to_string(), String::from);
        bail!("no {what} on {address} after {:?}; the page says: {}", self.patience, self.quote().await)
    }

    async fn visible(&self, expression: &str, what: &str) -> Result<Element> {
        self.wait_for(&format!("visible {what}"), async || self.first_visible(expression).await).await
    }

    async fn first_visible(&self, expression: &str) -> Result<Option<Element>, CmdError> {
        for element in self.client().find_all(Locator::XPath(expression)).await? {
            match element.is_displayed().await {
                Ok(true) => return Ok(Some(element)),
                Ok(false) => {}
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn quote(&self) -> String {
        let text = self.client().execute("return document.body?.innerText ?? ''", Vec::new()).await;
        let text = text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        words.chars().take(QUOTED_CHARS_MAX).collect()
    }
}

/// A page that is just being replaced answers with these.
fn is_passing(error: &CmdError) -> bool {
    error.is_stale_element_reference() || error.is_no_such_element() || error.is_javascript_error()
}
