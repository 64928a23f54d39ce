//! Applying stored callbacks: decode, command, mark. Everything is idempotent, so a crash between any two steps only
//! repeats work.

use std::time::Duration;

use domain::attempt::AttemptReference;
use domain::inbound::{DecodedHook, HookFact, HookItem, InboundMessage, StatusReport, Subject};
use domain::time::Timestamp;
use domain::{address::Address, ids::AccountId};
use providers::decode_hook;
use store::StoreError;
use store::contact::Identity;
use store::hot::{Apply, Inbound, StatusChange};
use store::inlet::{InletState, Mark, Stored};
use store::sender::Sender;
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::lines::Application;
use crate::metric::Metric;

/// How many stored bodies one round takes.
const BODIES_PER_ROUND: i64 = 1024;

/// How long a new body waits for company.
const GATHER: Duration = Duration::from_millis(2);

/// So many unread leaves of a body are named in its note.
const UNKNOWN_NAMED_MAX: usize = 200;

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
    let read = Reading::of(core, application, decoded);
    if !read.apply.statuses.is_empty() || !read.apply.messages.is_empty() {
        match core.store.hot().apply(read.apply).await {
            Ok(_) => {}
            Err(error) if error.is_unavailable() => return None,
            Err(error) => {
                tracing::error!(inlet.id = %stored.id, %error, "Callback {} was refused by the store: {error}", stored.id);
                return mark(InletState::Refused, Some(error.to_string()));
            }
        }
        for account in read.accounts {
            core.hints.account_changed(account);
        }
    }
    let state = if read.foreign { InletState::Foreign } else { InletState::Applied };
    mark(state, (!read.notes.is_empty()).then(|| read.notes.join("; ")))
}

/// A decoded body, sorted into what is ours and what is not.
struct Reading {
    apply: Apply,
    accounts: Vec<AccountId>,
    foreign: bool,
    notes: Vec<String>,
}

impl Reading {
    fn of(core: &Core, application: &Application, decoded: DecodedHook) -> Self {
        let apply = Apply { statuses: Vec::new(), messages: Vec::new(), at: core.now() };
        let mut read = Self { apply, accounts: Vec::new(), foreign: false, notes: decoded.passed_over };
        for item in decoded.items {
            match &item.subject {
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
        read.note_unknown(&decoded.unknown);
        read
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn note_unknown(&mut self, unknown: &[String]) {
        let named = unknown.get(..UNKNOWN_NAMED_MAX).unwrap_or(unknown).join(", ");
        match unknown.len() {
            0 => {}
            count if count > UNKNOWN_NAMED_MAX => {
                let more = count - UNKNOWN_NAMED_MAX;
                self.note(format!("unknown: {named}, and {more} more"));
            }
            _ => self.note(format!("unknown: {named}")),
        }
    }

    fn take(&mut self, core: &Core, sender: &Sender, item: HookItem) {
        if !self.accounts.contains(&sender.account) {
            self.accounts.push(sender.account);
        }
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
            // Who is described beside a status is known from the message.
            HookFact::Profile(_) => {}
            other => self.note(format!("{} passed over", other.name())),
        }
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
        content,
        context: object.context.and_then(|context| context.id),
    })
}

/// A provider's time that lies ahead of ours is a clock gone wrong; it may not make a message newer than now.
fn not_after(at: Timestamp, now: Timestamp) -> Timestamp {
    at.min(now)
}
