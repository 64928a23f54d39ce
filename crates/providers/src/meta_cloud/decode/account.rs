//! News about the business account, its numbers and its flows.

use domain::inbound::reader::Node;
use domain::inbound::{
    AccountEvent, AlertDetails, Capability, FlowError, FlowEvent, NameDecision, NumberQuality, NumberSettings,
    Security, UsernameChange,
};
use serde_json::Value;

use super::people::username;
use super::{templates, update};

/// Reads an account field; `None` where the field is none, or lacks what makes it one.
pub(super) fn read(field: &str, value: Node<'_>) -> Option<AccountEvent> {
    if !value.is_object() {
        return None;
    }
    if let Some(template) = templates::read(field, value) {
        return Some(AccountEvent::Template(template));
    }
    match field {
        "account_update" => update::read(value).map(|update| AccountEvent::Update(Box::new(update))),
        "account_alerts" => Some(AccountEvent::Alert(alert(value))),
        "account_review_update" => value.text("decision").map(AccountEvent::Review),
        "account_settings_update" => Some(AccountEvent::Settings(settings(value))),
        "business_capability_update" => Some(AccountEvent::Capability(capability(value))),
        "business_username_update" | "business_username_updates" => {
            let (username, status) = (username(value), value.text("status"));
            (username.is_some() || status.is_some())
                .then_some(AccountEvent::Username(UsernameChange { username, status }))
        }
        "phone_number_quality_update" => quality(value).map(AccountEvent::NumberQuality),
        "phone_number_name_update" => name(value).map(AccountEvent::NumberName),
        "security" => {
            let event = value.text("event")?;
            Some(AccountEvent::Security(Security { event, requester: value.text("requester") }))
        }
        "flows" => flow(value).map(AccountEvent::Flow),
        _ => None,
    }
}

/// The details stand in an object of their own, or beside the entity as older versions have them.
fn alert(value: Node<'_>) -> AlertDetails {
    let info = value.get("alert_info");
    let text = |key: &str| info.and_then(|info| info.text(key)).or_else(|| value.text(key));
    AlertDetails {
        entity_type: text("entity_type"),
        entity_id: text("entity_id"),
        severity: text("alert_severity"),
        status: text("alert_status"),
        kind: text("alert_type"),
        description: text("alert_description"),
    }
}

fn settings(value: Node<'_>) -> NumberSettings {
    let mut settings = value.get("phone_number_settings").map(Node::keep);
    if let Some(Value::Object(members)) = &mut settings {
        // It is the subject.
        members.remove("phone_number_id");
    }
    NumberSettings { kind: value.text("type"), settings, at: value.time("timestamp") }
}

fn capability(value: Node<'_>) -> Capability {
    let per_number = value.text("max_daily_conversation_per_phone");
    Capability {
        daily_conversations: value.text("max_daily_conversations_per_business"),
        daily_conversations_per_number: per_number.or_else(|| value.text("max_daily_conversations_per_phone")),
        numbers_per_business: value.integer("max_phone_numbers_per_business"),
        numbers_per_account: value.integer("max_phone_numbers_per_waba"),
    }
}

fn quality(value: Node<'_>) -> Option<NumberQuality> {
    Some(NumberQuality {
        event: value.text("event")?,
        current_limit: value.text("current_limit"),
        old_limit: value.text("old_limit"),
        daily_conversations: value.text("max_daily_conversations_per_business"),
    })
}

fn name(value: Node<'_>) -> Option<NameDecision> {
    Some(NameDecision {
        decision: value.text("decision")?,
        requested_name: value.text("requested_verified_name"),
        reason: value.text("rejection_reason").filter(|reason| reason != "NONE"),
    })
}

fn flow(value: Node<'_>) -> Option<FlowEvent> {
    let error = |error: Node<'_>| FlowError {
        kind: error.text("error_type"),
        rate: error.number("error_rate"),
        count: error.integer("error_count"),
    };
    Some(FlowEvent {
        event: value.text("event")?,
        flow_id: value.text("flow_id"),
        message: value.text("message"),
        warning: value.text("warning"),
        old_status: value.text("old_status"),
        new_status: value.text("new_status"),
        alert_state: value.text("alert_state"),
        threshold: value.number("threshold"),
        error_rate: value.number("error_rate"),
        availability: value.number("availability"),
        latency_p50_ms: value.number("p50_latency"),
        latency_p90_ms: value.number("p90_latency"),
        requests: value.integer("requests_count"),
        errors: value.list("errors").into_iter().filter(|error| error.is_object()).map(error).collect(),
    })
}
