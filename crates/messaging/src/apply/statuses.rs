//! What became of our messages.

use domain::attempt::AttemptReference;
use domain::inbound::{Conversation, Pricing, StatusReport};
use serde_json::{Map, Value};
use store::contact::{Identity, Wanted};
use store::hot::StatusChange;
use store::recipient::Receipt;

use super::{Place, Reading, bounded};
use crate::core::Core;

pub(super) fn take(read: &mut Reading, core: &Core, place: Place<'_>, report: StatusReport) {
    learn_recipient(read, place, &report);
    let participant = report.group.as_ref().map(|group| &group.participant).filter(|person| person.is_known());
    if let (Some(person), Some(status)) = (participant, report.status.reached()) {
        let id = person.user_id.as_ref().map(|id| id.as_str().to_owned());
        let participant = id.or_else(|| person.phone.as_ref().map(|phone| phone.as_str().to_owned()));
        read.apply.receipts.push(Receipt {
            account: place.sender.account,
            sender: place.sender.id,
            external_id: report.external_id,
            participant: participant.unwrap_or_default(),
            status,
            at: place.time(report.at),
        });
        return;
    }
    match change(core, place, &report) {
        Some(change) => read.apply.statuses.push(change),
        None => read.note(format!("status `{}` passed over", report.status.as_str())),
    }
}

/// A status names the person by ids that we may not have known when we wrote to one of them. Nobody becomes a contact by
/// it: other systems on the same number write to people, too.
fn learn_recipient(read: &mut Reading, place: Place<'_>, report: &StatusReport) {
    let identities = Identity::of_person(&report.recipient);
    if identities.len() < 2 {
        return;
    }
    let at = place.time(report.at);
    let (account, name) = (place.sender.account, report.recipient.name.clone());
    read.apply.people.push(Wanted { account, identities, name, at, make: false });
}

fn change(core: &Core, place: Place<'_>, report: &StatusReport) -> Option<StatusChange> {
    let reference = report.reference.as_ref().and_then(|text| text.parse::<AttemptReference>().ok());
    // Another installation on the same business account names its own messages, whose ids are not ours.
    let reference = reference.filter(|r| *r.installation == *core.installation && r.account == place.sender.account);
    let mut evidence = report.evidence(place.sent_at.unwrap_or(place.now))?;
    evidence.at = bounded(evidence.at, place.now);
    Some(StatusChange {
        account: place.sender.account,
        sender: place.sender.id,
        kind: "wamid",
        external_id: report.external_id.clone(),
        reference,
        evidence,
        billing: billing(report.conversation.as_ref(), report.pricing.as_ref()),
    })
}

/// What is kept of the price, as the API answers it.
fn billing(conversation: Option<&Conversation>, pricing: Option<&Pricing>) -> Option<String> {
    let mut told = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            told.insert(key.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    if let Some(pricing) = pricing {
        put("category", text(&pricing.category));
        put("type", text(&pricing.kind));
        put("model", text(&pricing.model));
        put("billable", pricing.billable.map(Value::from));
    }
    if let Some(conversation) = conversation {
        put("conversation_id", text(&conversation.id));
        put("conversation_category", text(&conversation.origin));
        put("conversation_expires_at", conversation.expires_at.map(|at| Value::from(at.to_string())));
    }
    (!told.is_empty()).then(|| Value::Object(told).to_string())
}
