//! Applying stored callbacks: decode, command, mark. Everything is idempotent, so a crash between any two steps only
//! repeats work.

use std::collections::HashSet;
use std::time::Duration;

use domain::address::Address;
use domain::attempt::AttemptReference;
use domain::ids::{AccountId, InletId};
use domain::inbound::{DecodedHook, HookFact, HookItem, InboundContent, InboundMessage, StatusReport, Subject};
use domain::refusal::RefusalKind;
use domain::time::Timestamp;
use providers::decode_hook;
use store::StoreError;
use store::contact::Identity;
use store::hot::{Apply, Inbound, StatusChange};
use store::inlet::{InletState, Mark, Stored};
use store::media::{ReceivedMedium, Told};
use store::sender::Sender;
use tokio_util::sync::CancellationToken;

use crate::account_events;
use crate::core::Core;
use crate::hints::Traffic;
use crate::lines::Application;
use crate::metric::Metric;

/// How many stored bodies one round takes.
const BODIES_PER_ROUND: i64 = 1024;

/// How long a new body waits for company.
const GATHER: Duration = Duration::from_millis(2);

/// So much of one sort is named in a body's note; the rest is counted.
const NAMED_MAX: usize = 200;

/// Applies what is stored until it is told to stop.
pub async fn run(core: Core, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let wait = match round(&core).await {
            Ok(bodies) if bodies >= BODIES_PER_ROUND => continue,
            Ok(_) => core.settings.poll_interval,
            Err(error) => {
                tracing::error!(%error, "Stored callbacks cannot be applied now: {error}");
                core.settings.poll_interval.max(Duration::from_secs(1))
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            // Bodies that come together are applied together: a small pause saves a busy server half its commits.
            () = core.hints.inlet_work() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One round; answers how many bodies it looked at.
async fn round(core: &Core) -> Result<i64, StoreError> {
    let bodies = core.store.inlet().pending(BODIES_PER_ROUND).await?;
    let results = futures_util::future::join_all(bodies.iter().map(|stored| apply_one(core, stored))).await;
    let marks: Vec<Mark> = results.into_iter().flatten().collect();
    for mark in &marks {
        Metric::CallbacksApplied.count("state", mark.state.as_str());
    }
    core.store.inlet().mark(&marks).await?;
    // Bodies that stay pending, because the store was away, are not work for now.
    Ok(i64::try_from(marks.len()).unwrap_or(BODIES_PER_ROUND))
}

/// Applies one body; `None` leaves it pending.
async fn apply_one(core: &Core, stored: &Stored) -> Option<Mark> {
    let mark = |state, note| Some(Mark { id: stored.id, state, note });
    let Some(application) = core.lines.application(&stored.route) else {
        // Set aside, so that it does not stand in the way of what can be applied.
        return mark(InletState::Refused, Some(format!("application {} is not configured any more", stored.route)));
    };
    let decoded = match decode_hook(application.kind(), &stored.body) {
        Ok(decoded) => decoded,
        Err(error) => return mark(InletState::Undecodable, Some(error.to_string())),
    };
    let read = Reading::of(core, application, decoded, stored.id);
    if !read.apply.statuses.is_empty() || !read.apply.messages.is_empty() {
        let has_media = read.apply.messages.iter().any(|message| message.media.is_some());
        match core.store.hot().apply(read.apply).await {
            Ok(_) => {}
            Err(error) if error.is_unavailable() => return None,
            Err(error) => {
                tracing::error!(inlet.id = %stored.id, %error, "Callback {} was refused by the store: {error}", stored.id);
                return mark(InletState::Refused, Some(error.to_string()));
            }
        }
        if has_media {
            core.hints.jobs_have_work();
        }
        for account in read.accounts {
            core.hints.account_changed(account);
        }
    }
    let told = match account_events::apply(core, application, stored.received_at, &read.account_events).await {
        Ok(told) => told,
        Err(error) if error.is_unavailable() => return None,
        Err(error) => {
            tracing::error!(inlet.id = %stored.id, %error, "Callback {} was refused by the store: {error}", stored.id);
            return mark(InletState::Refused, Some(error.to_string()));
        }
    };
    let is_foreign = read.foreign || told.is_foreign;
    let notes = [read.notes, some_of(told.notes)].concat();
    let state = if is_foreign { InletState::Foreign } else { InletState::Applied };
    mark(state, (!notes.is_empty()).then(|| notes.join("; ")))
}

/// A decoded body, sorted into what is ours and what is not.
struct Reading {
    apply: Apply,
    accounts: Vec<AccountId>,
    account_events: Vec<HookItem>,
    foreign: bool,
    /// What was passed over, each thing once.
    notes: Vec<String>,
    noted: HashSet<String>,
}

impl Reading {
    fn of(core: &Core, application: &Application, decoded: DecodedHook, inlet: InletId) -> Self {
        let apply = Apply { statuses: Vec::new(), messages: Vec::new(), inlet: Some(inlet), at: core.now() };
        let (notes, noted) = (Vec::new(), HashSet::new());
        let mut read = Self { apply, accounts: Vec::new(), account_events: Vec::new(), foreign: false, notes, noted };
        for item in decoded.items {
            match &item.subject {
                _ if matches!(item.fact, HookFact::Account(_)) => read.account_events.push(item),
                Subject::Number { id, .. } => match application.senders.get(id) {
                    Some(sender) => read.take(core, sender, item),
                    None => {
                        read.foreign = true;
                        read.note(format!("number {id} is not of this application; nothing about it was applied"));
                    }
                },
                _ => read.note(format!("{} passed over", item.fact.name())),
            }
        }
        let mut notes = some_of(decoded.passed_over);
        notes.extend(some_of(read.notes));
        if !decoded.unknown.is_empty() {
            notes.push(format!("unknown: {}", some_of(decoded.unknown).join(", ")));
        }
        Self { notes, ..read }
    }

    fn note(&mut self, note: String) {
        if self.noted.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    fn take(&mut self, core: &Core, sender: &Sender, item: HookItem) {
        if !self.accounts.contains(&sender.account) {
            self.accounts.push(sender.account);
        }
        note_traffic(core, sender, &item.fact);
        match item.fact {
            HookFact::Status(report) => match status(core, sender, item.at, &report) {
                Some(change) => self.apply.statuses.push(change),
                None => self.note(format!("status `{}` passed over", report.status.as_str())),
            },
            HookFact::Message(message) if message.object.group_id.is_some() => {
                self.note("a message in a group passed over".to_owned());
            }
            HookFact::Message(message) => match inbound(core.now(), sender, item.at, *message) {
                Some(inbound) => self.apply.messages.push(inbound),
                None => self.note("a message without a sender passed over".to_owned()),
            },
            other => self.note(format!("{} passed over", other.name())),
        }
    }
}

/// What the sender's pace has to know: what came in counts too, and a limit may be told by callback.
fn note_traffic(core: &Core, sender: &Sender, fact: &HookFact) {
    let traffic = match fact {
        HookFact::Message(_) => Traffic { received: 1, limited: false },
        HookFact::Status(report) => {
            let kind = report.failure.as_ref().map(|failure| failure.kind);
            Traffic { received: 0, limited: kind == Some(RefusalKind::SenderRate) }
        }
        _ => return,
    };
    if traffic != Traffic::default() {
        core.hints.sender_has_traffic(sender.id, traffic);
    }
}

fn status(core: &Core, sender: &Sender, sent_at: Option<Timestamp>, report: &StatusReport) -> Option<StatusChange> {
    let reference = report.reference.as_ref().and_then(|text| text.parse::<AttemptReference>().ok());
    // Another installation on the same business account names its own messages, whose ids are not ours.
    let reference = reference.filter(|r| *r.installation == *core.installation && r.account == sender.account);
    let mut evidence = report.evidence(sent_at.unwrap_or_else(|| core.now()))?;
    evidence.at = not_after(evidence.at, core.now());
    Some(StatusChange {
        account: sender.account,
        sender: sender.id,
        kind: "wamid",
        external_id: report.external_id.clone(),
        reference,
        evidence,
    })
}

fn inbound(now: Timestamp, sender: &Sender, sent_at: Option<Timestamp>, message: InboundMessage) -> Option<Inbound> {
    let InboundMessage { from, object } = message;
    let addresses: Vec<Address> =
        from.phone.map(Address::Phone).into_iter().chain(from.user_id.map(Address::UserId)).collect();
    let address = addresses.first()?.clone();
    let content = object.stored().to_string();
    Some(Inbound {
        account: sender.account,
        sender: sender.id,
        id_kind: "wamid",
        external_id: object.external_id,
        identities: addresses.iter().map(Identity::from).collect(),
        address,
        name: from.name,
        at: not_after(object.at.or(sent_at).unwrap_or(now), now),
        kind: object.content.kind().to_owned(),
        excerpt: object.content.excerpt(),
        media: received_medium(&object.content, object.at.or(sent_at)),
        content,
        context: object.context.and_then(|context| context.id),
    })
}

/// The medium that is to be fetched. Its address was given when the callback was made, so that is when its minutes begin.
fn received_medium(content: &InboundContent, at: Option<Timestamp>) -> Option<ReceivedMedium> {
    let InboundContent::Media(media) = content else { return None };
    let told =
        Told { provider_id: Some(media.id.clone()), url: media.url.clone(), url_at: at, sha256: media.sha256.clone() };
    Some(ReceivedMedium { told, mime_type: media.mime_type.clone(), filename: media.filename.clone() })
}

/// The first of them, and how many more there are: a body may hold thousands.
fn some_of(mut words: Vec<String>) -> Vec<String> {
    let more = words.len().saturating_sub(NAMED_MAX);
    words.truncate(NAMED_MAX);
    words.extend((more > 0).then(|| format!("and {more} more")));
    words
}

/// A provider's time that lies ahead of ours is a clock gone wrong; it may not make a message newer than now.
fn not_after(at: Timestamp, now: Timestamp) -> Timestamp {
    at.min(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_names_some_and_counts_the_rest() {
        let words = |count: usize| (0..count).map(|i| i.to_string()).collect::<Vec<_>>();
        assert_eq!(some_of(words(0)), words(0));
        assert_eq!(some_of(words(NAMED_MAX)), words(NAMED_MAX));
        let some = some_of(words(NAMED_MAX + 7));
        assert_eq!((some.len(), some.last().map(String::as_str)), (NAMED_MAX + 1, Some("and 7 more")));
    }
}
