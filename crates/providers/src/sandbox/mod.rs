//! The provider of accounts that are not live: the request is built and kept exactly as Meta would get it, every
//! message counts as delivered at once, and nothing leaves the house.

use std::time::Duration;

use async_trait::async_trait;
use domain::attempt::AttemptStatus;
use domain::refusal::{Failure, RefusalKind};
use serde_json::Value;

use crate::media::{MediaDescription, MediaDownload, MediaError, MediaUpload, UploadResult, Uploaded};
use crate::{
    Answer, Call, CallOutcome, Capabilities, ExternalId, HookHeaders, InvalidSignature, NotSupported, Outcome,
    Prepared, Provider, ProviderKind, Refusal, meta_cloud,
};

const CAPABILITIES: Capabilities = Capabilities {
    recipients_per_call: 1,
    messages_per_second: None,
    echoes_reference: false,
    has_service_window: false,
    kinds: domain::content::KINDS,
    marketing_messages: true,
};

const UPLOADED_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends to nobody.
#[derive(Debug)]
pub(crate) struct Sandbox;

#[async_trait]
impl Provider for Sandbox {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Sandbox
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn prepare(&self, call: &Call) -> Result<Prepared, NotSupported> {
        let path = format!("/sandbox/{}", meta_cloud::endpoint(call));
        Ok(Prepared { path, payload: meta_cloud::payload(call)? })
    }

    async fn send(&self, prepared: &Prepared) -> Answer {
        answer(match reference(&prepared.payload) {
            // The same attempt has the same id, so that sending it twice cannot look like two messages.
            Some(reference) => Outcome::Sent {
                external_ids: vec![ExternalId { kind: "sandbox", value: format!("sandbox.{reference}") }],
                status: AttemptStatus::Delivered,
            },
            None => Outcome::Refused(Refusal { failure: unreadable(), retry_after: None }),
        })
    }

    async fn mark_read(&self, _external_id: &str, _typing: bool) -> Answer {
        answer(Outcome::Sent { external_ids: Vec::new(), status: AttemptStatus::Delivered })
    }

    async fn upload_media(&self, upload: MediaUpload) -> UploadResult {
        // Nothing leaves the house: the id only shows in the request that a medium would be named there.
        Ok(Uploaded { id: format!("sandbox.{}", upload.digest), lifetime: UPLOADED_LIFETIME })
    }

    async fn describe_media(&self, _id: &str) -> Result<MediaDescription, MediaError> {
        Err(MediaError::Gone)
    }

    async fn download_media(&self, _url: &str) -> Result<MediaDownload, MediaError> {
        Err(MediaError::Gone)
    }

    fn may_be_about_media(&self, _failure: &Failure) -> bool {
        false
    }

    fn verify_hook(&self, _headers: &HookHeaders, _body: &[u8]) -> Result<(), InvalidSignature> {
        Err(InvalidSignature::NoSecret)
    }
}

fn answer(outcome: Outcome) -> Answer {
    Answer { outcome: CallOutcome::Whole(outcome), http_status: None, body: None }
}

fn reference(payload: &str) -> Option<String> {
    let payload: Value = serde_json::from_str(payload).ok()?;
    payload.get("biz_opaque_callback_data")?.as_str().map(ToOwned::to_owned)
}

fn unreadable() -> Failure {
    Failure {
        code: "sandbox_unreadable".to_owned(),
        kind: RefusalKind::Permanent,
        reason: "The sandbox could not read the request that was prepared for it.".to_owned(),
        remedy: "Send the message again; if this repeats, report it as a fault of Waypost.".to_owned(),
    }
}

#[cfg(test)]
mod tests;
