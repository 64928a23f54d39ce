//! Media on the Graph API: `POST /{phone number id}/media`, `GET /{media id}`, and the download host.

use std::time::Duration;

use domain::refusal::{Failure, RefusalKind};
use futures_util::stream::{self, StreamExt};
use reqwest::Url;
use serde_json::Value;

use super::client::{MetaCloud, outcome, without_answer};
use super::errors;
use super::wire::{self, MetaError};
use crate::http::{Failed, Reply};
use crate::media::{MediaDescription, MediaDownload, MediaError, MediaUpload, UploadResult, Uploaded};
use crate::{Outcome, Refusal};

/// Meta keeps what is uploaded for 30 days; a message that is sent in the last hours must still find it.
const UPLOADED_LIFETIME: Duration = Duration::from_secs(29 * 24 * 60 * 60);
/// Meta's subcode of an object that does not exist, or that this token must not see.
const NO_SUCH_OBJECT: i64 = 33;
/// What the code of a refusal may mean when a message names a medium: a wrong parameter, or the medium itself.
const MAY_MEAN_MEDIA: [&str; 5] = ["100", "131008", "131009", "131052", "131053"];

/// Whether a new upload of the message's medium may help.
pub(super) fn may_be_about_media(failure: &Failure) -> bool {
    MAY_MEAN_MEDIA.contains(&failure.code.as_str())
}

impl MetaCloud {
    pub(super) async fn upload(&self, upload: MediaUpload) -> UploadResult {
        let url = self.settings.url(&self.settings.path("media"));
        // The bytes cannot hold their own digest.
        let boundary = format!("waypost-{}", upload.digest);
        let (head, tail) = (form_head(&boundary, &upload), format!("\r\n--{boundary}--\r\n").into_bytes());
        let length = (head.len() + tail.len()) as u64 + upload.length;
        let piece = |bytes: Vec<u8>| stream::once(async move { Ok::<_, std::io::Error>(bytes) });
        let body = piece(head).chain(upload.bytes).chain(piece(tail)).boxed();
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let answer = self.http.post_stream(&url, &self.settings.access_token, &content_type, (length, body)).await;
        match answer {
            Ok(reply) => uploaded(&reply),
            Err(failed) => Err(refusal(without_answer(failed))),
        }
    }

    pub(super) async fn describe(&self, id: &str) -> Result<MediaDescription, MediaError> {
        let url = self.settings.url(&self.settings.medium_path(id));
        let response = self.http.get(&url, &self.settings.access_token).await.map_err(lost)?;
        let reply = Reply::read(response).await;
        let body = wire::parse(&reply.body).unwrap_or_default();
        if (200..300).contains(&reply.status)
            && let Some(url) = wire::text(&body, "url")
        {
            let length = wire::integer(&body, "file_size").and_then(|length| u64::try_from(length).ok());
            return Ok(MediaDescription { url, sha256: wire::text(&body, "sha256"), length });
        }
        Err(not_described(&reply, &body))
    }

    pub(super) async fn download(&self, address: &str) -> Result<MediaDownload, MediaError> {
        let url = Url::parse(address).map_err(|_| MediaError::Foreign("(none)".to_owned()))?;
        if !self.may_have_token(&url) {
            return Err(MediaError::Foreign(url.host_str().unwrap_or("(none)").to_owned()));
        }
        let response = self.http.get(url.as_str(), &self.settings.access_token).await.map_err(lost)?;
        match response.status().as_u16() {
            200..300 => {}
            // "404 when expired or the token is wrong"; the others were seen of addresses past their time too.
            401 | 403 | 404 | 410 => return Err(MediaError::Expired),
            // A redirect is not followed: it would carry the token to a host nobody named.
            status => return Err(MediaError::Lost(format!("the medium's address answered with HTTP status {status}"))),
        }
        let content_type = response.headers().get(reqwest::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        Ok(MediaDownload { content_type, length: response.content_length(), response })
    }

    /// The token goes to the Graph API and to the download host, and nowhere else, whatever an address says.
    fn may_have_token(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        let is_graph = Url::parse(&self.settings.graph_base_url).is_ok_and(|graph| graph.origin() == url.origin());
        let is_download = url.scheme() == "https"
            && url.port_or_known_default() == Some(443)
            && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&self.settings.media_host));
        is_graph || is_download
    }
}

/// Everything before the bytes.
fn form_head(boundary: &str, upload: &MediaUpload) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mime_type: String = upload.mime_type.chars().filter(|c| !c.is_control()).collect();
    let name: String = upload.filename.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
    format!(
        "{}{}--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {mime_type}\r\n\r\n",
        field("messaging_product", "whatsapp"),
        field("type", &mime_type),
    )
    .into_bytes()
}

fn uploaded(reply: &Reply) -> UploadResult {
    let body = wire::parse(&reply.body).unwrap_or_default();
    match wire::text(&body, "id") {
        Some(id) if (200..300).contains(&reply.status) => Ok(Uploaded { id, lifetime: UPLOADED_LIFETIME }),
        _ => Err(refusal(outcome(reply, |_| None))),
    }
}

/// An upload sends no message, so where a message's fate would be unknown it is simply made again.
fn refusal(outcome: Outcome) -> Refusal {
    let cause = match outcome {
        Outcome::Refused(refusal) => return refusal,
        Outcome::Unknown(cause) => cause,
        Outcome::Sent { .. } => "the provider answered without a media id".to_owned(),
    };
    let failure = Failure {
        code: "upload_lost".to_owned(),
        kind: RefusalKind::Transient,
        reason: format!("WhatsApp did not confirm the upload: {cause}."),
        remedy: "Nothing to do: Waypost uploads it again.".to_owned(),
    };
    Refusal { failure, retry_after: None }
}

fn not_described(reply: &Reply, body: &Value) -> MediaError {
    let Some(error) = body.get("error").and_then(MetaError::read) else {
        return match reply.status {
            404 | 410 => MediaError::Gone,
            status => MediaError::Lost(format!("WhatsApp answered with HTTP status {status} and without an address")),
        };
    };
    if error.code == 100 && error.subcode == Some(NO_SUCH_OBJECT) {
        return MediaError::Gone;
    }
    MediaError::Refused(errors::classify(&error))
}

fn lost(failed: Failed) -> MediaError {
    match without_answer(failed) {
        Outcome::Refused(refusal) => MediaError::Refused(refusal.failure),
        Outcome::Unknown(cause) => MediaError::Lost(cause),
        Outcome::Sent { .. } => MediaError::Lost("no answer came".to_owned()),
    }
}
