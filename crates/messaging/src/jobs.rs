//! Jobs: work outside a request, stored with what asks for it, run until it is done or given up.

use std::collections::HashMap;
use std::time::Duration;

use domain::ids::AccountId;
use domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::job::{self, NewJob};
use store::pools::Tx;
use store::{StoreError, job::Job as Stored};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::media::fetch::FetchMedia;
use crate::reading::MarkRead;
use crate::sender_state::AskNumber;
use crate::templates::SyncTemplates;

/// How many jobs run at once.
const JOBS_MAX: usize = 16;
/// How many of them may be downloads, which take long: what is short, such as a read receipt, always finds room.
const FETCHES_MAX: usize = 12;
/// How many of those may be of one account.
const FETCHES_OF_ACCOUNT_MAX: usize = FETCHES_MAX / job::PASSED_OVER_MAX;
/// How long a job that was begun is left to whoever began it.
const CLAIM: Duration = Duration::from_secs(60);
/// How long jobs under way may take to finish when the server stops.
const GRACE: Duration = Duration::from_secs(10);

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

    /// How long to wait after the failure of that many attempts.
    #[must_use]
    fn wait(attempts: i64) -> Duration {
        Duration::from_secs(1 << attempts.clamp(0, 8))
    }

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

/// Runs jobs until it is told to stop, then waits for those under way.
pub async fn run(core: Core, stop: CancellationToken) {
    let mut running = Running::default();
    while !stop.is_cancelled() {
        match running.begin(&core).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!(%error, "Jobs cannot be read now: {error}"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = running.one_ended() => {}
            () = core.hints.job_work() => {}
            () = tokio::time::sleep(core.settings.poll_interval) => {}
        }
    }
    let finish = async {
        while !running.tasks.is_empty() {
            running.one_ended().await;
        }
    };
    if tokio::time::timeout(GRACE, finish).await.is_err() {
        tracing::info!("Jobs were still under way when the server stopped; they are begun again");
    }
}

/// The jobs under way. A slow one, such as a large download, does not hold up the others.
#[derive(Debug, Default)]
struct Running {
    tasks: JoinSet<()>,
    jobs: HashMap<tokio::task::Id, Begun>,
}

impl Running {
    /// Begins what is due, as far as there is room; answers how many jobs.
    async fn begin(&mut self, core: &Core) -> Result<usize, StoreError> {
        let now = core.now();
        let claims = (now, now.plus(CLAIM));
        self.renew(core, claims).await?;
        let is_due = self.room() > 0 && {
            let mut reading = core.store.read().await?;
            job::any_due(&mut reading.conn(), now).await?
        };
        if !is_due {
            return Ok(0);
        }
        let mut tx = core.store.begin().await?;
        let room = i64::try_from(self.room()).unwrap_or(0);
        let mut claimed = job::claim(&mut tx.conn(), claims, FetchMedia::NAME, room).await?;
        while let Some(full) = self.full_accounts(&claimed) {
            let Some(fetch) = job::claim_one(&mut tx.conn(), claims, FetchMedia::NAME, full).await? else { break };
            claimed.push(fetch);
        }
        tx.commit().await?;
        let begun = claimed.len();
        for stored in claimed {
            let is_fetch = stored.kind == FetchMedia::NAME;
            let begun = Begun { id: stored.id, fetch_of: stored.account.filter(|_| is_fetch), until: claims.1 };
            let core = core.clone();
            let task = self.tasks.spawn(async move { run_and_settle(&core, &stored).await });
            self.jobs.insert(task.id(), begun);
        }
        Ok(begun)
    }

    fn room(&self) -> usize {
        JOBS_MAX.saturating_sub(self.tasks.len())
    }

    /// The accounts that have their share of downloads, those just claimed included; `None` if no download may begin.
    fn full_accounts(&self, claimed: &[Stored]) -> Option<[Option<AccountId>; job::PASSED_OVER_MAX]> {
        let new = claimed.iter().filter(|stored| stored.kind == FetchMedia::NAME).filter_map(|stored| stored.account);
        let fetches = self.jobs.values().filter_map(|begun| begun.fetch_of).chain(new);
        full_accounts(fetches, self.room().saturating_sub(claimed.len()))
    }

    /// Nobody else is to begin what takes longer than its claim.
    async fn renew(&mut self, core: &Core, (now, until): (Timestamp, Timestamp)) -> Result<(), StoreError> {
        let mut ending: Vec<&mut Begun> =
            self.jobs.values_mut().filter(|begun| begun.until <= now.plus(CLAIM / 2)).collect();
        if ending.is_empty() {
            return Ok(());
        }
        let mut tx = core.store.begin().await?;
        for begun in &ending {
            job::renew(&mut tx.conn(), begun.id, (begun.until, until)).await?;
        }
        tx.commit().await?;
        for begun in &mut ending {
            begun.until = until;
        }
        Ok(())
    }

    /// Waits until a job ends; for ever while none runs.
    async fn one_ended(&mut self) {
        let task = match self.tasks.join_next_with_id().await {
            Some(Ok((task, ()))) => task,
            Some(Err(error)) => {
                // Its claim ends by itself, and it is begun again; the panic itself was reported.
                tracing::error!(%error, "A job ended abnormally: {error}");
                error.id()
            }
            None => std::future::pending().await,
        };
        self.jobs.remove(&task);
    }
}

/// A job under way.
#[derive(Debug)]
struct Begun {
    id: i64,
    /// The account, if it is a download.
    fetch_of: Option<AccountId>,
    /// The end of its claim.
    until: Timestamp,
}

/// The accounts that have their share of these downloads; `None` if none may begin.
fn full_accounts(
    fetches: impl Iterator<Item = AccountId>,
    room: usize,
) -> Option<[Option<AccountId>; job::PASSED_OVER_MAX]> {
    let mut counts: HashMap<AccountId, usize> = HashMap::new();
    for account in fetches {
        *counts.entry(account).or_default() += 1;
    }
    if room == 0 || counts.values().sum::<usize>() >= FETCHES_MAX {
        return None;
    }
    // Fewer downloads than there may be leave fewer full accounts than can be passed over.
    let mut full = counts.into_iter().filter(|(_, count)| *count >= FETCHES_OF_ACCOUNT_MAX).map(|(account, _)| account);
    Some(std::array::from_fn(|_| full.next()))
}

async fn run_and_settle(core: &Core, stored: &Stored) {
    let done = match stored.kind.as_str() {
        MarkRead::NAME => run_as::<MarkRead>(core, stored).await,
        FetchMedia::NAME => run_as::<FetchMedia>(core, stored).await,
        AskNumber::NAME => run_as::<AskNumber>(core, stored).await,
        SyncTemplates::NAME => run_as::<SyncTemplates>(core, stored).await,
        other => Err((format!("this version knows no job {other}"), None)),
    };
    if let Err(error) = settle(core, stored, done).await {
        tracing::error!(job.id = stored.id, %error, "The end of job {} could not be noted: {error}", stored.id);
    }
}

/// What a failure leads to: in words, and how long to wait if it is tried again.
type Failed = (String, Option<Duration>);

async fn run_as<J: Job>(core: &Core, stored: &Stored) -> Result<(), Failed> {
    let job: J = serde_json::from_str(&stored.payload).map_err(|error| (error.to_string(), None))?;
    job.run(core).await.map_err(|error| {
        let is_last = matches!(error, JobError::Never(_)) || stored.attempts >= J::ATTEMPTS_MAX;
        (error.to_string(), (!is_last).then(|| J::wait(stored.attempts)))
    })
}

async fn settle(core: &Core, stored: &Stored, done: Result<(), Failed>) -> Result<(), StoreError> {
    let now = core.now();
    let mut tx = core.store.begin().await?;
    match done {
        Ok(()) => job::finish(&mut tx.conn(), stored).await?,
        Err((error, wait)) => {
            let (id, kind) = (stored.id, stored.kind.as_str());
            // The words may quote the provider's, and those a person's number: they stay in the job's row.
            let code = if wait.is_some() { "later" } else { "never" };
            tracing::warn!(job.id = id, job.kind = kind, error.code = code, "Job {id} ({kind}) failed: {code}");
            job::fail(&mut tx.conn(), stored, wait.map(|wait| now.plus(wait)), &error, now).await?;
        }
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_leave_room_and_no_account_has_them_all() {
        let of = |accounts: &[i64]| {
            let full = full_accounts(accounts.iter().copied().map(AccountId), 1)?;
            let mut full: Vec<i64> = full.into_iter().flatten().map(|account| account.0).collect();
            full.sort_unstable();
            Some(full)
        };
        assert_eq!(of(&[]), Some(vec![]));
        assert_eq!(of(&[1, 1, 1, 2]), Some(vec![]));
        assert_eq!(of(&[1, 1, 1, 1, 2]), Some(vec![1]));
        assert_eq!(of(&[1, 2, 1, 2, 1, 2, 1, 2, 3, 3, 3]), Some(vec![1, 2]));
        assert_eq!(of(&[1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]), None);
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), None);
        assert_eq!(full_accounts([].into_iter(), 0), None, "no room at all");
        const { assert!(FETCHES_MAX < JOBS_MAX) };
    }
}
