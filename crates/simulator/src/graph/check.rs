//! The envelope of a send: from a JSON body to an order, or to the error Meta would answer.

use serde_json::Value;

use super::GraphError;
use super::fields::Fields;
use super::kinds::{self, Checked, KINDS};
use crate::shared::Shared;
use crate::templates::Category;

/// What the body asks for.
#[derive(Debug)]
pub(super) enum Ask {
    Send(Box<Send>),
    MarkRead { message_id: String, typing: bool },
}

/// A message that passed every check of its body.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) recipient: Recipient,
    pub(super) kind: String,
    pub(super) object: Value,
    pub(super) checked: Checked,
    pub(super) context: Option<String>,
    pub(super) opaque: Option<String>,
    /// The identity the sender last knew; the message fails if the customer has another one.
    pub(super) identity: Option<String>,
}

/// Where the body was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Messages,
    /// `marketing_messages`: the same body with two more members, for marketing templates only.
    Marketing,
}

/// Whom a message is for.
#[derive(Debug)]
pub(super) enum Recipient {
    Phone {
        input: String,
        digits: String,
    },
    User {
        user_id: String,
    },
    /// A group stands for its first member here.
    Group {
        id: String,
        member: String,
    },
}

const OPAQUE_MAX: usize = 512;

/// Reads a body; `sender` are the digits of the business number.
pub(super) fn body(app: &Shared, endpoint: Endpoint, mut value: Value, sender: &str) -> Result<Ask, GraphError> {
    if endpoint == Endpoint::Messages && value.get("status").is_some() {
        return mark_read(&value);
    }
    let kind = value.get("type").map_or(Some("text"), Value::as_str).unwrap_or_default().to_owned();
    let (recipient, opaque, context, identity, checked) = {
        let fields = envelope(endpoint, &value, &kind)?;
        let recipient = recipient(app, &fields, sender)?;
        let opaque = fields.bounded_text("biz_opaque_callback_data", OPAQUE_MAX)?.map(str::to_owned);
        let identity = fields.text("recipient_identity_key_hash")?.map(str::to_owned);
        let context = match fields.object("context", &["message_id"])? {
            Some(_) if kind == "reaction" => return Err(fields.invalid("context", "cannot go with a reaction")),
            Some(context) => Some(context.required_text("message_id")?.to_owned()),
            None => None,
        };
        let Some(content) = fields.get(&kind) else {
            return Err(fields.missing(&kind));
        };
        let checked = kinds::check(app, &kind, content)?;
        (recipient, opaque, context, identity, checked)
    };
    if matches!(recipient, Recipient::User { .. }) && checked.category == Category::Authentication {
        return Err(GraphError::new(131_062, "Authentication templates need a phone number"));
    }
    if endpoint == Endpoint::Marketing && checked.category != Category::Marketing {
        return Err(GraphError::new(134_100, "Only marketing templates can be sent with this API"));
    }
    if endpoint == Endpoint::Marketing && checked.is_syncing {
        return Err(GraphError::new(134_101, "A new template is known to this API after up to 10 minutes"));
    }
    let object = value.get_mut(&kind).map(Value::take).unwrap_or_default();
    Ok(Ask::Send(Box::new(Send { recipient, kind, object, checked, context, opaque, identity })))
}

/// The members around the content.
fn envelope<'a>(endpoint: Endpoint, value: &'a Value, kind: &'a str) -> Result<Fields<'a>, GraphError> {
    if !KINDS.contains(&kind) {
        let got = value.get("type").map(Value::to_string).unwrap_or_default();
        return Err(GraphError::new(100, format!("Param type must be a message type - got {got}")));
    }
    if endpoint == Endpoint::Marketing && kind != "template" {
        return Err(GraphError::new(131_055, "Only templates can be sent with this API"));
    }
    let mut known = vec![
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "biz_opaque_callback_data",
        "recipient_identity_key_hash",
        kind,
    ];
    if endpoint == Endpoint::Marketing {
        known.extend(["product_policy", "message_activity_sharing"]);
    }
    let fields = Fields::of("", value, &known)?;
    product(&fields)?;
    fields.one_of("recipient_type", &["individual", "group"])?;
    fields.one_of("product_policy", &["CLOUD_API_FALLBACK", "STRICT"])?;
    fields.flag("message_activity_sharing")?;
    Ok(fields)
}

fn product(fields: &Fields<'_>) -> Result<(), GraphError> {
    match fields.one_of("messaging_product", &["whatsapp"])? {
        Some(_) => Ok(()),
        None => Err(GraphError::new(100, "The parameter messaging_product is required.")),
    }
}

fn mark_read(value: &Value) -> Result<Ask, GraphError> {
    let fields = Fields::of("", value, &["messaging_product", "status", "message_id", "typing_indicator"])?;
    product(&fields)?;
    fields.one_of("status", &["read"])?;
    let message_id = fields.required_text("message_id")?.to_owned();
    let typing = fields.object("typing_indicator", &["type"])?;
    if let Some(typing) = &typing {
        typing.exactly("type", "text")?;
    }
    let typing = typing.is_some();
    Ok(Ask::MarkRead { message_id, typing })
}

/// If both are given, `to` wins.
fn recipient(app: &Shared, fields: &Fields<'_>, sender: &str) -> Result<Recipient, GraphError> {
    let (to, user_id) = (fields.text("to")?, fields.text("recipient")?);
    if fields.text("recipient_type")? == Some("group") {
        let Some(id) = to else {
            return Err(GraphError::new(100, "The parameter to is required."));
        };
        let member = app.world().catalogue.groups.get(id).and_then(|members| members.first().cloned());
        return match member {
            Some(member) => Ok(Recipient::Group { id: id.to_owned(), member }),
            None => Err(GraphError::new(131_041, "Param to is not a group of this number")),
        };
    }
    match (to, user_id) {
        (Some(to), _) => {
            let digits = normalize(to, sender)?;
            if digits == sender {
                return Err(GraphError::new(131_021, "The recipient is the sending number itself"));
            }
            Ok(Recipient::Phone { input: to.to_owned(), digits })
        }
        (None, Some(user_id)) if is_user_id(user_id) => Ok(Recipient::User { user_id: user_id.to_owned() }),
        (None, Some(_)) => Err(GraphError::new(131_009, "Param recipient is not a business-scoped user id")),
        (None, None) => Err(GraphError::new(100, "The parameter to is required.")),
    }
}

/// The digits a message goes to. Without `+` Meta takes the number for a national one and puts the sender's country code
/// before it, also when it already has one.
fn normalize(to: &str, sender: &str) -> Result<String, GraphError> {
    let is_filler = |character: char| matches!(character, ' ' | '-' | '(' | ')');
    let plain: String = to.chars().filter(|character| !is_filler(*character)).collect();
    let (digits, is_international) = plain.strip_prefix('+').map_or((plain.as_str(), false), |rest| (rest, true));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GraphError::new(131_009, "Param to is not a phone number"));
    }
    let full = if is_international { digits.to_owned() } else { format!("{}{digits}", country_code(sender)) };
    if (7..=15).contains(&full.len()) {
        Ok(full)
    } else {
        Err(GraphError::new(131_009, format!("Param to has {} digits, a phone number has 7 to 15", full.len())))
    }
}

/// The country code at the start of a full number. Codes are prefix-free, so the length follows from the first digits.
fn country_code(digits: &str) -> &str {
    const TWO: &[&str] = &[
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    let length = match digits.get(..2) {
        Some(two) if two.starts_with(['1', '7']) => 1,
        Some(two) if TWO.contains(&two) => 2,
        _ => 3,
    };
    digits.get(..length).unwrap_or(digits)
}

fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_plus_gets_the_senders_country() {
        assert_eq!(normalize("+1 (650) 555-1234", "15550783881"), Ok("16505551234".to_owned()));
        assert_eq!(normalize("6505551234", "15550783881"), Ok("16505551234".to_owned()));
        assert_eq!(normalize("16505551234", "15550783881"), Ok("116505551234".to_owned()));
        assert_eq!(normalize("0545550128", "97245550100"), Ok("9720545550128".to_owned()));
        assert_eq!(normalize("98765", "919876543210"), Ok("9198765".to_owned()));
        assert!(normalize("+12", "15550783881").is_err());
        assert!(normalize("not a number", "15550783881").is_err());
    }

    #[test]
    fn user_ids_have_a_country() {
        assert!(is_user_id("US.13491208655302741918") && is_user_id("US.ENT.118"));
        assert!(!is_user_id("us.1") && !is_user_id("16505551234") && !is_user_id("US."));
    }
}
