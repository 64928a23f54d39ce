//! The server under load: this binary again, as a process of its own, in a folder of its own, configured by environment.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::client::Client;
use super::probe::Probe;

pub(crate) const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PHONE_NUMBER_ID: &str = "106540352242922";
pub(crate) const BUSINESS_ACCOUNT_ID: &str = "102290129340398";
/// A number of the range that is reserved for fiction.
pub(crate) const SENDER_DIGITS: &str = "15550783881";

const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(40);
/// How many messages a page of the API has at most.
const PAGE: usize = 100;
/// How many lines of a log that complains are shown.
const PROBLEMS_SHOWN: usize = 5;
/// Where a walk over all messages begins.
pub(crate) const ALL_MESSAGES: &str = "/v1/messages?limit=100";
const LISTENS: &str = "listens on http://";

/// How the server is configured.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    folder: PathBuf,
    environment: HashMap<&'static str, String>,
}

impl Place {
    /// A folder, a database in it or elsewhere, and where Meta is.
    pub(crate) fn new(folder: &Path, database_url: Option<&str>, graph_url: &str) -> Self {
        let mut environment = HashMap::from([
            ("WAYPOST_SERVER_LISTEN", "127.0.0.1:0".to_owned()),
            ("WAYPOST_DATABASE_DATA_DIR", folder.join("data").display().to_string()),
            // What this program can do, not what a number may.
            ("WAYPOST_DISPATCH_MESSAGES_PER_SECOND", "unlimited".to_owned()),
            ("WAYPOST_META_GRAPH_BASE_URL", graph_url.to_owned()),
            ("WAYPOST_META_DISPLAY_PHONE_NUMBER", format!("+{SENDER_DIGITS}")),
            ("WHATSAPP_ACCESS_TOKEN", "EAAbench".to_owned()),
            ("WHATSAPP_APP_SECRET", APP_SECRET.to_owned()),
            ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "bench-verify-token".to_owned()),
            ("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID.to_owned()),
            ("WHATSAPP_BUSINESS_ACCOUNT_ID", BUSINESS_ACCOUNT_ID.to_owned()),
        ]);
        if let Some(url) = database_url {
            environment.insert("WAYPOST_DATABASE_URL", url.to_owned());
        }
        Self { folder: folder.to_owned(), environment }
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let program = std::env::current_exe().context("this program does not know its own file")?;
        let mut command = Command::new(program);
        // Nothing of the operator's own environment or waypost.toml may reach a server that is made to be beaten.
        command.args(arguments).env_clear().envs(&self.environment).current_dir(&self.folder).stdin(Stdio::null());
        command.kill_on_drop(true);
        Ok(command)
    }

    /// Makes the account; answers an access token.
    pub(crate) async fn setup(&self, sandbox: bool) -> anyhow::Result<String> {
        let mut arguments = vec!["setup", "--account", "Bench", "--email", "bench@waypost.example"];
        arguments.extend(sandbox.then_some("--sandbox"));
        let output = self.command(&arguments)?.output().await?;
        let said = String::from_utf8_lossy(&output.stdout);
        let token =
            said.lines().find_map(|line| line.strip_prefix("Access token")).map(|token| token.trim().to_owned());
        token.with_context(|| format!("`waypost setup` failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }

    /// Starts `serve`, or whatever else listens.
    pub(crate) async fn start(&self, subcommand: &str) -> anyhow::Result<Server> {
        let mut child = self.command(&[subcommand])?.stderr(Stdio::piped()).spawn()?;
        let pid = child.id().context("the server ended at once")?;
        let stderr = child.stderr.take().context("the server has no log")?;
        let file = self.folder.join("server.log");
        let log = File::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
        let (heard, address) = oneshot::channel();
        let mut reader = JoinSet::new();
        reader.spawn(keep_log(BufReader::new(stderr), log, heard));
        let started = tokio::time::timeout(START_TIMEOUT, address).await;
        let Ok(Ok(address)) = started else {
            bail!("the server did not start:\n{}", std::fs::read_to_string(&file).unwrap_or_default());
        };
        Ok(Server { child, pid, address, reader })
    }
}

/// Warnings and errors in a server's log.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct LogProblems {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first: Vec<String>,
}

impl LogProblems {
    fn note(&mut self, line: &str) {
        self.count += 1;
        if self.first.len() < PROBLEMS_SHOWN {
            self.first.push(line.to_owned());
        }
    }
}

/// Writes the log down; tells the address once, and at the end what it complained of.
async fn keep_log(
    log: BufReader<tokio::process::ChildStderr>,
    mut file: File,
    heard: oneshot::Sender<SocketAddr>,
) -> LogProblems {
    let (mut lines, mut heard, mut problems) = (log.lines(), Some(heard), LogProblems::default());
    while let Ok(Some(line)) = lines.next_line().await {
        // A log that cannot be written is no reason to stop measuring.
        let _ = writeln!(file, "{line}");
        // Before it listens it warns of the configuration, which is ours.
        if heard.is_none() && (line.contains(" WARN ") || line.contains(" ERROR ")) {
            problems.note(&line);
        }
        let address = line.split_once(LISTENS).and_then(|(_, address)| address.trim().parse().ok());
        if let (Some(address), Some(tell)) = (address, heard.take_if(|_| address.is_some())) {
            let _ = tell.send(address);
        }
    }
    problems
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pid: u32,
    address: SocketAddr,
    reader: JoinSet<LogProblems>,
}

impl Server {
    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where to look at it.
    pub(crate) const fn probe(&self) -> Probe {
        Probe { pid: self.pid, address: self.address }
    }

    /// The id of its one sender, as its API tells it.
    pub(crate) async fn sender(&self, token: &str) -> anyhow::Result<i64> {
        let mut client = Client::connect(self.address).await?;
        let list: Value = serde_json::from_slice(client.get("/v1/senders", Some(token)).await?)?;
        list["data"][0]["id"].as_i64().context("the server has no sender")
    }

    /// A page of its messages, and where the next one begins.
    pub(crate) async fn messages(&self, token: &str, path: &str) -> anyhow::Result<(Vec<Value>, Option<String>)> {
        let mut client = Client::connect(self.address).await?;
        let mut list: Value = serde_json::from_slice(client.get(path, Some(token)).await?)?;
        let next = list["next"].as_str().map(|after| format!("/v1/messages?limit={PAGE}&after={after}"));
        match list["data"].take() {
            Value::Array(rows) => Ok((rows, next)),
            _ => bail!("{path} answered no list"),
        }
    }

    /// Refuses to go on where others' data are.
    pub(crate) async fn insist_on_empty(&self, token: &str) -> anyhow::Result<()> {
        let (rows, _) = self.messages(token, "/v1/messages?limit=1").await?;
        ensure!(rows.is_empty(), "this database holds messages already; name an empty one");
        Ok(())
    }

    /// Stops it as an operator does; answers what it complained of in its log.
    pub(crate) async fn stop(mut self) -> anyhow::Result<LogProblems> {
        // The standard library can only kill; the shell is everywhere and can ask.
        let asked = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.pid)).status().await;
        let asked = asked.is_ok_and(|status| status.success());
        if !asked || tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(self.reader.join_next().await.and_then(Result::ok).unwrap_or_default())
    }
}
