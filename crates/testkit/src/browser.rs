//! A headless Chromium, driven through the chromedriver that `scripts/test` started.
//!
//! Every browser has a profile of its own and reaches loopback addresses only. Pages are read and used as a person
//! does it: by names, labels and visible texts (see the finders in [`Browser`]); [`Browser::client`] is there for the
//! rest.

mod emulation;
mod finders;
mod xpath;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

pub use emulation::Colours;

/// Names the chromedriver to use.
pub const URL_VARIABLE: &str = "WAYPOST_TEST_WEBDRIVER_URL";

const PATIENCE: Duration = Duration::from_secs(5);

/// Chromium's switches: no sandbox, because tests run as root in containers; and nothing that looks for a network.
const SWITCHES: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=MediaRouter,OptimizationHints,Translate",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--lang=en",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
    "--password-store=basic",
];

/// Counts in the tab's own storage how often a document was loaded, also across reloads.
const COUNT_LOADS: &str = "if (self === top && location.protocol.startsWith('http')) \
    sessionStorage.setItem('testkit-loads', 1 + Number(sessionStorage.getItem('testkit-loads')))";

/// The size of the page's area, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Window {
    /// A laptop.
    pub const DESKTOP: Self = Self { width: 1280, height: 800 };
    /// A telephone held upright.
    pub const PHONE: Self = Self { width: 390, height: 844 };
}

/// An open browser with one tab.
///
/// [`Browser::close`] it at the end; dropping it, as a failing test does, closes it too.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    patience: Duration,
    // Dropped after the client: it closes what still writes into the profile.
    session: Session,
    profile: TempDir,
}

impl Browser {
    /// Opens a browser with an empty profile.
    ///
    /// # Errors
    /// When chromedriver cannot start one.
    ///
    /// # Panics
    /// When no chromedriver is named: a test that cannot run must not look as if it had passed.
    pub async fn open(window: Window) -> Result<Self> {
        let Ok(driver) = std::env::var(URL_VARIABLE) else {
            panic!(
                "{URL_VARIABLE} is not set: run the tests with scripts/test, which starts a browser driver for them"
            );
        };
        let profile = tempfile::Builder::new().prefix("waypost-browser-").tempdir()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path(), window))
            .connect(&driver)
            .await
            .with_context(|| format!("chromedriver at {driver} gave no browser"))?;
        let id = client.session_id().await?.context("chromedriver named no session")?;
        let session = Session { driver: Url::parse(&driver)?, id, is_open: true };
        let browser = Self { client, patience: PATIENCE, session, profile };
        browser.resize(window).await?;
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": COUNT_LOADS })).await?;
        Ok(browser)
    }

    /// The same browser with another limit to every wait.
    #[must_use]
    pub fn patient(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// The driver's own client, for what this type does not offer.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The folder of its profile, which goes with it.
    #[must_use]
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn goto(&self, address: &str) -> Result<()> {
        self.client.goto(address).await.with_context(|| format!("{address} could not be opened"))
    }

    /// The address of the page.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn address(&self) -> Result<Url> {
        Ok(self.client.current_url().await?)
    }

    /// Reloads the page.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.client.refresh().await?)
    }

    /// Runs a script in the page, with `return` for its value.
    ///
    /// # Errors
    /// When the script throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        self.client.execute(script, Vec::new()).await.with_context(|| format!("the script failed: {script}"))
    }

    /// How often this tab loaded a document of the page's origin: a click that changes the page without a load
    /// leaves it as it was.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn loads(&self) -> Result<u64> {
        let loads = self.script("return Number(sessionStorage.getItem('testkit-loads'))").await?;
        loads.as_u64().context("the number of loads is no number")
    }

    /// Errors that the page wrote to its console, or that the browser wrote about it, since the last call.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let command = Command { path: "se/log", body: json!({ "type": "browser" }) };
        let entries = self.client.issue_cmd(command).await?;
        let severe = entries.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        Ok(severe.filter_map(|entry| Some(entry["message"].as_str()?.to_owned())).collect())
    }

    /// Writes a picture of the visible part of the page, as PNG; missing folders are made.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = self.client.screenshot().await?;
        if let Some(folder) = file.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::write(file, picture).await.with_context(|| format!("{} could not be written", file.display()))
    }

    /// Sends one command of the Chrome DevTools protocol.
    ///
    /// # Errors
    /// When Chromium refuses it.
    pub async fn devtools(&self, method: &'static str, parameters: Value) -> Result<Value> {
        let command = Command { path: "goog/cdp/execute", body: json!({ "cmd": method, "params": parameters }) };
        self.client.issue_cmd(command).await.with_context(|| format!("{method} failed"))
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// When it is gone already.
    pub async fn close(mut self) -> Result<()> {
        self.session.is_open = false;
        Ok(self.client.clone().close().await?)
    }
}

fn capabilities(profile: &Path, window: Window) -> Capabilities {
    let mut switches: Vec<String> = SWITCHES.iter().copied().map(str::to_owned).collect();
    switches.push(format!("--user-data-dir={}", profile.display()));
    switches.push(format!("--window-size={},{}", window.width, window.height));
    let mut capabilities = Capabilities::new();
    capabilities.insert("browserName".into(), json!("chrome"));
    capabilities.insert("goog:chromeOptions".into(), json!({ "args": switches }));
    capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
    capabilities
}

/// A command of chromedriver's own, which the `WebDriver` standard does not have.
#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    // The error type is the url crate's, which nothing but this signature would need.
    fn endpoint(&self, driver: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        driver.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _address: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Ends the session however the test ends. When a test panics its runtime is gone before an asynchronous farewell
/// could be sent, and each browser left open costs some hundred megabytes until chromedriver stops.
#[derive(Debug)]
struct Session {
    driver: Url,
    id: String,
    is_open: bool,
}

impl Session {
    fn end(&self) -> Result<()> {
        let (Some(host), Some(port)) = (self.driver.host_str(), self.driver.port()) else {
            bail!("{} has no port", self.driver);
        };
        let mut stream = TcpStream::connect((host, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let id = &self.id;
        write!(stream, "DELETE /session/{id} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n")?;
        // The answer comes when the browser has ended.
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_open
            && let Err(error) = self.end()
        {
            eprintln!("a browser was left open: {error:#}");
        }
    }
}
