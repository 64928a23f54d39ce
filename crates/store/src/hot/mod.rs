//! The hot commands: what happens thousands of times a second and commits in groups.

pub mod accept;
pub mod apply;
pub mod claim;
pub mod complete;
pub mod early;
mod evidence;

pub use accept::{Accept, Accepted, IdempotencyKey};
pub use apply::{Applied, Apply, Bearing, Inbound, StatusChange};
pub use claim::{Claim, Claimed};
pub use complete::{Complete, Settled, Settlement};

use crate::conn::Conn;
use crate::error::StoreError;
use crate::group::{Commands, Group};

/// Any hot command.
#[derive(Debug)]
pub enum Command {
    /// A message to be sent.
    Accept(Box<Accept>),
    /// What a callback body says.
    Apply(Box<Apply>),
    /// What came of a call.
    Complete(Box<Complete>),
    /// A call is about to be made.
    Claim(Box<Claim>),
}

/// The answer to the command of the same name.
#[derive(Debug)]
pub enum Answer {
    /// To [`Command::Accept`].
    Accept(Accepted),
    /// To [`Command::Apply`].
    Apply(Applied),
    /// To [`Command::Complete`].
    Complete(Settled),
    /// To [`Command::Claim`].
    Claim(Claimed),
}

/// The commands of one kind with their places in the batch.
macro_rules! pick {
    ($commands:expr, $kind:ident) => {
        $commands
            .iter()
            .enumerate()
            .filter_map(|(place, command)| match command {
                Command::$kind(inner) => Some((place, inner.as_ref())),
                _ => None,
            })
            .unzip::<usize, _, Vec<usize>, Vec<_>>()
    };
}

impl Commands for Command {
    type Answer = Answer;
    const NAME: &'static str = "main";

    fn bytes(&self) -> usize {
        match self {
            Self::Accept(accept) => 512 + accept.content.len(),
            Self::Apply(apply) => 512 + apply.bytes(),
            Self::Complete(complete) => 512 + complete.answer.as_deref().map_or(0, str::len),
            Self::Claim(claim) => 512 + claim.payload.len(),
        }
    }

    async fn run(conn: &mut Conn<'_>, commands: &[Self]) -> Result<Vec<Answer>, StoreError> {
        let mut answers: Vec<Option<Answer>> = Vec::new();
        answers.resize_with(commands.len(), || None);
        let mut note = |places: Vec<usize>, found: Vec<Answer>| {
            for (place, answer) in places.into_iter().zip(found) {
                if let Some(slot) = answers.get_mut(place) {
                    *slot = Some(answer);
                }
            }
        };
        let (places, accepts) = pick!(commands, Accept);
        note(places, accept::run(conn, &accepts).await?.into_iter().map(Answer::Accept).collect());
        let (places, applies) = pick!(commands, Apply);
        note(places, apply::run(conn, &applies).await?.into_iter().map(Answer::Apply).collect());
        let (places, completes) = pick!(commands, Complete);
        note(places, complete::run(conn, &completes).await?.into_iter().map(Answer::Complete).collect());
        let (places, claims) = pick!(commands, Claim);
        note(places, claim::run(conn, &claims).await?.into_iter().map(Answer::Claim).collect());
        let answers: Option<Vec<Answer>> = answers.into_iter().collect();
        answers.ok_or_else(|| StoreError::Corrupt("a hot command got no answer".to_owned()))
    }
}

/// Hands hot commands to the group commit, each with its own type of answer.
#[derive(Clone, Debug)]
pub struct Hot(pub(crate) Group<Command>);

fn unexpected() -> StoreError {
    StoreError::Corrupt("a hot command got another command's answer".to_owned())
}

impl Hot {
    /// Stores a message to be sent.
    ///
    /// # Errors
    /// `Unavailable` at once when too many writes are waiting.
    pub async fn accept(&self, accept: Accept) -> Result<Accepted, StoreError> {
        match self.0.commit(Command::Accept(Box::new(accept))).await? {
            Answer::Accept(accepted) => Ok(accepted),
            _ => Err(unexpected()),
        }
    }

    /// Applies a callback body.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn apply(&self, apply: Apply) -> Result<Applied, StoreError> {
        match self.0.commit_patiently(Command::Apply(Box::new(apply))).await? {
            Answer::Apply(applied) => Ok(applied),
            _ => Err(unexpected()),
        }
    }

    /// Commits that a call is about to be made.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn claim(&self, claim: Claim) -> Result<Claimed, StoreError> {
        match self.0.commit_patiently(Command::Claim(Box::new(claim))).await? {
            Answer::Claim(claimed) => Ok(claimed),
            _ => Err(unexpected()),
        }
    }

    /// Commits what came of a call.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn complete(&self, complete: Complete) -> Result<Settled, StoreError> {
        match self.0.commit_patiently(Command::Complete(Box::new(complete))).await? {
            Answer::Complete(settled) => Ok(settled),
            _ => Err(unexpected()),
        }
    }
}
