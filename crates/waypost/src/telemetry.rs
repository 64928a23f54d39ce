//! Logs and metrics of the process. Both are installed once, by the binary; nothing here knows what is logged.

use std::io::IsTerminal;
use std::sync::OnceLock;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogSection};

/// Libraries that write headers or bodies, and with them credentials, below level `info`.
const TALKATIVE: [&str; 7] = ["h2", "hyper", "hyper_util", "reqwest", "rustls", "tungstenite", "tokio_tungstenite"];

/// From a local database's commit to a provider's slowest answer.
const SECONDS_BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0, 15.0, 30.0, 60.0];

/// Sends logs to standard error, as text or JSON, filtered as configured.
///
/// # Errors
/// When logs are installed already.
pub fn init(log: &LogSection) -> anyhow::Result<()> {
    tracing_subscriber::registry()
        .with(output(log.format))
        .with(log.filter.to_env_filter())
        .with(filter_fn(may_be_logged))
        .try_init()
        .context("logging is installed already")
}

/// The recorder's handle, which renders all metrics as Prometheus reads them. The first call installs the recorder.
///
/// The owner of the handle calls `run_upkeep` every few seconds, else histograms grow until someone renders them.
pub fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install_recorder).clone()
}

fn output(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    match format {
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
        // Left alone, the library colours a file too; asked to colour, it would no longer heed NO_COLOR.
        LogFormat::Text if !std::io::stderr().is_terminal() => {
            fmt::layer().with_writer(std::io::stderr).with_ansi(false).boxed()
        }
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).boxed(),
    }
}

/// Whatever filter an operator writes, libraries that see credentials stay at `info`.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    is_harmless(metadata.target(), *metadata.level())
}

fn is_harmless(target: &str, level: Level) -> bool {
    // PostgreSQL notes at every start that what exists exists.
    let library = target.split("::").next().unwrap_or(target);
    if library == "sqlx" && target.ends_with("::notice") {
        return level <= Level::WARN;
    }
    level <= Level::INFO || !TALKATIVE.contains(&library)
}

fn install_recorder() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)
        // It only refuses an empty list; without buckets there would still be summaries.
        .unwrap_or_else(|_| PrometheusBuilder::new())
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("Another metrics recorder is installed, so /metrics will stay empty");
    }
    handle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_see_credentials_stay_at_info() {
        assert!(!is_harmless("h2::codec::framed_write", Level::DEBUG));
        assert!(!is_harmless("hyper", Level::TRACE));
        assert!(is_harmless("hyper::proto", Level::WARN));
        assert!(is_harmless("h2o_is_ours", Level::TRACE));
        assert!(is_harmless("messaging::dispatch", Level::TRACE));
    }

    #[test]
    fn seconds_have_buckets_and_the_handle_is_one() {
        let handle = metrics_handle();
        metrics::histogram!("telemetry_test_seconds").record(0.02);
        let text = metrics_handle().render();
        assert!(text.contains(r#"telemetry_test_seconds_bucket{le="0.025"} 1"#), "{text}");
        assert_eq!(handle.render(), text);
    }
}
