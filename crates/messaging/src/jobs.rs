//! Jobs: work outside a request, stored with what asks for it, run until it is done or given up.

use std::time::Duration;

use domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::job::{self, NewJob};
use store::pools::Tx;
use store::{StoreError, job::Job as Stored};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::reading::MarkRead;
use crate::sender_state::AskNumber;
use crate::templates::SyncTemplates;

/// How many jobs are begun at once.
const JOBS_PER_ROUND: i64 = 16;
/// How long a job that was begun is left to whoever began it.
const CLAIM: Duration = Duration::from_secs(60);

/// A kind of job: a struct that is stored. It may run twice, so its work must be idempotent.
pub trait Job: Serialize + DeserializeOwned + Send {
    /// Its name in the database; it outlives a deploy.
    const NAME: &'static str;
    /// After so many failures it is given up.
    const ATTEMPTS_MAX: i64;

    /// A second job with this key is not stored while the first one waits.
    fn unique_key(&self) -> String;

    /// For which account.
    fn account(&self) -> domain::ids::AccountId;

    /// Does it.
    fn run(self, core: &Core) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It will never work.
    #[error("{0}")]
    Never(String),
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Later(error.to_string())
    }
}

/// Stores a job in the caller's transaction.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn store<J: Job>(core: &Core, tx: &mut Tx, job: &J) -> Result<(), StoreError> {
    store_at(core, tx, job, core.now()).await
}

/// Stores a job that is not to be begun before a time.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn store_at<J: Job>(core: &Core, tx: &mut Tx, job: &J, run_at: Timestamp) -> Result<(), StoreError> {
    let payload = serde_json::to_string(job).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let now = core.now();
    let new = NewJob {
        account: Some(job.account()),
        kind: J::NAME,
        payload: &payload,
        unique_key: &job.unique_key(),
        run_at,
    };
    job::insert(&mut tx.conn(), &new, now).await
}

/// Runs jobs until it is told to stop.
pub async fn run(core: Core, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match round(&core).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!(%error, "Jobs cannot be read now: {error}"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = core.hints.job_work() => {}
            () = tokio::time::sleep(core.settings.poll_interval) => {}
        }
    }
}

async fn round(core: &Core) -> Result<usize, StoreError> {
    let now = core.now();
    let is_due = {
        let mut reading = core.store.read().await?;
        job::any_due(&mut reading.conn(), now).await?
    };
    if !is_due {
        return Ok(0);
    }
    let mut tx = core.store.begin().await?;
    let jobs = job::claim(&mut tx.conn(), now, now.plus(CLAIM), JOBS_PER_ROUND).await?;
    tx.commit().await?;
    for stored in &jobs {
        let done = run_one(core, stored).await;
        settle(core, stored, done).await?;
    }
    Ok(jobs.len())
}

async fn run_one(core: &Core, stored: &Stored) -> (Result<(), JobError>, i64) {
    match stored.kind.as_str() {
        MarkRead::NAME => (run_as::<MarkRead>(core, stored).await, MarkRead::ATTEMPTS_MAX),
        AskNumber::NAME => (run_as::<AskNumber>(core, stored).await, AskNumber::ATTEMPTS_MAX),
        SyncTemplates::NAME => (run_as::<SyncTemplates>(core, stored).await, SyncTemplates::ATTEMPTS_MAX),
        other => (Err(JobError::Never(format!("this version knows no job {other}"))), 0),
    }
}

async fn run_as<J: Job>(core: &Core, stored: &Stored) -> Result<(), JobError> {
    let job: J = serde_json::from_str(&stored.payload).map_err(|error| JobError::Never(error.to_string()))?;
    job.run(core).await
}

async fn settle(
    core: &Core,
    stored: &Stored,
    (done, attempts_max): (Result<(), JobError>, i64),
) -> Result<(), StoreError> {
    let now = core.now();
    let mut tx = core.store.begin().await?;
    match done {
        Ok(()) => job::finish(&mut tx.conn(), stored.id).await?,
        Err(error) => {
            let is_last = matches!(error, JobError::Never(_)) || stored.attempts >= attempts_max;
            let wait = Duration::from_secs(1 << stored.attempts.clamp(0, 8));
            let retry_at = (!is_last).then(|| now.plus(wait));
            tracing::warn!(job.id = stored.id, job.kind = stored.kind, %error, "Job {} failed: {error}", stored.id);
            job::fail(&mut tx.conn(), stored.id, retry_at, &error.to_string(), now).await?;
        }
    }
    tx.commit().await
}
