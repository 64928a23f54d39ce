//! Accepting a message: policy, then one transaction, then the id.

use domain::draft::Draft;
use domain::fields::FieldError;
use domain::ids::MessageId;
use domain::message::{Lane, MessageStatus};
use domain::phone::Region;
use domain::plan::Plan;
use domain::scope::AccountScope;
use domain::shard::Shard;
use providers::ProviderKind;
use sha2::{Digest, Sha256};
use store::StoreError;
use store::hot::{Accept, Accepted, IdempotencyKey};
use store::scheduled::ScheduleKey;
use store::sender::Sender;

use crate::core::Core;
use crate::media;
use crate::metric::Metric;

/// Why a message was not accepted. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No sender of the account has this id.
    #[error("this account has no sender with this id")]
    UnknownSender,
    /// The sender cannot send, and the account is live.
    #[error("this sender cannot send: {missing}")]
    NotConnected {
        /// What is missing.
        missing: &'static str,
    },
    /// The sender's provider cannot do what a field asks.
    #[error("{detail}")]
    NotSupported {
        /// Which field.
        field: String,
        /// What it cannot do.
        detail: String,
    },
    /// A time to send or an expiry that makes no sense now.
    #[error("{}", .0.detail)]
    Time(FieldError),
    /// Something else is scheduled under this key.
    #[error("message {0} is scheduled under this key with another body; set `replace` to put this one in its place")]
    ScheduleKeyReused(MessageId),
    /// A medium of the message may not stand where it stands.
    #[error("{detail}")]
    Media {
        /// Stable.
        code: &'static str,
        /// Path of the field within the message.
        field: String,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// The key was used before, with another body.
    #[error("this key was used with another body")]
    KeyReused,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A message that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedMessage {
    /// Its id.
    pub id: MessageId,
    /// Where it starts: queued, or scheduled.
    pub status: MessageStatus,
    /// Whether it is the first message of a repeated key.
    pub repeated: bool,
}

/// The region in which the account's bare national numbers are read.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn region(core: &Core, scope: &AccountScope) -> Result<Region, StoreError> {
    let account = core.accounts.find(&core.store, scope).await?;
    Ok(account.and_then(|a| Region::parse(&a.default_region).ok()).unwrap_or(core.settings.default_region))
}

/// Accepts a message for sending; when this answers, it is stored.
///
/// # Errors
/// See [`SendError`].
pub async fn accept(
    core: &Core,
    scope: &AccountScope,
    draft: Draft,
    idempotency: Option<IdempotencyKey>,
) -> Result<AcceptedMessage, SendError> {
    let now = core.now();
    let (sender, live) = sender_of(core, scope, &draft).await?;
    check_supported(core, &sender, &draft, live)?;
    if let Err(media::Misplaced { code, field, detail }) = media::check_places(core, scope, &draft.content).await? {
        return Err(SendError::Media { code, field, detail });
    }
    let lifetime = draft.class.default_lifetime();
    let Plan { due_at, expires_at } =
        Plan::new(draft.send_at, draft.expires_at, lifetime, now).map_err(SendError::Time)?;
    if due_at.is_none() && draft.schedule.is_some() {
        // Sent at once it would be sent again with every repetition: the key holds only what waits.
        let detail = "must lie in the future for a schedule_key";
        return Err(SendError::Time(FieldError::new("out_of_range", "send_at", detail)));
    }
    let surface = idempotency.as_ref().map_or("v1", |key| key.surface);
    let schedule = schedule_key(&draft);
    let accept = Accept {
        scope: *scope,
        sender: sender.id,
        shard: Shard::of(sender.id),
        to: draft.to,
        content: serde_json::Value::Object(draft.content.to_object()).to_string(),
        kind: draft.content.kind(),
        excerpt: draft.content.excerpt(),
        class: draft.class,
        lane: Lane::of(draft.class),
        context: draft.context,
        options: draft.options.to_stored(),
        reference: draft.reference,
        simulated: !live || sender.provider == ProviderKind::Sandbox.as_str(),
        send_at: due_at,
        expires_at,
        at: now,
        idempotency,
        schedule,
    };
    let status = due_at.map_or(MessageStatus::Queued, |_| MessageStatus::Scheduled);
    let accepted = core.store.hot().accept(accept).await?;
    Metric::MessagesAccepted.count("surface", surface);
    match accepted {
        Accepted::KeyReused => Err(SendError::KeyReused),
        Accepted::ScheduleKeyReused(id) => Err(SendError::ScheduleKeyReused(id)),
        Accepted::Repeated(id) | Accepted::Scheduled(id) => Ok(AcceptedMessage { id, status, repeated: true }),
        Accepted::New(id) => {
            if due_at.is_none() {
                core.hints.sender_has_work(sender.id);
            }
            core.hints.account_changed(scope.account());
            Ok(AcceptedMessage { id, status, repeated: false })
        }
    }
}

/// The name under which it is scheduled, with a hash of what it means: two ways to write one number are one message.
fn schedule_key(draft: &Draft) -> Option<ScheduleKey> {
    let name = draft.schedule.as_ref()?;
    let meaning = serde_json::json!([
        draft.sender,
        draft.to.kind().as_str(),
        draft.to.value(),
        draft.content.to_object(),
        draft.context,
        draft.send_at,
        draft.expires_at,
        draft.class.as_str(),
        draft.reference,
    ]);
    // Keys of before options counted were made without them.
    let meaning = match draft.options.to_stored() {
        Some(options) => serde_json::json!([meaning, options]),
        None => meaning,
    };
    let fingerprint = hex::encode(Sha256::digest(meaning.to_string().as_bytes()));
    Some(ScheduleKey { key: name.key.clone(), fingerprint, replace: name.replace })
}

/// The account's sender and whether the account is live.
async fn sender_of(core: &Core, scope: &AccountScope, draft: &Draft) -> Result<(Sender, bool), SendError> {
    let account = core.accounts.find(&core.store, scope).await?.ok_or(SendError::UnknownSender)?;
    let connected = core.lines.line(draft.sender).map(|line| &line.sender);
    if let Some(sender) = connected.filter(|sender| sender.account == scope.account()) {
        return Ok((sender.clone(), account.live));
    }
    let senders = crate::messages::senders(core, scope).await?;
    let sender = senders.into_iter().find(|sender| sender.id == draft.sender).ok_or(SendError::UnknownSender)?;
    Ok((sender, account.live))
}

/// Live without a connection is refused with what is missing, never sandboxed silently.
fn check_supported(core: &Core, sender: &Sender, draft: &Draft, live: bool) -> Result<(), SendError> {
    let Some(provider) = core.lines.provider(sender.id, !live) else {
        return Err(SendError::NotConnected { missing: "no credentials are configured for it" });
    };
    let kind = draft.content.kind();
    if !provider.capabilities().kinds.contains(&kind) {
        return Err(SendError::NotSupported {
            field: "message.type".to_owned(),
            detail: format!("the sender's provider cannot send messages of kind `{kind}`"),
        });
    }
    if draft.options.marketing.is_some() && !provider.capabilities().marketing_messages {
        return Err(SendError::NotSupported {
            field: "provider_options.meta_cloud.marketing_messages".to_owned(),
            detail: "the sender's provider has no endpoint for marketing messages".to_owned(),
        });
    }
    Ok(())
}
