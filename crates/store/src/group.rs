//! Group commit: commands are taken as they stand whenever the writer is free, run together in one transaction, and
//! answered after its commit.
//!
//! There is no timer: an idle system commits at once, a busy one batches by itself, because commands gather while the
//! disk syncs.

use std::future::Future;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::conn::Conn;
use crate::error::StoreError;
use crate::pools::{Pools, Tx};

/// How many commands one transaction takes.
pub const COMMANDS_MAX: usize = 256;
/// How many bytes of commands one transaction takes.
pub const BYTES_MAX: usize = 1024 * 1024;

/// Commands that can run together in one transaction.
pub trait Commands: Send + Sync + Sized + 'static {
    /// What a caller is told after the commit.
    type Answer: Send + 'static;

    /// Name for metrics.
    const NAME: &'static str;

    /// About how many bytes the command writes.
    fn bytes(&self) -> usize;

    /// Runs all of them inside one transaction; one answer each, in their order. Must not depend on an earlier,
    /// rolled-back run.
    fn run(
        conn: &mut Conn<'_>,
        commands: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

struct Waiting<C: Commands> {
    command: C,
    answer: oneshot::Sender<Result<C::Answer, StoreError>>,
}

/// Where commands are handed in.
#[derive(Debug)]
pub struct Group<C: Commands> {
    queue: mpsc::Sender<Waiting<C>>,
}

impl<C: Commands> Clone for Group<C> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

/// The writer's side of a [`Group`]; run it until every handle is gone.
#[derive(Debug)]
pub struct GroupWriter<C: Commands> {
    queue: mpsc::Receiver<Waiting<C>>,
}

/// A queue of at most `queue_max` commands and its writer.
#[must_use]
pub fn group<C: Commands>(queue_max: usize) -> (Group<C>, GroupWriter<C>) {
    let (sender, receiver) = mpsc::channel(queue_max);
    (Group { queue: sender }, GroupWriter { queue: receiver })
}

impl<C: Commands> Group<C> {
    /// Hands in a command and waits until it is committed.
    ///
    /// # Errors
    /// `Unavailable` when the queue is full or the database cannot write: nothing was stored, or (connection lost in the
    /// commit itself) nobody knows. Anything else is this command's own fault.
    pub async fn commit(&self, command: C) -> Result<C::Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { command, answer }).map_err(|refused| {
            StoreError::Unavailable(match refused {
                mpsc::error::TrySendError::Full(_) => "too many writes are waiting".to_owned(),
                mpsc::error::TrySendError::Closed(_) => "the server is stopping".to_owned(),
            })
        })?;
        answered.await.map_err(|_| StoreError::Unavailable("the server is stopping".to_owned()))?
    }

    /// As [`Self::commit`], for Waypost's own work, which waits for room in the queue instead of being refused.
    ///
    /// # Errors
    /// As [`Self::commit`], without the full queue.
    pub async fn commit_patiently(&self, command: C) -> Result<C::Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        let stopping = || StoreError::Unavailable("the server is stopping".to_owned());
        self.queue.send(Waiting { command, answer }).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }
}

impl<C: Commands> GroupWriter<C> {
    /// Commits until the last handle is dropped.
    pub async fn run(mut self, pools: impl Connect<C>) {
        let mut batch = Vec::with_capacity(COMMANDS_MAX);
        while let Some(first) = self.queue.recv().await {
            let mut bytes = first.command.bytes();
            batch.push(first);
            while batch.len() < COMMANDS_MAX && bytes < BYTES_MAX {
                let Ok(next) = self.queue.try_recv() else { break };
                bytes += next.command.bytes();
                batch.push(next);
            }
            let started = Instant::now();
            let size = batch.len();
            if let Err(error) = commit_all(&pools, &mut batch).await {
                // Nothing can begin: those who wait behind are told so now and not after a time-out each.
                while let Ok(waiting) = self.queue.try_recv() {
                    let _ = waiting.answer.send(Err(error.copy()));
                }
            }
            metrics::histogram!("waypost_group_commit_seconds", "group" => C::NAME).record(started.elapsed());
            metrics::counter!("waypost_group_commands_total", "group" => C::NAME).increment(size as u64);
        }
    }
}

/// Where a writer gets its connections; the inlet's change with the day.
pub trait Connect<C>: Send + Sync {
    /// The pools to write these commands to.
    fn pools(&self, commands: &[C]) -> impl Future<Output = Result<Pools, StoreError>> + Send;
}

impl<C: Sync> Connect<C> for Pools {
    async fn pools(&self, _commands: &[C]) -> Result<Pools, StoreError> {
        Ok(self.clone())
    }
}

/// Commits a batch and answers its callers; an error says that no transaction can begin at all.
async fn commit_all<C: Commands>(connect: &impl Connect<C>, batch: &mut Vec<Waiting<C>>) -> Result<(), StoreError> {
    let (commands, answers): (Vec<C>, Vec<_>) = batch.drain(..).map(|w| (w.command, w.answer)).unzip();
    let begun = async {
        let pools = connect.pools(&commands).await?;
        let tx = pools.begin().await?;
        Ok((pools, tx))
    };
    let (pools, tx) = match begun.await {
        Ok(begun) => begun,
        Err(error) => {
            refuse(answers, &error);
            return Err(error);
        }
    };
    let mut committed = commit_once(tx, &commands).await;
    if let Err(StoreError::GaveWay(reason)) = &committed {
        tracing::warn!(group = C::NAME, reason, "A batch gave way to another transaction and runs again");
        committed = match pools.begin().await {
            Ok(tx) => commit_once(tx, &commands).await,
            Err(error) => Err(error),
        };
    }
    match committed {
        Ok(results) => {
            for (result, answer) in results.into_iter().zip(answers) {
                // A caller that went away needs no answer.
                let _ = answer.send(Ok(result));
            }
        }
        Err(error) if error.is_unavailable() || commands.len() == 1 => refuse(answers, &error),
        Err(error) => {
            tracing::warn!(group = C::NAME, %error, "A batch failed and runs singly: {error}");
            commit_singly(&pools, commands, answers).await;
        }
    }
    Ok(())
}

fn refuse<A>(answers: Vec<oneshot::Sender<Result<A, StoreError>>>, error: &StoreError) {
    tracing::error!(commands = answers.len(), %error, "A group commit failed: {error}");
    for answer in answers {
        let _ = answer.send(Err(error.copy()));
    }
}

/// One command cannot fail its batch: alone, only the one at fault is refused.
async fn commit_singly<C: Commands>(
    pools: &Pools,
    commands: Vec<C>,
    answers: Vec<oneshot::Sender<Result<C::Answer, StoreError>>>,
) {
    for (command, answer) in commands.into_iter().zip(answers) {
        let result = match pools.begin().await {
            Ok(tx) => commit_once(tx, std::slice::from_ref(&command)).await,
            Err(error) => Err(error),
        };
        let result = result.and_then(|mut results| {
            results.pop().ok_or_else(|| StoreError::Corrupt("a command got no answer".to_owned()))
        });
        let _ = answer.send(result);
    }
}

async fn commit_once<C: Commands>(mut tx: Tx, commands: &[C]) -> Result<Vec<C::Answer>, StoreError> {
    let results = {
        let mut conn = tx.conn();
        C::run(&mut conn, commands).await
    };
    match results {
        Ok(results) if results.len() == commands.len() => {
            tx.commit().await?;
            Ok(results)
        }
        Ok(_) => {
            tx.rollback().await?;
            Err(StoreError::Corrupt("a batch answered another number of commands".to_owned()))
        }
        Err(error) => {
            // The error of the statement says more than one of the rollback would.
            let _ = tx.rollback().await;
            Err(error)
        }
    }
}
