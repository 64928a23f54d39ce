//! Fetching what people send, before the provider forgets it.

use std::time::Duration;

use domain::ids::{AccountId, MediaId};
use domain::scope::AccountScope;
use domain::time::Timestamp;
use providers::Provider;
use providers::media::{MediaDescription, MediaDownload, MediaError};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::event::{self, MESSAGE_UPDATED, NewEvent};
use store::files::Writing;
use store::media::{self, Ended, MediaState, Medium};
use store::message;
use store::pools::Tx;

use super::{rules, sha256};
use crate::core::Core;
use crate::jobs::{Job, JobError};
use crate::metric::Metric;

/// Meta keeps what a person sent for so long.
const KEPT_BY_PROVIDER: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Meta's addresses are good for five minutes; one that is nearly over is not begun with.
const ADDRESS_FRESH: Duration = Duration::from_secs(4 * 60);
/// How long a download may stand still.
const STILL_MAX: Duration = Duration::from_secs(30);
/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// Fetches one received medium.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FetchMedia {
    account: AccountId,
    media: MediaId,
}

impl Job for FetchMedia {
    const NAME: &'static str = media::FETCH_JOB;
    /// The provider's patience ends it, not ours.
    const ATTEMPTS_MAX: i64 = i64::MAX;

    fn unique_key(&self) -> String {
        media::fetch_key(self.account, self.media)
    }

    fn account(&self) -> AccountId {
        self.account
    }

    fn wait(attempts: i64) -> Duration {
        let exponent = u32::try_from(attempts.clamp(0, 16)).unwrap_or(16);
        Duration::from_secs(1 << exponent).min(WAIT_MAX)
    }

    async fn run(self, core: &Core) -> Result<(), JobError> {
        let scope = AccountScope::system(self.account);
        let medium = super::find(core, &scope, self.media).await?;
        // Fetched by an earlier run whose end was not noted.
        let Some(medium) = medium.filter(|medium| medium.state == MediaState::Pending) else { return Ok(()) };
        let (state, reason) = match fetch(core, &scope, &medium).await {
            Ok(()) => return Ok(()),
            Err(Trouble::Never(reason)) => (MediaState::Failed, reason),
            Err(Trouble::Damaged(reason) | Trouble::Later(reason)) if is_over(&medium, core.now()) => {
                (MediaState::Gone, format!("WhatsApp keeps media for seven days, which are over. At last: {reason}"))
            }
            Err(Trouble::Damaged(reason)) => (MediaState::Failed, reason),
            Err(Trouble::Later(reason)) => {
                let mut tx = core.store.begin().await?;
                media::note(&mut tx.conn(), (&scope, medium.id), &reason).await?;
                tx.commit().await?;
                return Err(JobError::Later(reason));
            }
        };
        tracing::warn!(media.id = %medium.id, state = state.as_str(), "Medium {} cannot be fetched: {reason}", medium.id);
        let mut tx = core.store.begin().await?;
        let ended = media::mark_ended(&mut tx.conn(), (&scope, medium.id), state, &reason).await?;
        commit_end(core, &scope, tx, ended).await?;
        Metric::MediaFetched.count("state", state.as_str());
        Ok(())
    }
}

fn is_over(medium: &Medium, now: Timestamp) -> bool {
    now >= medium.created_at.plus(KEPT_BY_PROVIDER)
}

/// Why a medium is not here.
#[derive(Debug)]
enum Trouble {
    /// It may be had later.
    Later(String),
    /// What came is not what was announced.
    Damaged(String),
    /// It will never be had.
    Never(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<MediaError> for Trouble {
    fn from(error: MediaError) -> Self {
        // That it is gone is the answer to a wrong token too, so only the seven days decide.
        Self::Later(error.to_string())
    }
}

async fn fetch(core: &Core, scope: &AccountScope, medium: &Medium) -> Result<(), Trouble> {
    let told = &medium.told;
    let provider = medium.sender.and_then(|sender| core.lines.provider(sender, false));
    let provider = provider.ok_or_else(|| Trouble::Later("the sender is not connected".to_owned()))?.as_ref();
    let is_fresh = |at: &Timestamp| core.now() < at.plus(ADDRESS_FRESH);
    if let Some(url) = told.url.as_deref().filter(|_| told.url_at.as_ref().is_some_and(is_fresh)) {
        let described = MediaDescription { url: url.to_owned(), sha256: None, length: None };
        match take(core, (scope, medium), provider, &described).await {
            // Whatever was wrong with the callback's address, a new one may be right.
            Err(Trouble::Later(reason) | Trouble::Damaged(reason)) => {
                tracing::debug!(media.id = %medium.id, "The callback's address of medium {} is no good: {reason}", medium.id);
            }
            ended => return ended,
        }
    }
    let id = told.provider_id.as_deref();
    let id = id.ok_or_else(|| Trouble::Never("WhatsApp named no id of the medium".to_owned()))?;
    let described = provider.describe_media(id).await?;
    match take(core, (scope, medium), provider, &described).await {
        Err(Trouble::Damaged(_)) => {
            let described = provider.describe_media(id).await?;
            take(core, (scope, medium), provider, &described).await
        }
        ended => ended,
    }
}

/// Downloads, checks, keeps.
async fn take(
    core: &Core,
    (scope, medium): (&AccountScope, &Medium),
    provider: &dyn Provider,
    described: &MediaDescription,
) -> Result<(), Trouble> {
    let bytes_max = core.settings.media_bytes_max;
    if described.length.is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let mut download = provider.download_media(&described.url).await?;
    if download.length.is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let content_type = download.content_type.clone();
    if is_page_instead(content_type.as_deref(), medium.mime_type.as_deref()) {
        return Err(Trouble::Later("a web page came instead of the medium".to_owned()));
    }
    let mut writing = core.store.files().begin().await?;
    read(&mut download, &mut writing, bytes_max).await?;
    check(&writing, medium, described)?;
    let keeping = core.store.files().keeping().await;
    let stored = writing.keep(scope.account(), &keeping).await?;
    let mut tx = core.store.begin().await?;
    let (key, now) = ((scope, medium.id), core.now());
    let ended = media::mark_stored(&mut tx.conn(), key, &stored, content_type.as_deref(), now).await?;
    commit_end(core, scope, tx, ended).await?;
    drop(keeping);
    Metric::MediaFetched.count("state", MediaState::Stored.as_str());
    Ok(())
}

fn too_large(bytes_max: u64) -> Trouble {
    Trouble::Never(format!("the medium has more than {bytes_max} bytes, which is the limit of this installation"))
}

fn is_page_instead(answered: Option<&str>, declared: Option<&str>) -> bool {
    let is_page = |mime_type: &str| matches!(rules::essence(mime_type).as_str(), "text/html" | "application/json");
    answered.is_some_and(is_page) && !declared.is_some_and(is_page)
}

async fn read(download: &mut MediaDownload, writing: &mut Writing, bytes_max: u64) -> Result<(), Trouble> {
    loop {
        let piece = tokio::time::timeout(STILL_MAX, download.chunk()).await;
        let piece = piece.map_err(|_| Trouble::Later("the download stood still".to_owned()))??;
        let Some(piece) = piece else { return Ok(()) };
        if writing.bytes() + piece.as_ref().len() as u64 > bytes_max {
            return Err(too_large(bytes_max));
        }
        writing.write(piece.as_ref()).await?;
    }
}

/// Whether what came is what was announced, by the callback and by the answer, each in its own way of writing.
fn check(writing: &Writing, medium: &Medium, described: &MediaDescription) -> Result<(), Trouble> {
    if writing.bytes() == 0 {
        return Err(Trouble::Later("the medium came without a single byte".to_owned()));
    }
    if described.length.is_some_and(|length| length != writing.bytes()) {
        return Err(Trouble::Damaged("the medium that came has another length than WhatsApp says".to_owned()));
    }
    let announced = [&medium.told.sha256, &described.sha256].into_iter().flatten();
    let digest = writing.digest();
    if announced.filter_map(|text| sha256::to_hex(text)).any(|announced| announced != digest) {
        return Err(Trouble::Damaged("the medium that came has another SHA-256 than WhatsApp says".to_owned()));
    }
    Ok(())
}

/// Commits a medium's end, as a change of its message.
async fn commit_end(core: &Core, scope: &AccountScope, mut tx: Tx, ended: Ended) -> Result<(), StoreError> {
    if let Ended::Now(Some(id)) = ended
        && let Some(version) = message::touch(&mut tx.conn(), scope, id).await?
    {
        let event = NewEvent::message(scope.account(), MESSAGE_UPDATED, id, version);
        event::insert_all(&mut tx.conn(), &[event], core.now()).await?;
    }
    tx.commit().await?;
    core.hints.account_changed(scope.account());
    Ok(())
}
