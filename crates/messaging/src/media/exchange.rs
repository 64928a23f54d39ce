//! Exchanging our id of a medium for the provider's: one upload per medium and sender, however many messages want it.

use std::io;
use std::time::Duration;

use domain::ids::{AccountId, MediaId, SenderId};
use domain::refusal::{Failure, RefusalKind};
use domain::scope::AccountScope;
use futures_util::stream::{self, StreamExt};
use moka::future::Cache;
use providers::links::{Links, Look};
use providers::media::MediaUpload;
use providers::{Provider, Refusal};
use store::StoreError;
use store::media::{Medium, Upload};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::rules;
use crate::core::Core;

/// How long an id is believed without asking the database; what the database says is what counts.
const BELIEVED: Duration = Duration::from_secs(60);
const UPLOADS_MAX: u64 = 10_000;
/// How long a look at a link is good for: a campaign shares one link, and whoever holds it is not to be asked for each.
const LOOKED_AT: Duration = Duration::from_secs(60);
const LOOKS_MAX: u64 = 10_000;
/// A medium that was uploaded so recently is known to the provider, so a refusal is about something else.
const RECENT: Duration = Duration::from_secs(60);
/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

type Key = (AccountId, MediaId, SenderId);

/// What is known about media at providers and behind links; shared by all calls.
#[derive(Debug)]
pub struct Exchange {
    uploads: Cache<Key, Upload>,
    looks: Cache<String, Look>,
    links: Links,
}

impl Exchange {
    /// Nothing is known yet; `links` looks at links.
    #[must_use]
    pub fn new(links: Links) -> Self {
        Self {
            uploads: Cache::builder().max_capacity(UPLOADS_MAX).time_to_live(BELIEVED).build(),
            looks: Cache::builder().max_capacity(LOOKS_MAX).time_to_live(LOOKED_AT).build(),
            links,
        }
    }

    /// What a link leads to, as it was a moment ago.
    pub(super) async fn look(&self, link: &str) -> Look {
        self.looks.get_with(link.to_owned(), self.links.look(link)).await
    }
}

/// A medium of ours as a request names it.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    key: Key,
    upload: Upload,
}

/// Why a medium has no id at the provider.
#[derive(Debug)]
pub(crate) enum NotExchanged {
    /// It cannot be handed over now, or ever.
    Refused(Refusal),
    /// The database or the disk.
    Store(StoreError),
}

impl From<StoreError> for NotExchanged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Exchanged {
    /// The provider's id.
    pub(crate) fn provider_id(&self) -> &str {
        &self.upload.provider_id
    }
}

/// The provider's id of a medium for a sender; uploads it if need be, once for all who ask at the same time.
pub(crate) async fn exchange(core: &Core, provider: &dyn Provider, key: Key) -> Result<Exchanged, NotExchanged> {
    let uploads = &core.exchange.uploads;
    if let Some(known) = uploads.get(&key).await
        && known.expires_at <= core.now()
    {
        uploads.invalidate(&key).await;
    }
    let found = uploads.try_get_with(key, find_or_upload(core, provider, key)).await;
    found.map(|upload| Exchanged { key, upload }).map_err(|shared| match shared.as_ref() {
        NotExchanged::Refused(refusal) => NotExchanged::Refused(refusal.clone()),
        NotExchanged::Store(error) => NotExchanged::Store(error.copy()),
    })
}

/// The id in the sandbox, where nothing is handed over and nothing kept.
pub(crate) async fn rehearse(core: &Core, provider: &dyn Provider, key: Key) -> Result<Exchanged, NotExchanged> {
    let (medium, digest, length) = find(core, key).await?;
    upload(core, provider, key, to_upload(&medium, digest, length, None)).await.map(|upload| Exchanged { key, upload })
}

async fn find_or_upload(core: &Core, provider: &dyn Provider, key: Key) -> Result<Upload, NotExchanged> {
    let (account, media, sender) = key;
    let scope = AccountScope::system(account);
    let known = {
        let mut reading = core.store.read().await?;
        store::media::upload(&mut reading.conn(), &scope, (media, sender)).await?
    };
    if let Some(known) = known.filter(|known| known.expires_at > core.now()) {
        return Ok(known);
    }
    let (medium, digest, length) = find(core, key).await?;
    let file = core.store.files().read(account, &digest).await?;
    let new = upload(core, provider, key, to_upload(&medium, digest, length, Some(file))).await?;
    let mut tx = core.store.begin().await?;
    store::media::keep_upload(&mut tx.conn(), &scope, (media, sender), &new).await?;
    tx.commit().await?;
    Ok(new)
}

async fn find(core: &Core, (account, media, _): Key) -> Result<(Medium, String, u64), NotExchanged> {
    let medium = super::find(core, &AccountScope::system(account), media).await?;
    let stored = medium.as_ref().and_then(super::stored).cloned();
    match medium.zip(stored) {
        Some((medium, stored)) => Ok((medium, stored.digest, u64::try_from(stored.bytes).unwrap_or(0))),
        None => Err(NotExchanged::Refused(Refusal { failure: missing(media), retry_after: None })),
    }
}

async fn upload(core: &Core, provider: &dyn Provider, key: Key, upload: MediaUpload) -> Result<Upload, NotExchanged> {
    let uploaded_at = core.now();
    match provider.upload_media(upload).await {
        Ok(uploaded) => {
            let expires_at = uploaded_at.plus(uploaded.lifetime);
            Ok(Upload { provider_id: uploaded.id, uploaded_at, expires_at })
        }
        Err(mut refusal) => {
            let (_, media, _) = key;
            refusal.failure.reason = format!(
                "The medium {} could not be handed to the provider. {}",
                media.public(),
                refusal.failure.reason
            );
            Err(NotExchanged::Refused(refusal))
        }
    }
}

fn missing(media: MediaId) -> Failure {
    Failure {
        code: "media_missing".to_owned(),
        kind: RefusalKind::Permanent,
        reason: format!("The medium {} is not stored any more.", media.public()),
        remedy: "Upload the file again and send a new message with its id.".to_owned(),
    }
}

fn to_upload(medium: &Medium, digest: String, length: u64, file: Option<File>) -> MediaUpload {
    let mime_type = medium.mime_type.clone().unwrap_or_else(|| rules::UNTOLD.to_owned());
    let filename = medium.filename.as_deref().and_then(rules::safe_name);
    let filename = filename.unwrap_or_else(|| format!("medium.{}", rules::ending_of(&mime_type)));
    let bytes = match file {
        Some(file) => stream::try_unfold(file, next_piece).boxed(),
        None => stream::empty().boxed(),
    };
    MediaUpload { mime_type, filename, digest, length, bytes }
}

async fn next_piece(mut file: File) -> io::Result<Option<(Vec<u8>, File)>> {
    let mut piece = Vec::with_capacity(PIECE);
    let count = file.read_buf(&mut piece).await?;
    Ok((count > 0).then_some((piece, file)))
}

/// After a refusal that may be about the medium: forgets ids that are not quite new, and answers whether there were some,
/// so that the message is worth another try. One that was uploaded a moment ago is not the reason.
pub(crate) async fn forget_old(core: &Core, used: &[Exchanged]) -> bool {
    let now = core.now();
    let old = used.iter().filter(|exchanged| now.since(exchanged.upload.uploaded_at) > RECENT);
    let mut forgotten = false;
    for Exchanged { key, upload } in old {
        // The outcome of the call is known only here, so a database that is away may not cost it: the next try finds the
        // old id again, is refused again, and forgets it then.
        if let Err(error) = forget(core, *key, upload).await {
            tracing::warn!(%error, "The provider's id of a medium could not be forgotten: {error}");
        }
        core.exchange.uploads.invalidate(key).await;
        forgotten = true;
    }
    forgotten
}

async fn forget(core: &Core, (account, media, sender): Key, upload: &Upload) -> Result<(), StoreError> {
    let scope = AccountScope::system(account);
    let mut tx = core.store.begin().await?;
    store::media::forget_upload(&mut tx.conn(), &scope, (media, sender), &upload.provider_id).await?;
    tx.commit().await
}
