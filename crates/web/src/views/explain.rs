//! What happened to a message, in sentences: the same on its page and in the answer of the native API.

use std::time::Duration;

use domain::time::Timestamp;
use messaging::explain::{CallbackBody, Entry, WaitsFor, What};
use store::call::AttemptView;

use super::status::StatusWord;
use crate::catalogue::Catalogue;

/// Tells what happened, in somebody's language and time.
pub struct Teller<'a> {
    /// The words.
    pub catalogue: &'static Catalogue,
    /// How a time is written.
    pub when: &'a dyn Fn(Timestamp) -> String,
    /// How a length of time is written.
    pub took: &'a dyn Fn(Duration) -> String,
    /// Whether the sandbox sent it.
    pub simulated: bool,
}

impl Teller<'_> {
    fn time(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| self.catalogue.t("explain.no_time").to_owned(), |at| (self.when)(at))
    }

    fn say(&self, key: &'static str, values: &[(&str, &str)]) -> String {
        self.catalogue.tf(key, values)
    }

    /// A few words for what happened.
    #[must_use]
    pub fn title(&self, entry: &Entry) -> String {
        let numbered = |key, number: i64| self.say(key, &[("number", number.to_string().as_str())]);
        match &entry.what {
            What::Accepted { .. } => self.catalogue.t("explain_title.accepted").to_owned(),
            What::Scheduled { .. } => self.catalogue.t("status.scheduled").to_owned(),
            What::Repeated { .. } => self.catalogue.t("explain_title.repeated").to_owned(),
            What::Rescheduled { .. } => self.catalogue.t("explain_title.rescheduled").to_owned(),
            What::Released => self.catalogue.t("explain_title.released").to_owned(),
            What::Cancelled { .. } => self.catalogue.t("status.cancelled").to_owned(),
            What::Expired { .. } => self.catalogue.t("status.expired").to_owned(),
            What::Claimed(attempt) => numbered("explain_title.claimed", attempt.number),
            What::Answered { attempt, .. } if attempt.http_status.is_some() => {
                numbered("explain_title.answered", attempt.number)
            }
            What::Answered { attempt, .. } => numbered("explain_title.ended", attempt.number),
            What::BackOff { attempt, .. } => numbered("explain_title.back_off", attempt + 1),
            What::Abandoned { attempt } => numbered("explain_title.abandoned", *attempt),
            What::Reported { status, .. } => self.catalogue.t(StatusWord::from(*status).key()).to_owned(),
            What::Received { .. } => self.catalogue.t("status.received").to_owned(),
            What::WrittenElsewhere { .. } => self.catalogue.t("explain_title.elsewhere").to_owned(),
            What::Replied => self.catalogue.t("explain_title.replied").to_owned(),
        }
    }

    /// A sentence for what happened.
    #[must_use]
    pub fn sentence(&self, entry: &Entry) -> String {
        match &entry.what {
            What::Accepted { class, expires_at, .. } => {
                let until = self.time(*expires_at);
                self.say("explain.accepted", &[("class", class.as_str()), ("until", until.as_str())])
            }
            What::Scheduled { send_at, expires_at, .. } => {
                let (due, until) = (self.time(*send_at), self.time(*expires_at));
                self.say("explain.scheduled", &[("due", due.as_str()), ("until", until.as_str())])
            }
            What::Repeated { key } => self.say("explain.repeated", &[("key", key.as_str())]),
            What::Rescheduled { send_at, expires_at, .. } => {
                let (before, after) = (self.time(send_at.0), self.time(send_at.1));
                let until = self.time(expires_at.1);
                let values = [("before", before.as_str()), ("after", after.as_str()), ("until", until.as_str())];
                self.say("explain.rescheduled", &values)
            }
            What::Released => self.catalogue.t("explain.released").to_owned(),
            What::Cancelled { replaced_by: Some(id), .. } => {
                self.say("explain.replaced", &[("id", id.to_string().as_str())])
            }
            What::Cancelled { .. } => self.catalogue.t("explain.cancelled").to_owned(),
            What::Expired { expires_at, held_by, failure } => self.expired(*expires_at, held_by, failure.as_ref()),
            What::Claimed(attempt) => self.claimed(attempt),
            What::Answered { attempt, latency, failure } => self.answered(attempt, *latency, failure.is_some()),
            What::BackOff { until, failure, .. } => {
                let (until, code) = ((self.when)(*until), failure.as_ref().map_or("", |failure| failure.code.as_str()));
                self.say("explain.back_off", &[("code", code), ("until", until.as_str())])
            }
            What::Abandoned { .. } => self.catalogue.t("explain.abandoned").to_owned(),
            What::Reported { .. } => self.reported(entry),
            What::Received { .. } => self.catalogue.t("status_means.received").to_owned(),
            What::WrittenElsewhere { origin, .. } => self
                .catalogue
                .t(match origin.as_str() {
                    "phone_app" => "explain.phone_app",
                    "history" => "explain.history",
                    _ => "explain.other_application",
                })
                .to_owned(),
            What::Replied => self.catalogue.t("explain.replied").to_owned(),
        }
    }

    fn expired(&self, at: Option<Timestamp>, held_by: &str, failure: Option<&domain::refusal::Failure>) -> String {
        let until = self.time(at);
        let code = failure.map_or("", |failure| failure.code.as_str());
        let values = [("until", until.as_str()), ("code", code)];
        match held_by {
            "not_connected" => self.say("explain.expired_not_connected", &values),
            "refusal" => self.say("explain.expired_refusal", &values),
            "sender_pause" => self.say("explain.expired_pause", &values),
            _ => self.say("explain.expired", &values),
        }
    }

    fn claimed(&self, attempt: &AttemptView) -> String {
        let provider = ("provider", attempt.provider.as_str());
        match &attempt.node {
            Some(node) => self.say("explain.claimed", &[provider, ("node", node.as_str())]),
            None => self.say("explain.claimed_somewhere", &[provider]),
        }
    }

    fn answered(&self, attempt: &AttemptView, latency: Duration, is_refused: bool) -> String {
        let took = (self.took)(latency);
        match attempt.http_status {
            Some(status) => {
                let status = status.to_string();
                self.say("explain.answered", &[("status", status.as_str()), ("took", took.as_str())])
            }
            None if self.simulated => self.catalogue.t("explain.kept").to_owned(),
            None if is_refused => self.catalogue.t("explain.not_sent").to_owned(),
            None => self.say("explain.silent", &[("took", took.as_str())]),
        }
    }

    fn reported(&self, entry: &Entry) -> String {
        let What::Reported { status, raised, early, happened_at, callback, .. } = &entry.what else {
            return String::new();
        };
        let (word, at) = (self.catalogue.t(StatusWord::from(*status).meaning()), (self.when)(*happened_at));
        let values = [("meaning", word), ("at", at.as_str())];
        let mut text = match (raised, callback) {
            (true, Some(_)) => self.say("explain.reported", &values),
            (true, None) => word.to_owned(),
            (false, _) => self.say("explain.reported_again", &values),
        };
        if *early {
            text.push(' ');
            text.push_str(self.catalogue.t("explain.early"));
        }
        text
    }

    /// A sentence for what a message waits for.
    #[must_use]
    pub fn waits(&self, waits: &WaitsFor) -> String {
        let until = self.time(waits.until());
        let until = ("until", until.as_str());
        match waits {
            WaitsFor::DueTime(_) => self.say("waits.due_time", &[until]),
            WaitsFor::Connection => self.catalogue.t("waits.connection").to_owned(),
            WaitsFor::Pause { reason, .. } => {
                self.say("waits.pause", &[until, ("code", reason.code.as_str()), ("reason", reason.reason.as_str())])
            }
            WaitsFor::BackOff { .. } => self.say("waits.back_off", &[until]),
            WaitsFor::Turn => self.catalogue.t("waits.turn").to_owned(),
            WaitsFor::Answer => self.catalogue.t("waits.answer").to_owned(),
            WaitsFor::Evidence => self.catalogue.t("waits.evidence").to_owned(),
        }
    }

    /// What is said about a callback's body.
    #[must_use]
    pub fn body(&self, body: &CallbackBody) -> &'static str {
        match body {
            CallbackBody::Whole(_) => self.catalogue.t("explain.callback"),
            CallbackBody::Part(_) => self.catalogue.t("explain.callback_part"),
            CallbackBody::Dropped => self.catalogue.t("explain.callback_dropped"),
            CallbackBody::Unreadable => self.catalogue.t("explain.callback_unreadable"),
        }
    }
}
