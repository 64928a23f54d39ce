//! Whether a medium of ours may stand where a message names it.

use domain::content::{Content, MediaSource};
use domain::ids::MediaId;
use domain::scope::AccountScope;
use store::StoreError;

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
        match rules::check(place.media.kind(), mime_type, stored.bytes) {
            Ok(()) => {}
            Err(Broken::Type(detail)) => return misplaced("wrong_media_type", detail),
            Err(Broken::Size(detail)) => return misplaced("media_too_large", detail),
        }
    }
    Ok(Ok(()))
}
