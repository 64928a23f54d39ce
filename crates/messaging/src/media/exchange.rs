//! Exchanging our id of a medium for the provider's: one upload per medium and sender, however many messages want it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ids::{AccountId, MediaId, SenderId};
use domain::refusal::{Failure, RefusalKind};
use domain::scope::AccountScope;
use domain::time::Timestamp;
use futures_util::stream::{self, StreamExt};
use moka::future::Cache;
use providers::links::{Links, Look};
use providers::media::{MediaUpload, UploadResult, Uploaded};
use providers::{Provider, Refusal};
use store::StoreError;
use store::media::{Medium, Upload};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;

use super::flights::Flights;
use super::rules;
use crate::core::Core;

/// How long an id is believed without asking the database; what the database says is what counts.
const BELIEVED: Duration = Duration::from_secs(60);
const UPLOADS_MAX: u64 = 10_000;
/// How long a look at a link is good for: a campaign shares one link, and whoever holds it is not to be asked for each.
const LOOKED_AT: Duration = Duration::from_secs(60);
const LOOKS_MAX: u64 = 10_000;
/// How long a placeholder is not written again: a campaign needs it for every message, and its business may be renamed.
const PLACEHOLDER_KNOWN: Duration = Duration::from_secs(60);
const PLACEHOLDERS_MAX: u64 = 1000;
/// A medium that was uploaded so recently is known to the provider, so a refusal is about something else.
const RECENT: Duration = Duration::from_secs(60);
/// How long a call waits for an upload. Calls share their slots with every account, so a slow upload goes on without
/// them, and the messages that need it come back.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How long messages that come back learn that an upload nobody waited for has failed.
const FAILURE_TOLD: Duration = Duration::from_secs(5);
/// How many uploads run at once.
const AT_ONCE_MAX: usize = 8;
/// How long an upload may stand still.
const STILL_MAX: Duration = Duration::from_secs(30);
/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

type Key = (AccountId, MediaId, SenderId);

/// What is known about media at providers and behind links; shared by all calls.
#[derive(Debug)]
pub struct Exchange {
    uploads: Cache<Key, Upload>,
    under_way: Flights<Key, Upload, NotExchanged>,
    room: Semaphore,
    looks: Cache<String, Look>,
    /// Ids of placeholders, by template name.
    placeholders: Cache<(AccountId, String), String>,
    links: Links,
}

impl Exchange {
    /// Nothing is known yet; `links` looks at links.
    #[must_use]
    pub fn new(links: Links) -> Self {
        Self {
            uploads: Cache::builder().max_capacity(UPLOADS_MAX).time_to_live(BELIEVED).build(),
            under_way: Flights::new(WAIT_MAX, FAILURE_TOLD),
            room: Semaphore::new(AT_ONCE_MAX),
            looks: Cache::builder().max_capacity(LOOKS_MAX).time_to_live(LOOKED_AT).build(),
            placeholders: Cache::builder().max_capacity(PLACEHOLDERS_MAX).time_to_live(PLACEHOLDER_KNOWN).build(),
            links,
        }
    }

    /// What a link leads to, as it was a moment ago; what nobody can say now is asked again by the next.
    pub(super) async fn look(&self, link: &str) -> Look {
        let look = async {
            match self.links.look(link).await {
                Look::Unclear(why) => Err(why),
                clear => Ok(clear),
            }
        };
        let found = self.looks.try_get_with(link.to_owned(), look).await;
        found.unwrap_or_else(|why| Look::Unclear(why.as_ref().clone()))
    }

    /// The id of the account's placeholder for a template; made if nobody made it lately.
    pub(super) async fn placeholder(
        &self,
        account: AccountId,
        template: &str,
        make: impl Future<Output = Result<String, StoreError>>,
    ) -> Result<String, StoreError> {
        let found = self.placeholders.try_get_with((account, template.to_owned()), make).await;
        found.map_err(|error| error.copy())
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
    /// It is being handed over, which takes a while.
    UnderWay,
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

/// The provider's id of a medium for a sender; uploads it if need be, once for all who ask at the same time, and aside:
/// nobody waits for more than a moment.
pub(crate) async fn exchange(core: &Core, provider: &Arc<dyn Provider>, key: Key) -> Result<Exchanged, NotExchanged> {
    let uploads = &core.exchange.uploads;
    if let Some(upload) = uploads.get(&key).await {
        if upload.expires_at > core.now() {
            return Ok(Exchanged { key, upload });
        }
        uploads.invalidate(&key).await;
    }
    let work = || {
        let (core, provider) = (core.clone(), provider.clone());
        async move {
            let found = find_or_upload(&core, provider.as_ref(), key).await?;
            core.exchange.uploads.insert(key, found.clone()).await;
            Ok(found)
        }
    };
    match core.exchange.under_way.join(key, work).await {
        Some(Ok(upload)) => Ok(Exchanged { key, upload }),
        Some(Err(shared)) => Err(match shared.as_ref() {
            NotExchanged::Refused(refusal) => NotExchanged::Refused(refusal.clone()),
            NotExchanged::UnderWay => NotExchanged::UnderWay,
            NotExchanged::Store(error) => NotExchanged::Store(error.copy()),
        }),
        None => Err(NotExchanged::UnderWay),
    }
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
    // Never closed; without a permit the upload would only be one too many.
    let _permit = core.exchange.room.acquire().await.ok();
    let (medium, digest, length) = find(core, key).await?;
    let Some(file) = core.store.files().read(account, &digest).await? else {
        tracing::error!(media.id = %media, "The file of medium {media} is not in the folder of media");
        return Err(NotExchanged::Refused(Refusal { failure: missing(media), retry_after: None }));
    };
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

async fn upload(
    core: &Core,
    provider: &dyn Provider,
    key: Key,
    mut upload: MediaUpload,
) -> Result<Upload, NotExchanged> {
    let begun_at = core.now();
    let pieces = Arc::new(AtomicU64::new(0));
    let counted = pieces.clone();
    let count = move |_: &io::Result<Vec<u8>>| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    upload.bytes = upload.bytes.inspect(count).boxed();
    match while_moving(provider.upload_media(upload), &pieces, STILL_MAX).await.unwrap_or_else(stalled) {
        Ok(uploaded) => Ok(known(uploaded, begun_at, core.now())),
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

/// It is as new as its upload's end, however long that took, and expires as if the provider counted from its beginning.
fn known(uploaded: Uploaded, begun_at: Timestamp, ended_at: Timestamp) -> Upload {
    let expires_at = begun_at.plus(uploaded.lifetime);
    Upload { provider_id: uploaded.id, uploaded_at: ended_at, expires_at }
}

/// Whether the provider must know it, so that a refusal is about something else.
fn is_recent(upload: &Upload, now: Timestamp) -> bool {
    now.since(upload.uploaded_at) <= RECENT
}

/// `None`: for so long no piece was asked for, and no answer came.
async fn while_moving<T>(upload: impl Future<Output = T>, pieces: &AtomicU64, still_max: Duration) -> Option<T> {
    let mut upload = std::pin::pin!(upload);
    loop {
        let before = pieces.load(Ordering::Relaxed);
        match tokio::time::timeout(still_max, &mut upload).await {
            Ok(done) => return Some(done),
            Err(_) if pieces.load(Ordering::Relaxed) == before => return None,
            Err(_) => {}
        }
    }
}

fn stalled() -> UploadResult {
    let failure = Failure {
        code: "upload_stalled".to_owned(),
        kind: RefusalKind::Transient,
        reason: format!("The upload stood still for {} seconds.", STILL_MAX.as_secs()),
        remedy: "Nothing to do: Waypost uploads it again.".to_owned(),
    };
    Err(Refusal { failure, retry_after: None })
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
    let old = used.iter().filter(|exchanged| !is_recent(&exchanged.upload, now));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_long_to_upload_is_new_when_it_is_there() {
        let begun = Timestamp::parse("2026-11-20T10:00:00Z").expect("a time");
        let ended = begun.plus(2 * RECENT);
        let uploaded = Uploaded { id: "7".to_owned(), lifetime: 10 * RECENT };
        let upload = known(uploaded, begun, ended);
        assert!(is_recent(&upload, ended) && is_recent(&upload, ended.plus(RECENT)));
        assert!(!is_recent(&upload, ended.plus(2 * RECENT)));
        assert_eq!(upload.expires_at, begun.plus(10 * RECENT), "never believed for too long");
    }

    #[tokio::test]
    async fn an_upload_may_be_slow_but_may_not_stand_still() {
        let (pieces, still_max) = (AtomicU64::new(0), Duration::from_millis(40));
        let moving = async {
            for _ in 0..15 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                pieces.fetch_add(1, Ordering::Relaxed);
            }
            7
        };
        assert_eq!(while_moving(moving, &pieces, still_max).await, Some(7));
        assert_eq!(while_moving(std::future::pending::<()>(), &pieces, still_max).await, None);
    }
}
