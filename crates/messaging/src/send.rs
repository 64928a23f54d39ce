//! Accepting a message: policy, then one transaction, then the id.

use domain::draft::Draft;
use domain::ids::MessageId;
use domain::message::{Lane, MessageStatus};
use domain::phone::Region;
use domain::scope::AccountScope;
use domain::shard::Shard;
use providers::ProviderKind;
use store::StoreError;
use store::hot::{Accept, Accepted, IdempotencyKey};
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
    /// The time to send lies behind its expiry.
    #[error("the message would expire before it could be sent")]
    ExpiresTooEarly,
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
    let due_at = draft.send_at.filter(|at| *at > now);
    let expires_at = draft.expires_at.unwrap_or_else(|| due_at.unwrap_or(now).plus(draft.class.default_lifetime()));
    if expires_at <= due_at.unwrap_or(now) {
        return Err(SendError::ExpiresTooEarly);
    }
    let surface = idempotency.as_ref().map_or("v1", |key| key.surface);
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
    };
    let status = due_at.map_or(MessageStatus::Queued, |_| MessageStatus::Scheduled);
    let accepted = core.store.hot().accept(accept).await?;
    Metric::MessagesAccepted.count("surface", surface);
    match accepted {
        Accepted::KeyReused => Err(SendError::KeyReused),
        Accepted::Repeated(id) => Ok(AcceptedMessage { id, status, repeated: true }),
        Accepted::New(id) => {
            if due_at.is_none() {
                core.hints.sender_has_work(sender.id);
            }
            core.hints.account_changed(scope.account());
            Ok(AcceptedMessage { id, status, repeated: false })
        }
    }
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
