//! The server as an operator runs it: the real program, its own process, and SIGKILL.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const PROGRAM: &str = env!("CARGO_BIN_EXE_waypost");
const READY_WITHIN: Duration = Duration::from_secs(30);
const TAIL_BYTES: u64 = 12 * 1024;

/// The program, running or not.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    environment: Vec<(&'static str, String)>,
    folder: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    /// Whether the test passed; otherwise the end of the log is shown.
    pub is_fine: bool,
}

impl Server {
    pub(super) fn new(folder: &Path, address: SocketAddr, settings: Vec<(&'static str, String)>) -> Self {
        let mut environment = settings;
        environment.push(("WAYPOST_SERVER_LISTEN", address.to_string()));
        environment.push(("WAYPOST_DATABASE_DATA_DIR", folder.join("data").display().to_string()));
        environment.push(("RUST_BACKTRACE", "1".to_owned()));
        let log = folder.join("server.log");
        Self { address, environment, folder: folder.to_owned(), log, child: None, is_fine: false }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it is configured with.
    pub(super) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        self.environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))
    }

    /// `waypost setup`; answers the access token.
    pub(super) async fn set_up(&self) -> Result<String> {
        let command = self.command(&["setup", "--account", "Carmel View Hotel", "--email", "noa@waypost.example"]);
        let output = tokio::process::Command::from(command).output().await.context("setup does not start")?;
        let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let token = said.lines().find_map(|line| line.strip_prefix("Access token")).map(|rest| rest.trim().to_owned());
        token.filter(|_| output.status.success()).with_context(|| format!("setup failed: {said}\n{complaint}"))
    }

    /// `waypost serve`; does not wait for it.
    pub(super) fn start(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).context("no log")?;
        let mut command = self.command(&["serve"]);
        command.stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().context("serve does not start")?);
        Ok(())
    }

    /// Waits until it serves.
    pub(super) async fn ready(&mut self, http: &reqwest::Client) -> Result<()> {
        let (url, started) = (format!("{}/readyz", self.url()), Instant::now());
        loop {
            if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.child.as_mut().context("it was not started")?.try_wait()? {
                bail!("the server ended by itself: {status}");
            }
            if started.elapsed() > READY_WITHIN {
                bail!("the server was not ready within {} s", READY_WITHIN.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// SIGKILL; it must not have ended before.
    pub(super) fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("it was not started")?;
        if let Some(status) = child.try_wait()? {
            bail!("the server ended by itself: {status}");
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(PROGRAM);
        // Nothing of the machine's own settings, and no `waypost.toml` of the folder the tests run in.
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    fn log_tail(&self) -> Result<String> {
        let mut file = File::open(&self.log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        if !self.is_fine {
            eprintln!("The end of the server's log:\n{}", self.log_tail().unwrap_or_default());
        }
    }
}

/// A free port that stays free while nobody listens on it: the kernel gives ports of its own range to connections, and
/// a client that keeps trying a port of that range may in the end connect to itself.
pub(super) fn free_address(mut random: impl FnMut() -> u16) -> Result<SocketAddr> {
    for _ in 0..200 {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 10_000 + random() % 20_000));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no free port between 10000 and 30000")
}
