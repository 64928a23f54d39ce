//! The ceiling: a server that does with a callback only what cannot be left out. HTTP, the signature over the exact
//! bytes, the same durable commit of the raw body; nothing reads what was stored.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use domain::clock::SharedClock;
use providers::{HookHeaders, HttpClient, Provider, Settings, meta_cloud};
use secrecy::SecretString;
use store::Store;
use store::inlet::Record;
use tokio::net::TcpListener;

use crate::app;
use crate::commands::serve::{real_world, stop_signal};
use crate::config::Config;
use crate::telemetry;

#[derive(Clone)]
struct Ceiling {
    store: Store,
    clock: SharedClock,
    provider: Arc<dyn Provider>,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// In words, what is in the way.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let (clock, random) = real_world();
    let store = app::open_store(&config, &clock, &random).await?;
    let http = HttpClient::new(config.dispatch.request_timeout).context("cannot make an HTTP client")?;
    let settings = meta_cloud::Settings {
        graph_base_url: config.meta.graph_base_url.as_str().to_owned(),
        graph_version: config.meta.graph_api_version.to_string(),
        phone_number_id: String::new(),
        media_host: config.meta.media_host.clone(),
        access_token: SecretString::from(String::new()),
        app_secret: config.meta.app_secret.clone(),
    };
    let provider = providers::connect(Settings::MetaCloud(settings), &http);
    let handle = telemetry::metrics_handle();
    let metrics = move || {
        handle.run_upkeep();
        std::future::ready(handle.render())
    };
    let router = Router::new()
        .route("/api/whatsapp/webhook", post(receive))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(config.limits.callback_body_bytes_max))
        .with_state(Ceiling { store: store.clone(), clock, provider });
    let listener = TcpListener::bind(config.server.listen).await?;
    tracing::info!("The ceiling listens on http://{}", listener.local_addr()?);
    // As the server does.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let stop = async {
        let _ = stop_signal().await;
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    store.close().await;
    Ok(())
}

async fn receive(State(ceiling): State<Ceiling>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let headers = HookHeaders { signature };
    if ceiling.provider.verify_hook(&headers, &body).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let record = Record {
        received_at: ceiling.clock.now(),
        route: "bench".to_owned(),
        headers: serde_json::json!({ "x-hub-signature-256": headers.signature }).to_string(),
        body: body.into(),
    };
    match ceiling.store.inlet().record(record).await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
