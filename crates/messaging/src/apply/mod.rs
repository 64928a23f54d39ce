//! Applying stored callbacks: decode, command, mark. Everything is idempotent, so a crash between any two steps only
//! repeats work.

pub(crate) mod calls;
mod elsewhere;
mod lines;
mod people;
mod statuses;

use std::collections::HashSet;
use std::time::Duration;

use domain::ids::{AccountId, InletId, SenderId};
use domain::inbound::{DecodedHook, HookFact, HookItem, Subject};
use domain::refusal::RefusalKind;
use domain::time::Timestamp;
use providers::decode_hook;
use store::StoreError;
use store::hot::Apply;
use store::inlet::{InletState, Mark, Stored};
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
    if !read.apply.is_empty() {
        let has_media = read.apply.messages.iter().any(|message| message.media.is_some());
        match core.store.hot().apply(read.apply).await {
            Ok(applied) => note_traffic(core, &read.traffic, applied.messages_new > 0),
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
    traffic: Vec<(SenderId, Traffic)>,
    foreign: bool,
    /// What was passed over, each thing once.
    notes: Vec<String>,
    noted: HashSet<String>,
}

impl Reading {
    fn of(core: &Core, application: &Application, decoded: DecodedHook, inlet: InletId) -> Self {
        let apply = Apply { inlet: Some(inlet), ..Apply::at(core.now()) };
        let (notes, noted) = (Vec::new(), HashSet::new());
        let (accounts, account_events, traffic) = (Vec::new(), Vec::new(), Vec::new());
        let mut read = Self { apply, accounts, account_events, traffic, foreign: false, notes, noted };
        for item in decoded.items {
            match &item.subject {
                _ if matches!(item.fact, HookFact::Account(_)) => read.account_events.push(item),
                Subject::Number { id, .. } => match application.senders.get(id) {
                    Some(_) if is_dashboard_test(&item) => {
                        read.note(format!("a test delivery of the dashboard: {} passed over", item.fact.name()));
                    }
                    Some(sender) => read.take(core, sender, item),
                    None => {
                        read.foreign = true;
                        read.note(format!("number {id} is not of this application; nothing about it was applied"));
                    }
                },
                _ => match item.fact {
                    HookFact::UserIds(update) => {
                        let at = item.at.unwrap_or_else(|| core.now());
                        people::take_user_ids_of_business(&mut read, application, (at, core.now()), *update);
                    }
                    other => read.note(format!("{} passed over", other.name())),
                },
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
        self.concerns(sender.account);
        let traffic = traffic(core.now(), &item.fact);
        if traffic != Traffic::default() {
            self.traffic.push((sender.id, traffic));
        }
        let place = Place { sender, now: core.now(), sent_at: item.at };
        match item.fact {
            HookFact::Status(report) => statuses::take(self, core, place, *report),
            HookFact::Message(message) => lines::take(self, place, *message),
            HookFact::Echo(echo) => elsewhere::take_echo(self, place, *echo),
            HookFact::History(message) => elsewhere::take_history(self, place, *message),
            HookFact::HistoryProgress(_) => {}
            HookFact::HistoryRefused(error) => {
                self.note(format!("the business does not share its history (error {})", error.code_text()));
            }
            HookFact::ContactSync(sync) => people::take_sync(self, place, *sync),
            HookFact::Preference(preference) => people::take_preference(self, place, *preference),
            HookFact::UserIds(update) => people::take_user_ids(self, place, *update),
            HookFact::Profile(person) => people::take_profile(self, place, person),
            HookFact::Call(call) => calls::take(self, place, *call),
            other => self.note(format!("{} passed over", other.name())),
        }
    }

    fn concerns(&mut self, account: AccountId) {
        if !self.accounts.contains(&account) {
            self.accounts.push(account);
        }
    }
}

/// So long after it happened a fact still says something about the rate of a number.
const TRAFFIC_RECENT: Duration = Duration::from_secs(10);

/// What a fact says to its sender's pace: what came in counts too, and a limit may be told by callback. What is old, or
/// comes late, says nothing of now.
fn traffic(now: Timestamp, fact: &HookFact) -> Traffic {
    let is_recent = |at: Option<Timestamp>| at.is_none_or(|at| now.since(at) < TRAFFIC_RECENT);
    match fact {
        HookFact::Message(message) if is_recent(message.object.at) => Traffic { received: 1, limited: false },
        HookFact::Status(report) if is_recent(report.at) => {
            let kind = report.failure.as_ref().map(|failure| failure.kind);
            Traffic { received: 0, limited: kind == Some(RefusalKind::SenderRate) }
        }
        _ => Traffic::default(),
    }
}

/// Tells the paces of the senders, once what came in is stored; what was stored before is no traffic.
fn note_traffic(core: &Core, traffic: &[(SenderId, Traffic)], is_new: bool) {
    for (sender, traffic) in traffic {
        let received = if is_new { traffic.received } else { 0 };
        core.hints.sender_has_traffic(*sender, Traffic { received, ..*traffic });
    }
}

/// The dashboard's button "Test" invents people who wrote in 2017; Meta's real accounts have long numbers.
fn is_dashboard_test(item: &HookItem) -> bool {
    let at = match &item.fact {
        HookFact::Message(message) => message.object.at,
        HookFact::Status(report) => report.at,
        HookFact::Echo(echo) => echo.object.at,
        HookFact::Preference(preference) => preference.at,
        HookFact::UserIds(update) => update.at,
        HookFact::Call(call) => call.at,
        _ => None,
    };
    matches!(item.business_account.as_deref(), Some("0" | "1")) && at.is_none_or(|at| at < TESTS_END)
}

/// The first second of 2018.
const TESTS_END: Timestamp = Timestamp::from_seconds(1_514_764_800);

/// Which sender a fact is about, and when it was told.
#[derive(Clone, Copy)]
struct Place<'s> {
    sender: &'s Sender,
    now: Timestamp,
    sent_at: Option<Timestamp>,
}

impl Place<'_> {
    /// When something happened that says so itself, or else was delivered then.
    fn time(self, told: Option<Timestamp>) -> Timestamp {
        bounded(told.or(self.sent_at).unwrap_or(self.now), self.now)
    }
}

/// The first of them, and how many more there are: a body may hold thousands.
fn some_of(mut words: Vec<String>) -> Vec<String> {
    let more = words.len().saturating_sub(NAMED_MAX);
    words.truncate(NAMED_MAX);
    words.extend((more > 0).then(|| format!("and {more} more")));
    words
}

/// WhatsApp began in 2009: what is older is a clock gone wrong, as is what lies ahead of ours. Neither may make a message
/// newer than now, or stand for ever at the end of a list.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_230_768_000);

fn bounded(at: Timestamp, now: Timestamp) -> Timestamp {
    if at < EARLIEST { now } else { at.min(now) }
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

    #[test]
    fn absurd_times_become_now() {
        let now = Timestamp::from_seconds(1_795_176_000);
        let bound = |seconds| bounded(Timestamp::from_seconds(seconds), now).as_seconds();
        assert_eq!(bound(1_795_176_001), 1_795_176_000);
        assert_eq!(bound(1_795_175_999), 1_795_175_999);
        assert_eq!(bound(1_230_768_000), 1_230_768_000);
        assert_eq!([bound(1_230_767_999), bound(0), bound(-5)], [1_795_176_000; 3]);
        assert_eq!(bounded(Timestamp::from_micros(i64::MAX), now), now);
        assert_eq!(bounded(Timestamp::from_micros(i64::MIN), now), now);
    }
}
