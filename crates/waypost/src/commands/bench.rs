//! `waypost bench`, and the hidden server of its ceiling.

use crate::bench;
use crate::config::Config;

pub use crate::bench::BenchOptions;

/// Measures, in a runtime of its own; the configuration of this machine's own server has no part in it.
///
/// # Errors
/// In words, what is in the way, or what the server under load lost.
pub fn run(options: &BenchOptions) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(bench::run(options))
}

/// The server of the ceiling.
///
/// # Errors
/// In words, what is in the way.
pub async fn ceiling_server(config: Config) -> anyhow::Result<()> {
    bench::ceiling::serve(config).await
}
