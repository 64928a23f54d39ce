//! The verification Meta makes before it takes a callback.

use crate::ids;
use crate::shared::Shared;

/// Asks `url` with a fresh challenge and the app's token.
///
/// # Errors
/// In words what the callback did instead of answering 200 with the bare challenge.
pub(crate) async fn handshake(app: &Shared, url: &str) -> Result<(), String> {
    handshake_with(app, url, &app.verify_token).await
}

/// Asks `url` with a fresh challenge and another token: overrides have their own.
///
/// # Errors
/// In words what the callback did instead of answering 200 with the bare challenge.
pub(crate) async fn handshake_with(app: &Shared, url: &str, token: &str) -> Result<(), String> {
    let challenge = ids::object(&mut app.world().rng);
    let mut address = reqwest::Url::parse(url).map_err(|error| format!("{url} is not a URL: {error}"))?;
    address
        .query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", token);
    let answer = app.poster.http().get(address).send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = answer.text().await.map_err(|error| error.to_string())?;
    if status.as_u16() != 200 {
        return Err(format!("it answered {status}"));
    }
    if body != challenge {
        return Err("it did not answer with the bare challenge".to_owned());
    }
    Ok(())
}
