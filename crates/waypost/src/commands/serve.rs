//! `waypost serve` and `waypost setup`.

use std::sync::Arc;

use anyhow::Context;
use domain::clock::SharedClock;
use domain::random::SharedRandom;

use crate::app::{self, App, AppSettings};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::random::SystemRandom;
use crate::setup::{self, FirstThings};

/// The machine's clock and randomness.
#[must_use]
pub fn real_world() -> (SharedClock, SharedRandom) {
    (Arc::new(SystemClock), Arc::new(SystemRandom))
}

/// Serves until the process is told to stop.
///
/// # Errors
/// In words, what is in the way.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let (clock, random) = real_world();
    let store = app::open_store(&config, &clock, &random).await?;
    let settings = AppSettings { config: Arc::new(config), clock, random, demo_login: None };
    let mut app = App::start(settings, store).await?;
    tracing::info!("Waypost listens on http://{}", app.address());
    let ended = tokio::select! {
        signal = stop_signal() => {
            signal?;
            None
        }
        part = app.ended() => Some(part),
    };
    tracing::info!("Waypost stops");
    app.stop().await;
    match ended {
        None => Ok(()),
        Some(part) => anyhow::bail!("{part} ended by itself; the log above says why"),
    }
}

/// Makes the first account, person and token, and prints the secrets once.
///
/// # Errors
/// In words, what is in the way.
pub async fn setup(config: Config, account: &str, email: &str, sandbox: bool) -> anyhow::Result<()> {
    let (clock, random) = real_world();
    let store = app::open_store(&config, &clock, &random).await?;
    let region = config.accounts.default_region.code();
    let first = FirstThings {
        account,
        email,
        name: email.split('@').next().unwrap_or(email),
        region: &region,
        time_zone: config.accounts.default_time_zone.as_str(),
        live: !sandbox,
    };
    let made = setup::make(&store, clock.as_ref(), random.as_ref(), &first).await?;
    store.close().await;
    println!("Account       {}", made.account);
    println!("E-mail        {email}");
    println!("Password      {}", made.password);
    println!("Access token  {}", made.access_token);
    println!("They are stored as hashes and cannot be shown again.");
    Ok(())
}

/// Waits for Ctrl-C or, on Unix, SIGTERM.
///
/// # Errors
/// The signal cannot be listened to.
pub async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("cannot listen for SIGTERM")?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
