//! `…/media/{id}`: a medium, for a person who works in its account.

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use super::error::PageError;
use super::scope::PageScope;
use crate::media::{self, NoMedium};
use crate::state::Web;

/// Where a medium is, behind the account.
#[derive(Debug, Deserialize)]
pub(super) struct MediaPath {
    id: String,
}

/// `GET …/media/{id}`
pub(super) async fn show(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<MediaPath>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    media::answer(&web, &page.scope, &path.id, &headers).await.map_err(|none| match none {
        NoMedium::NotFound | NoMedium::NotStored { .. } => PageError::NotFound,
        NoMedium::Store(error) => error.into(),
    })
}
