//! Our message as Meta's request.

use domain::address::Address;
use domain::options::MarketingMessage;
use serde_json::{Map, Value, json};

use crate::{Call, NotSupported, Outbound};

/// Where messages and read receipts go, below the number.
pub(super) const MESSAGES: &str = "messages";

/// Where a call goes, below the number.
pub(crate) fn endpoint(call: &Call) -> &'static str {
    let is_marketing = call.messages.iter().any(|message| message.options.marketing.is_some());
    if is_marketing { "marketing_messages" } else { MESSAGES }
}

/// The body of one call. The endpoint has no form for several recipients.
pub(crate) fn payload(call: &Call) -> Result<String, NotSupported> {
    let [message] = call.messages.as_slice() else {
        let detail = format!("the Cloud API takes one message per request, not {}", call.messages.len());
        return Err(NotSupported { field: "messages".to_owned(), detail });
    };
    Ok(Value::Object(envelope(message)).to_string())
}

fn envelope(message: &Outbound) -> Map<String, Value> {
    let recipient_type = if matches!(message.to, Address::Group(_)) { "group" } else { "individual" };
    let mut body = Map::from_iter([
        ("messaging_product".to_owned(), json!("whatsapp")),
        ("recipient_type".to_owned(), json!(recipient_type)),
    ]);
    let recipient = match &message.to {
        // With the `+`: without it Meta puts the business number's own country code in front.
        Address::Phone(number) => ("to".to_owned(), json!(number.as_str())),
        Address::UserId(id) => ("recipient".to_owned(), json!(id.as_str())),
        Address::Group(id) => ("to".to_owned(), json!(id.as_str())),
    };
    body.extend([recipient]);
    if let Some(hash) = &message.options.identity_key_hash {
        body.insert("recipient_identity_key_hash".to_owned(), json!(hash));
    }
    if let Some(id) = &message.context {
        body.insert("context".to_owned(), json!({"message_id": id}));
    }
    body.extend(message.content.to_object());
    body.extend(message.options.marketing.iter().flat_map(MarketingMessage::to_object));
    body.insert("biz_opaque_callback_data".to_owned(), json!(message.reference.to_string()));
    body
}

/// The body that marks a message, and all before it, as read; typing shows for 25 seconds or until the reply.
pub(super) fn read_receipt(external_id: &str, typing: bool) -> String {
    let mut body = json!({"messaging_product": "whatsapp", "status": "read", "message_id": external_id});
    if typing {
        body["typing_indicator"] = json!({"type": "text"});
    }
    body.to_string()
}
