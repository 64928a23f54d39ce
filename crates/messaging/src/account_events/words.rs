//! What an event of an account means, for people: how much it matters, a sentence, and what helps. Pure.

mod account;
mod template;

use domain::inbound::{AccountEvent, Capability, FlowEvent, NameDecision, NumberQuality, Security, UsernameChange};
use domain::sender_state::limit_tier;
use store::account_event::Severity;
use store::account_event::Severity::{Critical, Info, Warning};

/// The provider's own words are quoted up to this length.
const QUOTE_CHARS_MAX: usize = 400;

/// What is said about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The provider's word for it.
    pub event: String,
    /// How much somebody should care.
    pub severity: Severity,
    /// What happened.
    pub sentence: String,
    /// What helps, where something is to be done.
    pub remedy: Option<String>,
}

impl Words {
    fn new(event: &str, severity: Severity, sentence: impl Into<String>) -> Self {
        Self { event: event.to_owned(), severity, sentence: sentence.into(), remedy: None }
    }

    fn helps(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Says what an event means. Words that nobody knows yet are told as they came.
#[must_use]
pub fn describe(event: &AccountEvent) -> Words {
    match event {
        AccountEvent::Template(template) => template::describe(template),
        AccountEvent::NumberQuality(quality) => of_quality(quality),
        AccountEvent::NumberName(decision) => of_name(decision),
        AccountEvent::Username(change) => of_username(change),
        AccountEvent::Settings(settings) => {
            let kind = settings.kind.as_deref().unwrap_or("settings");
            Words::new(kind, Info, "The settings of the number were changed at WhatsApp.")
        }
        AccountEvent::Security(security) => of_security(security),
        AccountEvent::Update(update) => account::of_update(update),
        AccountEvent::Alert(alert) => account::of_alert(alert),
        AccountEvent::Review(decision) => account::of_review(decision),
        AccountEvent::Capability(capability) => of_capability(capability),
        AccountEvent::Flow(flow) => of_flow(flow),
    }
}

/// The provider's words in a sentence of ours.
fn quote(text: &str) -> String {
    text.trim().chars().take(QUOTE_CHARS_MAX).collect()
}

/// A tier in words.
fn people(limit: &str) -> String {
    match limit_tier(limit).as_str() {
        "TIER_50" => "50 people".to_owned(),
        "TIER_250" => "250 people".to_owned(),
        "TIER_1K" => "1,000 people".to_owned(),
        "TIER_2K" => "2,000 people".to_owned(),
        "TIER_10K" => "10,000 people".to_owned(),
        "TIER_100K" => "100,000 people".to_owned(),
        "TIER_UNLIMITED" => "any number of people".to_owned(),
        "TIER_NOT_SET" => "nobody yet".to_owned(),
        other => format!("{} people", quote(other)),
    }
}

fn of_quality(quality: &NumberQuality) -> Words {
    let limit = quality.daily_conversations.as_ref().or(quality.current_limit.as_ref());
    let reach =
        limit.map_or_else(String::new, |limit| format!(" It may write first to {} in 24 hours.", people(limit)));
    let event = quality.event.as_str();
    match event {
        "THROUGHPUT_UPGRADE" => {
            Words::new(event, Info, format!("The number may send and receive 1,000 messages per second now.{reach}"))
        }
        "ONBOARDING" => Words::new(event, Info, format!("The number was set up.{reach}")),
        "FLAGGED" => Words::new(event, Warning, format!("WhatsApp flagged the number for low quality.{reach}"))
            .helps("Send to people who expect your messages, and less marketing, until the quality recovers."),
        "UNFLAGGED" => Words::new(event, Info, format!("The number is not flagged any more.{reach}")),
        "UPGRADE" => Words::new(event, Info, format!("The messaging limit was raised.{reach}")),
        "DOWNGRADE" => Words::new(event, Warning, format!("The messaging limit was lowered.{reach}"))
            .helps("Campaigns take longer than planned; send what matters most first."),
        other => Words::new(event, Info, format!("WhatsApp reported `{}` for the number.{reach}", quote(other))),
    }
}

fn of_name(decision: &NameDecision) -> Words {
    let name = decision.requested_name.as_deref().map_or_else(|| "The name".to_owned(), |n| format!("“{}”", quote(n)));
    let event = decision.decision.as_str();
    let reason = decision.reason.as_deref().map_or_else(String::new, |reason| format!(" Reason: {}.", quote(reason)));
    match event {
        "APPROVED" => Words::new(event, Info, format!("{name} was approved as the name of the number."))
            .helps("Register the number again, so that people see the new name."),
        "REJECTED" | "DECLINED" => {
            Words::new(event, Warning, format!("{name} was rejected as the name of the number.{reason}"))
                .helps("Ask for another name in WhatsApp Manager: it must show how it belongs to your business.")
        }
        "DEFERRED" => Words::new(event, Info, format!("The decision about {name} was put off.{reason}")),
        "PENDING" => Words::new(event, Info, format!("{name} is being looked at as the name of the number.")),
        other => Words::new(event, Info, format!("WhatsApp reported `{}` about {name}.{reason}", quote(other))),
    }
}

fn of_username(change: &UsernameChange) -> Words {
    let name = change.username.as_deref().map_or_else(|| "The username".to_owned(), |n| format!("@{}", quote(n)));
    let status = change.status.as_deref().unwrap_or("changed");
    match status {
        "approved" => Words::new(status, Info, format!("{name} is the number's username now.")),
        "reserved" => Words::new(status, Info, format!("{name} is reserved for the number.")),
        "deleted" => Words::new(status, Warning, format!("{name} is not the number's username any more."))
            .helps("If nobody of yours removed it, look into WhatsApp Manager."),
        other => Words::new(status, Info, format!("WhatsApp reported `{}` about {name}.", quote(other))),
    }
}

fn of_security(security: &Security) -> Words {
    let event = security.event.as_str();
    let who = security.requester.as_deref().map_or_else(String::new, |who| format!(" Asked for by {}.", quote(who)));
    let helps = "If this was nobody of yours, change the PIN at once and look who has access in Business settings.";
    match event {
        "PIN_CHANGED" => {
            Words::new(event, Warning, format!("The two-step PIN of the number was changed.{who}")).helps(helps)
        }
        "PIN_RESET_REQUEST" => {
            Words::new(event, Warning, format!("Somebody asked to turn the two-step PIN of the number off.{who}"))
                .helps(helps)
        }
        "PIN_REQUEST_SUCCESS" => {
            Words::new(event, Warning, format!("The two-step PIN of the number was turned off.{who}")).helps(helps)
        }
        other => Words::new(event, Info, format!("WhatsApp reported the security event `{}`.{who}", quote(other))),
    }
}

fn of_capability(capability: &Capability) -> Words {
    let mut parts = Vec::new();
    if let Some(limit) = &capability.daily_conversations {
        parts.push(format!("The business may write first to {} in 24 hours.", people(limit)));
    }
    if let Some(limit) = &capability.daily_conversations_per_number {
        parts.push(format!("Each number may write first to {} in 24 hours.", people(limit)));
    }
    if let Some(count) = capability.numbers_per_business {
        parts.push(format!("The portfolio may have {count} numbers."));
    }
    if let Some(count) = capability.numbers_per_account {
        parts.push(format!("The business account may have {count} numbers."));
    }
    if parts.is_empty() {
        parts.push("What the business may do has changed.".to_owned());
    }
    Words::new("CAPABILITY", Info, parts.join(" "))
}

fn of_flow(flow: &FlowEvent) -> Words {
    let event = flow.event.as_str();
    let id = flow.flow_id.as_deref().map_or_else(|| "A flow".to_owned(), |id| format!("The flow {}", quote(id)));
    let said = flow.message.as_ref().or(flow.warning.as_ref());
    let said = said.map_or_else(String::new, |text| format!(" WhatsApp says: {}", quote(text)));
    if event == "FLOW_STATUS_CHANGE" {
        let status = flow.new_status.as_deref().unwrap_or("unknown");
        let severity = match status {
            "BLOCKED" => Critical,
            "THROTTLED" => Warning,
            _ => Info,
        };
        let words = Words::new(event, severity, format!("{id} has the status {} now.{said}", quote(status)));
        return if severity == Info { words } else { words.helps("Mend the flow's endpoint; its errors caused this.") };
    }
    if flow.alert_state.as_deref() == Some("DEACTIVATED") {
        return Words::new(event, Info, format!("{id} works as it should again.{said}"));
    }
    let is_alert = flow.alert_state.is_some() || flow.warning.is_some();
    let words = match event {
        "CLIENT_ERROR_RATE" => "has many errors on people's phones",
        "ENDPOINT_ERROR_RATE" => "has many errors at its endpoint",
        "ENDPOINT_LATENCY" => "has an endpoint that answers slowly",
        "ENDPOINT_AVAILABILITY" => "has an endpoint that often does not answer",
        _ => "was reported about",
    };
    let words = Words::new(event, if is_alert { Warning } else { Info }, format!("{id} {words}.{said}"));
    if is_alert { words.helps("Look at the flow in WhatsApp Manager and at the log of its endpoint.") } else { words }
}

#[cfg(test)]
mod tests;
