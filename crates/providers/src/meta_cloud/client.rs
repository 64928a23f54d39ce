//! The requests to the Graph API, and what their answers mean.

use std::time::Duration;

use async_trait::async_trait;
use domain::attempt::AttemptStatus;
use domain::content::Template;
use domain::refusal::{Failure, NOT_CONNECTED, RefusalKind};
use serde_json::Value;

use super::wire::{self, MetaError};
use super::{Settings, encode, errors, media};
use crate::account::{NumberDescription, ReadError, TemplatePage};
use crate::http::{Failed, HttpClient, Reply};
use crate::media::{MediaDescription, MediaDownload, MediaError, MediaUpload, UploadResult};
use crate::{
    Answer, Call, CallOutcome, Capabilities, ExternalId, HookHeaders, InvalidSignature, NotSupported, Outcome,
    Prepared, Provider, ProviderKind, Refusal, signature,
};

const CAPABILITIES: Capabilities = Capabilities {
    recipients_per_call: 1,
    // A number starts at 80; the level it is at is told by its own fields.
    messages_per_second: Some(80),
    echoes_reference: true,
    has_service_window: true,
    kinds: domain::content::KINDS,
    marketing_messages: true,
};

/// Meta counts its hourly budgets by the hour, so that no wait is longer.
const USAGE_WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// One business number on the Cloud API.
#[derive(Debug)]
pub(crate) struct MetaCloud {
    pub(super) settings: Settings,
    pub(super) http: HttpClient,
}

impl MetaCloud {
    pub(crate) fn new(settings: Settings, http: HttpClient) -> Self {
        Self { settings, http }
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) const fn http(&self) -> &HttpClient {
        &self.http
    }

    async fn post(&self, path: &str, payload: String, accept: fn(&Value) -> Option<Vec<ExternalId>>) -> Answer {
        let url = self.settings.url(path);
        match self.http.post_json(&url, &self.settings.access_token, payload).await {
            Ok(reply) => Answer {
                outcome: CallOutcome::Whole(outcome(&reply, accept)),
                http_status: Some(reply.status),
                body: Some(reply.kept_body()),
            },
            Err(failed) => {
                Answer { outcome: CallOutcome::Whole(without_answer(failed)), http_status: None, body: None }
            }
        }
    }
}

#[async_trait]
impl Provider for MetaCloud {
    fn kind(&self) -> ProviderKind {
        ProviderKind::MetaCloud
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn prepare(&self, call: &Call) -> Result<Prepared, NotSupported> {
        Ok(Prepared { path: self.settings.path(encode::endpoint(call)), payload: encode::payload(call)? })
    }

    async fn send(&self, prepared: &Prepared) -> Answer {
        let accept = |answer: &Value| {
            let value = wire::accepted_id(answer)?;
            Some(vec![ExternalId { kind: "wamid", value }])
        };
        self.post(&prepared.path, prepared.payload.clone(), accept).await
    }

    fn fallback_language(&self, failure: &Failure, template: &Template) -> Option<String> {
        let (primary, _region) = template.language().split_once('_')?;
        (failure.code == errors::TEMPLATE_UNKNOWN).then(|| primary.to_owned())
    }

    async fn mark_read(&self, external_id: &str, typing: bool) -> Answer {
        let accept = |answer: &Value| answer.get("success")?.as_bool()?.then(Vec::new);
        self.post(&self.settings.path(encode::MESSAGES), encode::read_receipt(external_id, typing), accept).await
    }

    async fn describe_number(&self) -> Result<NumberDescription, ReadError> {
        self.read_number().await
    }

    async fn list_templates(&self, business_account: &str, after: Option<&str>) -> Result<TemplatePage, ReadError> {
        self.read_templates(business_account, after).await
    }

    async fn upload_media(&self, upload: MediaUpload) -> UploadResult {
        self.upload(upload).await
    }

    async fn describe_media(&self, id: &str) -> Result<MediaDescription, MediaError> {
        self.describe(id).await
    }

    async fn download_media(&self, url: &str) -> Result<MediaDownload, MediaError> {
        self.download(url).await
    }

    fn may_be_about_media(&self, failure: &Failure) -> bool {
        media::may_be_about_media(failure)
    }

    fn verify_hook(&self, headers: &HookHeaders, body: &[u8]) -> Result<(), InvalidSignature> {
        signature::verify(self.settings.app_secret.as_ref(), headers, body)
    }
}

/// Three outcomes, and the third whenever there is doubt: the endpoint has no idempotency key.
pub(super) fn outcome(reply: &Reply, accept: fn(&Value) -> Option<Vec<ExternalId>>) -> Outcome {
    let body = wire::parse(&reply.body).unwrap_or_default();
    let is_success = (200..300).contains(&reply.status);
    if is_success && let Some(external_ids) = accept(&body) {
        // Accepted and no more: "200 means accepted, not sent".
        return Outcome::Sent { external_ids, status: AttemptStatus::Submitted };
    }
    match body.get("error").and_then(MetaError::read) {
        Some(error) => of_error(reply, &error),
        None => of_status(reply),
    }
}

fn of_error(reply: &Reply, error: &MetaError) -> Outcome {
    let mut failure = errors::classify(error);
    // "HTTP 429 with any code" is a refusal before processing.
    let is_limit = reply.status == 429 || errors::is_limit(error.code);
    if is_limit && !failure.kind.is_limit() {
        failure.kind = RefusalKind::SenderRate;
    }
    // A success that holds an error contradicts itself, and so does not settle what became of the message.
    let is_doubtful = errors::is_unknown_outcome(error.code) || !(300..500).contains(&reply.status);
    if is_doubtful && !is_limit && !errors::is_certain(error) {
        return Outcome::Unknown(format!("{} (code {}, HTTP {})", failure.reason, error.code, reply.status));
    }
    let retry_after = wait(reply, error.code, &failure);
    Outcome::Refused(Refusal { failure, retry_after })
}

fn of_status(reply: &Reply) -> Outcome {
    match reply.status {
        // 408 comes from something in between, which may have passed the request on.
        408 => Outcome::Unknown("the request timed out on its way (HTTP 408)".to_owned()),
        // The words that are missing may have been a code that leaves the outcome open; 429 needs no words.
        status if reply.is_broken_off && status != 429 => {
            Outcome::Unknown(format!("the answer broke off (HTTP {status})"))
        }
        300..500 => {
            let failure = errors::without_code(reply.status);
            let retry_after = failure.kind.is_retryable().then(|| reply.retry_after()).flatten();
            Outcome::Refused(Refusal { failure, retry_after })
        }
        200..300 => Outcome::Unknown("the provider answered without a message id".to_owned()),
        status => Outcome::Unknown(format!("the provider had a fault (HTTP {status})")),
    }
}

fn wait(reply: &Reply, code: i64, failure: &Failure) -> Option<Duration> {
    if !failure.kind.is_retryable() {
        return None;
    }
    let usage = if failure.kind == RefusalKind::SenderRate { usage_wait(reply) } else { None };
    reply.retry_after().or(usage).or_else(|| errors::documented_wait(code))
}

/// `X-Business-Use-Case-Usage`: by business, a list of uses, each with the minutes until it is open again.
fn usage_wait(reply: &Reply) -> Option<Duration> {
    let text = reply.headers.get("x-business-use-case-usage")?.to_str().ok()?;
    let usage: Value = serde_json::from_str(text).ok()?;
    let uses = usage.as_object()?.values().filter_map(Value::as_array).flatten();
    let minutes = uses.filter_map(|usage| usage.get("estimated_time_to_regain_access")?.as_u64()).max()?;
    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)).min(USAGE_WAIT_MAX))
}

pub(super) fn without_answer(failed: Failed) -> Outcome {
    let (code, kind, reason, remedy) = match failed {
        Failed::Lost(cause) => return Outcome::Unknown(cause),
        Failed::NotConnected(cause) => (
            NOT_CONNECTED,
            RefusalKind::Transient,
            format!("No connection to WhatsApp came about: {cause}"),
            "Waypost tries again; if this lasts, check the server's internet connection.",
        ),
        Failed::Malformed => (
            "malformed_request",
            RefusalKind::Authentication,
            "The address of the Graph API or the access token is not well formed.".to_owned(),
            "Enter the address and the token of this number again, without spaces or line breaks.",
        ),
    };
    let failure = Failure { code: code.to_owned(), kind, reason, remedy: remedy.to_owned() };
    Outcome::Refused(Refusal { failure, retry_after: None })
}
