//! Places that can fail: a PostgreSQL of the test's own, and a disk of a few megabytes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert!(output.status.success(), "{shown}: {}", String::from_utf8_lossy(&output.stderr));
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

/// A PostgreSQL that this test may stop.
pub struct PrivatePostgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    url: String,
}

impl PrivatePostgres {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("waypost-postgres-").tempdir_in("/tmp").unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root; Debian's package made this user.
            run(Command::new("chown").arg("postgres:").arg(folder.path()));
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let this = Self { programs: programs(), folder, port, url };
        run(this.command("initdb").args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]));
        this.start_again();
        this
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn start_again(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={}",
            self.port,
            self.folder.path().display()
        );
        // The server would keep the pipes of pg_ctl open, so it gets none.
        let mut command = self.command("pg_ctl");
        let log = self.folder.path().join("server.log");
        command.args(["start", "--silent", "--wait", "--log"]).arg(log).arg("--options").arg(options);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "PostgreSQL did not start");
    }

    /// As a crash of the machine would: no checkpoint, connections cut.
    pub fn stop(&self) {
        run(self.command("pg_ctl").args(["stop", "--silent", "--mode=immediate"]));
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path()).env("PGDATA", self.folder.path().join("data"));
        command
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl").args(["stop", "--silent", "--mode=immediate"]).output();
    }
}

/// Debian keeps the server's programs out of the path, one folder per version.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed; scripts/test does it");
    let mut found: Vec<PathBuf> = versions.map(|entry| entry.unwrap().path().join("bin")).collect();
    found.retain(|folder| folder.join("initdb").exists());
    found.sort();
    found.pop().expect("PostgreSQL's server is installed; scripts/test does it")
}

/// A file system of a few megabytes, in memory; mounting needs root.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    pub fn mount(size: &str) -> Self {
        assert!(is_root(), "only root can mount a small disk to fill; run this test as root");
        let folder = tempfile::Builder::new().prefix("waypost-disk-").tempdir_in("/tmp").unwrap();
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path()));
        Self { folder }
    }

    pub fn grow(&self, size: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(self.folder.path()));
    }

    pub fn path(&self) -> &str {
        Path::new(self.folder.path()).to_str().expect("a path in UTF-8")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).output();
    }
}
