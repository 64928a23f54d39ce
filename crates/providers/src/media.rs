//! Media at a provider: what every adapter's functions take and give.

use std::io;
use std::time::Duration;

use domain::refusal::Failure;
use futures_util::stream::BoxStream;

use crate::Refusal;
use crate::http::chain;

/// A medium's bytes, piece by piece.
pub type MediaBytes = BoxStream<'static, io::Result<Vec<u8>>>;

/// A medium to be handed to a provider.
pub struct MediaUpload {
    /// Its media type.
    pub mime_type: String,
    /// The name people see.
    pub filename: String,
    /// Its SHA-256 in hexadecimal.
    pub digest: String,
    /// How many bytes there are.
    pub length: u64,
    /// The bytes.
    pub bytes: MediaBytes,
}

impl std::fmt::Debug for MediaUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaUpload").field("mime_type", &self.mime_type).field("length", &self.length).finish()
    }
}

/// A provider's name for a medium of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The provider's id.
    pub id: String,
    /// How long it may be used.
    pub lifetime: Duration,
}

/// What a provider knows of a medium it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDescription {
    /// Where its bytes are, for some minutes.
    pub url: String,
    /// Its SHA-256, as the provider writes it.
    pub sha256: Option<String>,
    /// How many bytes there are.
    pub length: Option<u64>,
}

/// Why a medium cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The provider does not have it, or not any more.
    #[error("WhatsApp does not have this medium any more")]
    Gone,
    /// The address was good for some minutes, which are over: a new one helps.
    #[error("the address of the medium has expired")]
    Expired,
    /// The address is on a host that must not get the token; nothing was asked there.
    #[error("the address of the medium is on the host {0}, which is not one of WhatsApp's")]
    Foreign(String),
    /// The provider said no.
    #[error("{}", .0.reason)]
    Refused(Failure),
    /// Nothing usable came back; trying again is safe.
    #[error("{0}")]
    Lost(String),
}

/// A medium on its way to us.
#[derive(Debug)]
pub struct MediaDownload {
    /// The media type it was answered with.
    pub content_type: Option<String>,
    /// How many bytes there are, if that was said.
    pub length: Option<u64>,
    pub(crate) response: reqwest::Response,
}

impl MediaDownload {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `Lost`: the connection broke.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + Send>, MediaError> {
        self.response.chunk().await.map_err(|error| MediaError::Lost(chain(&error.without_url())))
    }
}

/// The answer to an upload.
pub type UploadResult = Result<Uploaded, Refusal>;
