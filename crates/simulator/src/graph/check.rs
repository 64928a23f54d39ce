//! The envelope of a send: from a JSON body to an order, or to the error Meta would answer.

use serde_json::Value;

use super::GraphError;
use super::content::{self, Checked};
use super::fields::Fields;

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
    pub(super) checked: Checked,
    pub(super) context: Option<String>,
    pub(super) opaque: Option<String>,
}

/// Whom a message is for.
#[derive(Debug)]
pub(super) enum Recipient {
    Phone { input: String, digits: String },
    User { user_id: String },
}

const OPAQUE_MAX: usize = 512;

/// Reads a body; `sender` are the digits of the business number.
pub(super) fn body(bytes: &[u8], sender: &str) -> Result<Ask, GraphError> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| GraphError::new(100, format!("The request body is not valid JSON: {error}")))?;
    if value.get("status").is_some() {
        return mark_read(&value);
    }
    let kind = value.get("type").map_or(Some("text"), Value::as_str).unwrap_or_default();
    let known =
        ["messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data", kind];
    if let Some(error) = kind_error(&value, kind) {
        return Err(error);
    }
    let fields = Fields::of("", &value, &known)?;
    product(fields)?;
    match fields.text("recipient_type")? {
        None | Some("individual") => {}
        Some("group") => return Err(GraphError::new(100, "recipient_type group is not simulated yet")),
        Some(other) => {
            let text = format!("Param recipient_type must be one of {{INDIVIDUAL, GROUP}} - got \"{other}\"");
            return Err(GraphError::new(100, text));
        }
    }
    let recipient = recipient(fields, sender)?;
    let opaque = fields.bounded_text("biz_opaque_callback_data", OPAQUE_MAX)?.map(str::to_owned);
    let context = match fields.get("context") {
        Some(context) => Some(Fields::of("context", context, &["message_id"])?.required_text("message_id")?.to_owned()),
        None => None,
    };
    let Some(content) = fields.get(kind) else {
        return Err(fields.missing(kind));
    };
    let checked = content::check(kind, content)?;
    Ok(Ask::Send(Box::new(Send { recipient, checked, context, opaque })))
}

/// The kinds of Meta that are not simulated yet are told apart from words that are no kind at all.
fn kind_error(value: &Value, kind: &str) -> Option<GraphError> {
    const LATER: &[&str] =
        &["audio", "video", "document", "sticker", "location", "contacts", "reaction", "interactive", "pin"];
    if content::KINDS.contains(&kind) {
        return None;
    }
    if LATER.contains(&kind) {
        return Some(GraphError::new(100, format!("kind not simulated yet: {kind}")));
    }
    let got = value.get("type").map(Value::to_string).unwrap_or_default();
    Some(GraphError::new(100, format!("Param type must be a message type - got {got}")))
}

fn product(fields: Fields<'_>) -> Result<(), GraphError> {
    match fields.text("messaging_product")? {
        Some("whatsapp") => Ok(()),
        Some(other) => {
            let text = format!("Param messaging_product must be one of {{WHATSAPP}} - got \"{other}\"");
            Err(GraphError::new(100, text))
        }
        None => Err(GraphError::new(100, "The parameter messaging_product is required.")),
    }
}

fn mark_read(value: &Value) -> Result<Ask, GraphError> {
    let fields = Fields::of("", value, &["messaging_product", "status", "message_id", "typing_indicator"])?;
    product(fields)?;
    if fields.text("status")? != Some("read") {
        return Err(GraphError::new(100, "Param status must be one of {READ}"));
    }
    let message_id = fields.required_text("message_id")?.to_owned();
    let typing = match fields.get("typing_indicator") {
        None => false,
        Some(typing) => {
            let typing = Fields::of("typing_indicator", typing, &["type"])?;
            match typing.required_text("type")? {
                "text" => true,
                other => {
                    let text = format!("Param typing_indicator['type'] must be one of {{TEXT}} - got \"{other}\"");
                    return Err(GraphError::new(100, text));
                }
            }
        }
    };
    Ok(Ask::MarkRead { message_id, typing })
}

/// If both are given, `to` wins.
fn recipient(fields: Fields<'_>, sender: &str) -> Result<Recipient, GraphError> {
    let user_id = fields.text("recipient")?;
    match (fields.text("to")?, user_id) {
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
