//! Pictures, films, sounds, documents, stickers.

use serde_json::Value;

use super::{Checked, Fields, MediaUse, Source};
use crate::graph::GraphError;
use crate::graph::fields::is_link;

const CAPTION_MAX: usize = 1024;
const FILENAME_MAX: usize = 240;

pub(super) fn check(kind: &str, value: &Value) -> Result<Checked, GraphError> {
    let (kind, known): (&'static str, &[&str]) = match kind {
        "image" => ("image", &["id", "link", "caption"]),
        "video" => ("video", &["id", "link", "caption"]),
        "document" => ("document", &["id", "link", "caption", "filename"]),
        "audio" => ("audio", &["id", "link", "voice"]),
        _ => ("sticker", &["id", "link"]),
    };
    let fields = Fields::of(kind, value, known)?;
    let source = source(&fields)?;
    fields.bounded_text("caption", CAPTION_MAX)?;
    fields.bounded_text("filename", FILENAME_MAX)?;
    // Shown as a voice note it takes fewer types than as a sound.
    let kind = if fields.flag("voice")? == Some(true) { "voice" } else { kind };
    Ok(Checked::with_media([MediaUse { kind, source }]))
}

/// Exactly one of `id` and `link`.
pub(crate) fn source(fields: &Fields<'_>) -> Result<Source, GraphError> {
    match (fields.text("id")?, fields.text("link")?) {
        (Some(_), Some(_)) => Err(GraphError::new(
            100,
            format!("Param {} must not be given together with 'link': exactly one of both", fields.name_of("id")),
        )),
        (None, None) => Err(fields.missing("id")),
        (Some(id), None) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Source::Id(id.to_owned()))
        }
        (Some(_), None) => Err(fields.invalid("id", "is not a media id")),
        (None, Some(link)) if is_link(link) => Ok(Source::Link(link.to_owned())),
        (None, Some(_)) => Err(GraphError::new(100, format!("Param {} is not a valid URI", fields.name_of("link")))),
    }
}
