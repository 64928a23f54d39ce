//! Callbacks: the signature is checked over the exact bytes, the body is stored, and only then it is answered.

use std::sync::Arc;

use domain::ids::InletId;
use providers::{HookHeaders, InvalidSignature, ProviderKind};
use store::StoreError;
use store::inlet::Record;

use crate::core::Core;
use crate::lines::Application;
use crate::metric::Metric;

/// Why a callback was not stored.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Its signature is missing or wrong: 401, and nothing is stored.
    #[error(transparent)]
    Signature(#[from] InvalidSignature),
    /// Too many came on this path: 429.
    #[error("too many callbacks per second")]
    TooMany,
    /// It could not be stored: the provider shall try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which applications may sign what comes on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPath<'p> {
    /// `/api/whatsapp/webhook`: every application of the installation.
    Installation,
    /// `/webhooks/whatsapp/{phone}`: the application of the sender with this number.
    Phone(&'p str),
}

/// Answers a provider that subscribes: the challenge, if it knows the token agreed with it.
#[must_use]
pub fn subscribe<'c>(core: &Core, path: HookPath<'_>, token: &str, challenge: &'c str) -> Option<&'c str> {
    bound(core, path).iter().any(|app| app.knows_token(token)).then_some(challenge)
}

/// Checks and stores a callback.
///
/// # Errors
/// See [`HookError`].
pub async fn receive(
    core: &Core,
    path: HookPath<'_>,
    headers: &HookHeaders,
    body: Vec<u8>,
) -> Result<InletId, HookError> {
    let application = match signer(&bound(core, path), headers, &body) {
        Ok(application) => application,
        Err(invalid) => {
            let reason = match invalid {
                InvalidSignature::Missing => "signature_missing",
                InvalidSignature::Wrong => "signature_wrong",
                InvalidSignature::NoSecret => "no_secret",
            };
            Metric::CallbacksRefused.count("reason", reason);
            return Err(invalid.into());
        }
    };
    // Only what is signed counts, so that a stranger cannot use up an application's rate.
    if !application.rate.allows_one() {
        Metric::CallbacksRefused.count("reason", "rate");
        return Err(HookError::TooMany);
    }
    let record = Record {
        received_at: core.now(),
        route: application.name.clone(),
        headers: serde_json::json!({ "x-hub-signature-256": headers.signature }).to_string(),
        body,
    };
    let id = core.store.inlet().record(record).await?;
    Metric::CallbacksStored.count("provider", application.kind().as_str());
    core.hints.inlet_has_work();
    Ok(id)
}

fn bound(core: &Core, path: HookPath<'_>) -> Vec<Arc<Application>> {
    let all = core.lines.applications(ProviderKind::MetaCloud);
    match path {
        HookPath::Installation => all.cloned().collect(),
        HookPath::Phone(phone) => {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            let has_number = |app: &&Arc<Application>| {
                let phones = app.senders.values().filter_map(|sender| sender.phone.as_deref());
                !digits.is_empty() && phones.into_iter().any(|known| known.trim_start_matches('+') == digits)
            };
            all.filter(has_number).cloned().collect()
        }
    }
}

/// The application whose secret signed the body; of several refusals the one that says most.
fn signer(
    applications: &[Arc<Application>],
    headers: &HookHeaders,
    body: &[u8],
) -> Result<Arc<Application>, InvalidSignature> {
    let mut refusal = InvalidSignature::NoSecret;
    for application in applications {
        match application.verify(headers, body) {
            Ok(()) => return Ok(application.clone()),
            Err(InvalidSignature::NoSecret) => {}
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}
