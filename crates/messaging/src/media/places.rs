//! Whether a medium of ours may stand where a message names it.

use domain::content::{Content, MediaDetails, MediaSource};
use domain::ids::MediaId;
use domain::scope::AccountScope;
use store::StoreError;
use store::media::Stored;
use tokio::io::AsyncReadExt;

use super::rules::{self, Broken};
use crate::core::Core;

/// A place of a message where its medium may not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misplaced {
    /// Stable.
    pub(crate) code: &'static str,
    /// Path of the field within the message.
    pub(crate) field: String,
    /// What is wrong and what would be right.
    pub(crate) detail: String,
}

/// Whether every medium of ours that the message names is the account's, is here, and is what its place takes.
pub(crate) async fn check_places(
    core: &Core,
    scope: &AccountScope,
    content: &Content,
) -> Result<Result<(), Misplaced>, StoreError> {
    let mut content = content.clone();
    for place in content.media_mut() {
        let MediaSource::Id(id) = &place.media.source else { continue };
        if !id.starts_with(MediaId::PREFIX) {
            continue;
        }
        let field = format!("{}.id", place.path);
        let misplaced = |code, detail: String| Ok(Err(Misplaced { code, field: field.clone(), detail }));
        let found = match MediaId::parse_public(id) {
            Some(id) => super::find(core, scope, id).await?,
            None => None,
        };
        let Some(medium) = found else {
            return misplaced("unknown_media", "this account has no medium with this id".to_owned());
        };
        let Some(stored) = super::stored(&medium) else {
            let detail = format!("the medium is {}, so its bytes are not here", medium.state.as_str());
            return misplaced("media_not_stored", detail);
        };
        let mime_type = medium.mime_type.as_deref().unwrap_or(rules::UNTOLD);
        if let MediaDetails::Audio { voice: Some(true) } = place.media.details
            && let Err(Broken::Type(detail) | Broken::Size(detail)) = rules::check_voice(mime_type)
        {
            let field = format!("{}.voice", place.path);
            return Ok(Err(Misplaced { code: "wrong_media_type", field, detail }));
        }
        let mut checked = rules::check(place.media.kind(), mime_type, stored.bytes);
        if checked.is_ok() && rules::may_be_too_large_if_still(place.media.kind(), stored.bytes) {
            checked = rules::check_still(&head(core, scope, stored).await?, stored.bytes);
        }
        match checked {
            Ok(()) => {}
            Err(Broken::Type(detail)) => return misplaced("wrong_media_type", detail),
            Err(Broken::Size(detail)) => return misplaced("media_too_large", detail),
        }
    }
    Ok(Ok(()))
}

/// The first bytes of a medium.
async fn head(core: &Core, scope: &AccountScope, stored: &Stored) -> Result<Vec<u8>, StoreError> {
    let file = super::open(core, scope, stored).await?;
    let mut head = Vec::new();
    let read = file.take(rules::WEBP_HEAD_BYTES as u64).read_to_end(&mut head).await;
    read.map_err(|error| StoreError::Unavailable(format!("a medium cannot be read: {error}")))?;
    Ok(head)
}
