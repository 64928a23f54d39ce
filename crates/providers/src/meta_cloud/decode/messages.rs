//! Messages from people, and what became of ours.

use domain::inbound::reader::Node;
use domain::inbound::{
    Context, Conversation, GroupRecipient, HookFact, IdentityChange, InboundContent, InboundMessage, MessageObject,
    Pricing, Referral, ReportedError, ReportedStatus, StatusReport,
};

use super::super::errors;
use super::super::wire::MetaError;
use super::people::{Contacts, named};
use super::word;

/// The members that are the same whoever wrote.
pub(super) fn object(message: Node<'_>) -> Result<MessageObject, String> {
    let external_id = message.text("id").ok_or("no id")?;
    Ok(MessageObject {
        external_id,
        at: message.time("timestamp"),
        content: InboundContent::read(message),
        context: Context::read(message),
        referral: Referral::read(message),
        errors: ReportedError::read_list(message),
        identity: IdentityChange::read(message),
        group_id: message.text("group_id"),
    })
}

pub(super) fn message(message: Node<'_>, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    let object = object(message)?;
    let from = contacts.complete(named(message, "from", "from_user_id", &["from_parent_user_id"]));
    if !from.is_known() {
        return Err("it does not say who wrote".to_owned());
    }
    Ok(vec![HookFact::Message(Box::new(InboundMessage { from, object }))])
}

pub(super) fn status(status: Node<'_>, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    // Payments report `captured` and `failed` too, which says nothing about the message.
    if let Some(kind) = status.text("type").filter(|kind| kind != "message") {
        return Err(format!("a status of type `{}`", word(&kind)));
    }
    let external_id = status.text("id").ok_or("no id")?;
    let reported = status.text("status").ok_or("no status")?;
    let reported = ReportedStatus::parse(&reported).ok_or_else(|| format!("status `{}`", word(&reported)))?;
    let errors = ReportedError::read_list(status);
    let failure = (reported == ReportedStatus::Failed).then(|| {
        let coded = errors.iter().find_map(MetaError::of);
        coded.map_or_else(errors::without_reason, |error| errors::classify(&error))
    });
    let group = group(status, contacts);
    let recipient = match group {
        Some(_) => domain::inbound::Person::default(),
        None => {
            // Three spellings have been published.
            let parents = ["parent_recipient_user_id", "recipient_parent_user_id", "parent_user_id"];
            let mut person = named(status, "recipient_id", "recipient_user_id", &parents);
            person.identity_hash = status.text("recipient_identity_key_hash");
            contacts.complete(person)
        }
    };
    let conversation = status.get("conversation");
    Ok(vec![HookFact::Status(Box::new(StatusReport {
        external_id,
        reference: status.text("biz_opaque_callback_data"),
        status: reported,
        at: status.time("timestamp"),
        failure,
        errors,
        recipient,
        group,
        conversation: conversation.and_then(read_conversation),
        // Groups have it inside the conversation.
        pricing: status.get("pricing").or_else(|| conversation?.get("pricing")).and_then(read_pricing),
    }))])
}

fn group(status: Node<'_>, contacts: &Contacts<'_>) -> Option<GroupRecipient> {
    status.is("recipient_type", "individual");
    if !status.is("recipient_type", "group") {
        return None;
    }
    let number = ["recipient_participant_id", "participant_recipient_id"];
    let number = number.into_iter().find(|key| status.peek().text(key).is_some());
    let parents = ["recipient_participant_parent_user_id", "recipient_parent_participant_user_id"];
    let participant = named(status, number.unwrap_or(""), "recipient_participant_user_id", &parents);
    Some(GroupRecipient { group_id: status.text("recipient_id"), participant: contacts.complete_known(participant) })
}

fn read_conversation(conversation: Node<'_>) -> Option<Conversation> {
    let read = Conversation {
        id: conversation.text("id"),
        origin: conversation.get("origin").and_then(|origin| origin.text("type")),
        expires_at: conversation.time("expiration_timestamp"),
    };
    (read != Conversation::default()).then_some(read)
}

fn read_pricing(pricing: Node<'_>) -> Option<Pricing> {
    let read = Pricing {
        billable: pricing.flag("billable"),
        model: pricing.text("pricing_model"),
        kind: pricing.text("type"),
        category: pricing.text("category"),
    };
    (read != Pricing::default()).then_some(read)
}
