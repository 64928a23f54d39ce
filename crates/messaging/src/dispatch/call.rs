//! One call: claim committed, request written, outcome committed.

use std::time::{Duration, Instant};

use domain::backoff::{self, Next};
use domain::content::Content;
use domain::ids::{CallId, Epoch, MessageId, SenderId};
use domain::refusal::{Failure, LEASE_LOST, RefusalKind};
use providers::{Answer, CallOutcome, Outcome, Provider, Refusal};
use store::hot::{Claim, Claimed, Complete, Settlement};
use store::outbox::Ready;

use super::ownership::Ownership;
use super::prepare::{self, Made, NotMade};
use crate::core::Core;
use crate::media::exchange;
use crate::metric::Metric;

/// How often a lost database is tried for the outcome of a call before it is left to become unknown.
const COMPLETE_TRIES: u32 = 60;

/// How long a sender waits that has come to a message whose medium is still being handed over. What is more urgent goes
/// before it each time.
const MEDIUM_WAIT: Duration = Duration::from_secs(1);

/// A call that ended.
#[derive(Debug)]
pub(super) struct Done {
    pub sender: SenderId,
    pub message: MessageId,
    /// The whole sender waits so long.
    pub pause: Option<Duration>,
    /// What it tells of the provider.
    pub ended: Ended,
}

/// How a call ended, as far as the sender's pace is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The provider took the message.
    Taken,
    /// The provider refused it for the number's rate.
    Limited,
    /// No answer came.
    Unknown,
    /// Anything else, or no call was made.
    Otherwise,
}

/// Calls the provider for one message.
pub(super) async fn run(core: Core, ownership: Ownership, ready: Ready) -> Done {
    let (pause, ended) = match call(&core, &ownership, &ready).await {
        Ok(ended) => ended,
        Err(error) => {
            tracing::error!(message.id = %ready.message, %error, "Message {} could not be called: {error}", ready.message);
            // The database is away; the row is still ours to find.
            (error.is_unavailable().then_some(Duration::from_secs(1)), Ended::Otherwise)
        }
    };
    core.hints.account_changed(ready.account);
    Done { sender: ready.sender, message: ready.message, pause, ended }
}

/// Answers how long the sender waits after it, and how it ended.
async fn call(
    core: &Core,
    ownership: &Ownership,
    ready: &Ready,
) -> Result<(Option<Duration>, Ended), store::StoreError> {
    let timeout = core.settings.request_timeout;
    let Some(provider) = core.lines.provider(ready.sender, ready.simulated) else {
        // Its credentials are gone; the message waits for them until it expires.
        return Ok((Some(Duration::from_secs(30)), Ended::Otherwise));
    };
    if ownership.epoch(ready.shard, timeout).is_none() {
        return Ok((None, Ended::Otherwise));
    }
    let made = match prepare::make(core, provider, ready).await? {
        Ok(made) => Ok(made),
        Err(NotMade::Refused(refusal)) => Err(refusal),
        Err(NotMade::Later) => return Ok((Some(MEDIUM_WAIT), Ended::Otherwise)),
    };
    // Once more: an upload takes its time.
    let Some(epoch) = ownership.epoch(ready.shard, timeout) else {
        return Ok((None, Ended::Otherwise));
    };
    let Claimed::Yes(call) = claim(core, provider.as_ref(), ready, epoch, &made).await? else {
        return Ok((None, Ended::Otherwise));
    };
    let (answer, pause) = match &made {
        Err(refusal) => {
            let answer = refused(refusal.clone());
            let pause = sender_pause(&answer, ready);
            (answer, pause)
        }
        // The row must stay ours for as long as the request may run, else another owner would call it unknown while
        // we still write.
        Ok(_) if ownership.epoch(ready.shard, timeout) != Some(epoch) => (not_written(), None),
        Ok(made) => {
            let started = Instant::now();
            let answer = provider.send(&made.prepared).await;
            let name = provider.kind().as_str();
            metrics::histogram!(Metric::CallSeconds.name(), "provider" => name).record(started.elapsed());
            let answer = with_media_forgotten(core, provider.as_ref(), made, answer).await;
            let pause = sender_pause(&answer, ready);
            (answer, pause)
        }
    };
    let ended = ended(&answer);
    let language = fallback_language(provider.as_ref(), ready, &answer);
    complete(core, ready, (call, epoch), (answer, pause), language).await?;
    Ok((pause, ended))
}

fn ended(answer: &Answer) -> Ended {
    match answer.outcome.clone().each(1).pop() {
        Some(Outcome::Sent { .. }) => Ended::Taken,
        Some(Outcome::Unknown(_)) => Ended::Unknown,
        Some(Outcome::Refused(refusal)) if refusal.failure.kind == RefusalKind::SenderRate => Ended::Limited,
        Some(Outcome::Refused(_)) | None => Ended::Otherwise,
    }
}

/// The language of one more try, if the answer says that the template does not exist in its own; tried once.
fn fallback_language(provider: &dyn Provider, ready: &Ready, answer: &Answer) -> Option<String> {
    let Some(Outcome::Refused(refusal)) = answer.outcome.clone().each(1).pop() else { return None };
    if refusal.failure.kind != RefusalKind::Template || ready.language.is_some() {
        return None;
    }
    match Content::from_stored(&ready.content) {
        Ok(Content::Template(template)) => provider.fallback_language(&refusal.failure, &template),
        _ => None,
    }
}

/// A refusal that may mean that the provider does not know a medium any more: the medium is handed over anew, and the
/// message tried again.
async fn with_media_forgotten(core: &Core, provider: &dyn Provider, made: &Made, mut answer: Answer) -> Answer {
    if let CallOutcome::Whole(Outcome::Refused(refusal)) = &mut answer.outcome
        && !refusal.failure.kind.is_retryable()
        && provider.may_be_about_media(&refusal.failure)
        && exchange::forget_old(core, &made.media).await
    {
        refusal.failure.kind = RefusalKind::Transient;
        "Nothing to do: Waypost hands the medium over anew and tries again.".clone_into(&mut refusal.failure.remedy);
    }
    answer
}

async fn claim(
    core: &Core,
    provider: &dyn Provider,
    ready: &Ready,
    epoch: Epoch,
    made: &Result<Made, Refusal>,
) -> Result<Claimed, store::StoreError> {
    let (path, payload, note) = match made {
        Ok(made) => (made.prepared.path.clone(), made.prepared.payload.clone(), made.note.clone()),
        Err(_) => (String::new(), String::new(), None),
    };
    let claim = Claim {
        account: ready.account,
        message: ready.message,
        sender: ready.sender,
        attempts: ready.attempts,
        epoch,
        node: core.store.node().to_owned(),
        provider: provider.kind().as_str(),
        path,
        payload,
        note,
        at: core.now(),
    };
    core.store.hot().claim(claim).await
}

fn refused(refusal: Refusal) -> Answer {
    Answer { outcome: CallOutcome::Whole(Outcome::Refused(refusal)), http_status: None, body: None }
}

fn not_written() -> Answer {
    let failure = Failure {
        code: LEASE_LOST.to_owned(),
        kind: RefusalKind::Transient,
        reason: "The sender moved to another node before the request was written.".to_owned(),
        remedy: "Nothing to do: it is sent again by itself.".to_owned(),
    };
    refused(Refusal { failure, retry_after: None })
}

fn sender_pause(answer: &Answer, ready: &Ready) -> Option<Duration> {
    let outcome = answer.outcome.clone().each(1).pop();
    let Some(Outcome::Refused(refusal)) = outcome else { return None };
    match backoff::after_refusal(&refusal.failure, ready.message, ready.attempts + 1, refusal.retry_after) {
        Next::Retry(wait) => backoff::sender_pause(&refusal.failure, wait),
        Next::GiveUp => None,
    }
}

fn settlement(core: &Core, ready: &Ready, outcome: Outcome, language: Option<String>) -> (&'static str, Settlement) {
    match outcome {
        Outcome::Sent { external_ids, status } => {
            let external_ids = external_ids.into_iter().map(|id| (id.kind, id.value)).collect();
            ("sent", Settlement::Taken { external_ids, status })
        }
        Outcome::Refused(refusal) => {
            let number = ready.attempts + 1;
            let retry_at = match backoff::after_refusal(&refusal.failure, ready.message, number, refusal.retry_after) {
                Next::Retry(wait) => Some(core.now().plus(wait)),
                Next::GiveUp => language.as_ref().map(|_| core.now()),
            };
            ("refused", Settlement::Refused { failure: refusal.failure, retry_at, language })
        }
        Outcome::Unknown(cause) => ("unknown", Settlement::Unknown { cause }),
    }
}

/// Commits what came of the call. The answer is known only here, so a database that is away for a while is waited for.
async fn complete(
    core: &Core,
    ready: &Ready,
    (call, epoch): (CallId, Epoch),
    (answer, pause): (Answer, Option<Duration>),
    language: Option<String>,
) -> Result<(), store::StoreError> {
    let outcome = answer.outcome.each(1).pop();
    let outcome = outcome.unwrap_or_else(|| Outcome::Unknown("the provider's answer is empty".to_owned()));
    let (label, settled) = settlement(core, ready, outcome, language);
    Metric::Calls.count("outcome", label);
    let complete = Complete {
        account: ready.account,
        message: ready.message,
        number: ready.attempts + 1,
        call,
        sender: ready.sender,
        epoch,
        http_status: answer.http_status.map(i64::from),
        answer: answer.body,
        settled,
        pause_until: pause.map(|pause| core.now().plus(pause)),
        at: core.now(),
    };
    for _ in 1..COMPLETE_TRIES {
        match core.store.hot().complete(complete.clone()).await {
            Err(error) if error.is_unavailable() => {
                tracing::warn!(message.id = %ready.message, %error, "The outcome of a call waits for the database: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other.map(|_| ()),
        }
    }
    core.store.hot().complete(complete).await.map(|_| ())
}
