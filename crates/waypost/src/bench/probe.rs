//! What the server and the machine did meanwhile: processor time from `/proc`, counters from `/metrics`.

use std::net::SocketAddr;
use std::time::Instant;

use super::client::Client;

/// Linux counts processor time in hundredths of a second on every machine Waypost is built for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Where to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    /// The server's process.
    pub pid: u32,
    /// Where it answers.
    pub address: SocketAddr,
}

/// What was seen at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    at: Instant,
    server_seconds: f64,
    generator_seconds: f64,
    machine_seconds: f64,
    metrics: Metrics,
}

/// Processor time per second of one stretch of time, in cores.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Cores {
    /// The server.
    pub server: f64,
    /// The load generator.
    pub generator: f64,
    /// Everything on the machine: these two, a database server, and whatever else ran.
    pub machine: f64,
}

/// What a group commit did over a stretch of time.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Commits {
    /// Which.
    pub group: &'static str,
    /// Commits per second.
    pub per_second: f64,
    /// Commands in one, on average.
    pub commands: f64,
    /// How long one took, on average: its statements and its sync.
    pub milliseconds: f64,
}

impl Probe {
    /// Looks.
    pub(crate) async fn sample(&self) -> anyhow::Result<Sample> {
        let metrics = self.metrics().await?;
        Ok(Sample {
            at: Instant::now(),
            server_seconds: process_seconds(&self.pid.to_string()),
            generator_seconds: process_seconds("self"),
            machine_seconds: machine_seconds(),
            metrics,
        })
    }

    /// The server's counters.
    pub(crate) async fn metrics(&self) -> anyhow::Result<Metrics> {
        let mut client = Client::connect(self.address).await?;
        let text = client.get("/metrics", None).await?;
        Ok(Metrics::parse(&String::from_utf8_lossy(text)))
    }
}

impl Sample {
    fn seconds_until(&self, later: &Self) -> f64 {
        later.at.duration_since(self.at).as_secs_f64().max(f64::EPSILON)
    }

    /// Processor time between two moments.
    pub(crate) fn cores_until(&self, later: &Self) -> Cores {
        let seconds = self.seconds_until(later);
        Cores {
            server: (later.server_seconds - self.server_seconds) / seconds,
            generator: (later.generator_seconds - self.generator_seconds) / seconds,
            machine: (later.machine_seconds - self.machine_seconds) / seconds,
        }
    }

    /// What the group commits did between two moments; only those that did something.
    pub(crate) fn commits_until(&self, later: &Self) -> Vec<Commits> {
        let seconds = self.seconds_until(later);
        ["main", "inlet"]
            .into_iter()
            .filter_map(|group| {
                let label = format!("group=\"{group}\"");
                let grown = |name: &str| later.metrics.sum(name, &label) - self.metrics.sum(name, &label);
                let commits = grown("waypost_group_commit_seconds_count");
                (commits > 0.0).then(|| Commits {
                    group,
                    per_second: commits / seconds,
                    commands: grown("waypost_group_commands_total") / commits,
                    milliseconds: grown("waypost_group_commit_seconds_sum") / commits * 1000.0,
                })
            })
            .collect()
    }
}

/// Counters as Prometheus reads them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(Vec<(String, f64)>);

impl Metrics {
    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .filter_map(|line| line.rsplit_once(' '))
                .filter_map(|(n, v)| Some((n.to_owned(), v.parse().ok()?)))
                .collect(),
        )
    }

    /// The sum of a metric over all its labels that contain `label`.
    pub(crate) fn sum(&self, name: &str, label: &str) -> f64 {
        let is_it = |full: &str| {
            full.strip_prefix(name)
                .is_some_and(|labels| (labels.is_empty() || labels.starts_with('{')) && labels.contains(label))
        };
        self.0.iter().filter(|(full, _)| is_it(full)).map(|(_, value)| value).sum()
    }
}

/// User and system time of a process and its threads.
fn process_seconds(process: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything; the fields behind it are counted from the third on.
    let behind = text.rsplit_once(')').map_or("", |(_, behind)| behind);
    behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>()
        / TICKS_PER_SECOND
}

/// Time all cores together spent on anything; without idle and waiting for the disk.
fn machine_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq
    fields.iter().enumerate().filter(|(i, _)| ![3, 4].contains(i) && *i < 7).map(|(_, value)| value).sum::<f64>()
        / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_over_their_labels() {
        let text = "# TYPE a_total counter\na_total{x=\"1\"} 3\na_total{x=\"2\"} 4\na_total_more 9\nb 1.5\n";
        let metrics = Metrics::parse(text);
        assert!((metrics.sum("a_total", "") - 7.0).abs() < f64::EPSILON);
        assert!((metrics.sum("a_total", "x=\"2\"") - 4.0).abs() < f64::EPSILON);
        assert!((metrics.sum("b", "") - 1.5).abs() < f64::EPSILON);
    }

    #[test]
    fn this_process_and_this_machine_used_some_time() {
        assert!(process_seconds("self") >= 0.0);
        assert!(machine_seconds() > 0.0);
    }
}
