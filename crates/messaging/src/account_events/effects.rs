//! What an event changes in the state of the senders it concerns. Pure.

use domain::inbound::{AccountEvent, AccountUpdate, Capability, NumberQuality};
use domain::sender_state::{Property, limit_tier};
use serde_json::json;

/// The properties an event tells, in the provider's words.
pub(super) fn properties(event: &AccountEvent) -> Vec<(Property, String)> {
    let mut told = Vec::new();
    let mut put = |property, value: Option<String>| told.extend(value.map(|value| (property, value)));
    match event {
        AccountEvent::NumberQuality(quality) => return of_quality(quality),
        AccountEvent::NumberName(name) => {
            put(Property::NameStatus, Some(name.decision.clone()));
            put(Property::RequestedName, name.requested_name.clone());
        }
        AccountEvent::Username(change) => {
            put(Property::Username, change.username.clone());
            put(Property::UsernameStatus, change.status.clone());
        }
        AccountEvent::Settings(settings) => {
            put(Property::Settings, settings.settings.as_ref().map(ToString::to_string));
        }
        AccountEvent::Security(security) => put(Property::Security, Some(security.event.clone())),
        AccountEvent::Update(update) => return of_update(update),
        AccountEvent::Alert(alert) => {
            let official = match alert.kind.as_deref() {
                Some("OBA_APPROVED") => Some("true".to_owned()),
                Some("OBA_REJECTED") => Some("false".to_owned()),
                _ => None,
            };
            put(Property::Official, official);
        }
        AccountEvent::Review(decision) => put(Property::Review, Some(decision.clone())),
        AccountEvent::Capability(capability) => put(Property::MessagingLimit, limit(capability)),
        AccountEvent::Template(_) | AccountEvent::Flow(_) => {}
    }
    told
}

fn limit(capability: &Capability) -> Option<String> {
    let limit = capability.daily_conversations.as_deref().or(capability.daily_conversations_per_number.as_deref());
    limit.map(limit_tier)
}

fn of_quality(quality: &NumberQuality) -> Vec<(Property, String)> {
    let limit = quality.daily_conversations.as_deref().or(quality.current_limit.as_deref()).map(limit_tier);
    let mut told: Vec<_> = limit.map(|limit| (Property::MessagingLimit, limit)).into_iter().collect();
    match quality.event.as_str() {
        "THROUGHPUT_UPGRADE" => told.push((Property::Throughput, "HIGH".to_owned())),
        "FLAGGED" => told.push((Property::Status, "FLAGGED".to_owned())),
        "UNFLAGGED" => told.push((Property::Status, "CONNECTED".to_owned())),
        _ => {}
    }
    told
}

fn of_update(update: &AccountUpdate) -> Vec<(Property, String)> {
    let mut told = Vec::new();
    match update.event.as_str() {
        "ACCOUNT_RESTRICTION" => {
            let each = update.restrictions.iter();
            let list: Vec<_> =
                each.map(|r| json!({"kind": r.kind, "until": r.expires_at.map(|at| at.as_micros())})).collect();
            told.push((Property::Restrictions, json!(list).to_string()));
        }
        "DISABLED_UPDATE" => told.extend(update.ban_states.last().map(|state| (Property::Ban, state.clone()))),
        "ACCOUNT_VIOLATION" => told.extend(update.violation.clone().map(|kind| (Property::Violation, kind))),
        "ACCOUNT_DELETED" => told.push((Property::Status, "DELETED".to_owned())),
        "ACCOUNT_OFFBOARDED" => told.push((Property::Status, "DISCONNECTED".to_owned())),
        "ACCOUNT_RECONNECTED" => told.push((Property::Status, "CONNECTED".to_owned())),
        "PARTNER_ADDED" | "PARTNER_REMOVED" | "PARTNER_APP_INSTALLED" | "PARTNER_APP_UNINSTALLED" => {}
        // Prices and papers say nothing about what a number may do.
        _ => return told,
    }
    told.push((Property::Standing, update.event.clone()));
    told
}
