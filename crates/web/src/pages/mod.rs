//! The pages: handlers that parse, authorize, call one use case and render a context of [`crate::views`].
//!
//! Whoever handles a page of an account takes a [`scope::PageScope`], the only way to its [`domain::scope::AccountScope`].

pub mod account_events;
pub mod assets;
mod bubbles;
pub mod callbacks;
pub mod compose;
mod compose_form;
pub mod error;
pub mod events;
mod media;
pub mod messages;
mod query;
mod rows;
mod scheduled;
pub mod scope;
pub mod senders;
pub mod sign_in;
mod steps;
pub mod templates;
pub(crate) mod tries;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use axum_extra::extract::CookieJar;
use domain::ids::AccountId;

use crate::auth;
use crate::pages::error::PageError;
use crate::same_origin;
use crate::state::Web;

/// A form holds a text of 4,096 characters, of which each may take twelve bytes, and the values of a template.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// Every page, and what the pages load.
pub fn router(web: &Web) -> Router<Web> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/app") }))
        .route("/static/{*path}", get(assets::show))
        .route("/app", get(home))
        .route("/app/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/app/sign-out", post(sign_in::sign_out))
        .route("/app/accounts/{account}/messages", get(messages::list).post(compose::submit))
        .route("/app/accounts/{account}/messages/{id}", get(messages::show))
        .route("/app/accounts/{account}/messages/{id}/row", get(messages::row))
        .route(
            "/app/accounts/{account}/messages/{id}/reschedule",
            get(scheduled::move_form).post(scheduled::reschedule),
        )
        .route("/app/accounts/{account}/messages/{id}/cancel", get(scheduled::cancel_form).post(scheduled::cancel))
        .route("/app/accounts/{account}/scheduled", get(scheduled::list))
        .route("/app/accounts/{account}/events", get(events::stream))
        .route("/app/accounts/{account}/senders", get(senders::list))
        .route("/app/accounts/{account}/account-events", get(account_events::list))
        .route("/app/accounts/{account}/templates", get(templates::list).post(templates::read_again))
        .route("/app/accounts/{account}/templates/{name}", get(templates::show))
        .route("/installation/callbacks", get(callbacks::list))
        .route("/app/{*rest}", any(|| async { PageError::NotFound }))
        .route("/installation/{*rest}", any(|| async { PageError::NotFound }))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(same_origin::require))
        .layer(from_fn_with_state(web.clone(), error::finish))
}

/// What pages show that is no page: bytes as they are stored, which no layer may compress, since parts of them are asked
/// for.
pub fn files(web: &Web) -> Router<Web> {
    Router::new()
        .route("/app/accounts/{account}/media/{id}", get(media::show))
        .layer(from_fn(same_origin::require))
        .layer(from_fn_with_state(web.clone(), error::finish))
}

/// `GET /app`: the messages of the first account, or the door.
async fn home(State(web): State<Web>, jar: CookieJar) -> Result<Response, PageError> {
    let Some(signed_in) = auth::session(&web, &jar).await? else {
        return Ok(Redirect::to("/app/sign-in").into_response());
    };
    let memberships = auth::memberships(&web, &signed_in).await?;
    let first = memberships.first().ok_or(PageError::Forbidden)?;
    Ok(Redirect::to(&messages_of(first.account)).into_response())
}

/// Where an account's pages are, as [`crate::views::shell::Shell::base`] wants it.
fn base_of(account: AccountId) -> String {
    format!("/app/accounts/{account}")
}

/// Where an account's messages are.
fn messages_of(account: AccountId) -> String {
    format!("{}/messages", base_of(account))
}
