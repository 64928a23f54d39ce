//! The machine a figure was measured on: a figure without it says nothing.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde::Serialize;

/// How often the disk is asked to sync.
const SYNCS: usize = 200;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Version of the kernel.
    pub kernel: String,
    /// Device and file system of the data.
    pub disk: String,
    /// Median time to write 4 KiB behind a file's end and sync it: what a commit costs at least.
    pub sync_ms: f64,
    /// Whether this is an optimized build.
    pub release_build: bool,
    /// The commit that was built, if git is there; marked when files differ from it.
    pub commit: Option<String>,
}

impl Machine {
    /// This machine, with data in `folder`.
    pub(crate) fn look(folder: &Path) -> Self {
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib / 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            disk: disk(&read("/proc/self/mounts"), folder),
            sync_ms: sync_ms(folder).unwrap_or(0.0),
            release_build: !cfg!(debug_assertions),
            commit: commit(),
        }
    }

    /// What makes the figures worthless, if anything does.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.release_build {
            warnings.push("this is a debug build; build with --release".to_owned());
        }
        if self.disk.contains("tmpfs") {
            warnings.push(format!("the data lies in memory ({}); name a folder on a disk with --data", self.disk));
        }
        warnings
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The mount with the longest path above the folder.
fn disk(mounts: &str, folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let found = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?, words.next()?))
        })
        .filter(|(_, point, _)| folder.starts_with(point))
        .max_by_key(|(_, point, _)| point.len());
    found.map_or_else(|| "unknown".to_owned(), |(device, _, kind)| format!("{device} ({kind})"))
}

fn sync_ms(folder: &Path) -> std::io::Result<f64> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let block = [7_u8; 4096];
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let started = Instant::now();
        file.write_all(&block)?;
        file.as_file().sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).map_or(0.0, |median| median.as_secs_f64() * 1000.0))
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let hash = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = git(&["status", "--porcelain"]).is_some_and(|files| !files.is_empty());
    Some(if changed { format!("{hash} with changes") } else { hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_the_nearest_mount() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /nowhere/fast tmpfs rw 0 0\n";
        assert_eq!(disk(mounts, Path::new("/nowhere/fast/x")), "tmpfs (tmpfs)");
        assert_eq!(disk(mounts, Path::new("/nowhere/faster")), "/dev/vda (ext4)");
    }
}
