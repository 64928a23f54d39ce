//! A send as it was asked for: parsed once at the edge, well formed from then on.

use serde_json::Value;

use crate::address::{Address, GroupIdentifier, UserIdentifier};
use crate::content::Content;
use crate::fields::{FieldError, Fields};
use crate::ids::SenderId;
use crate::message::Class;
use crate::options::{self, SendOptions};
use crate::phone::{E164, Region};
use crate::time::Timestamp;

/// Meta: the code of an authentication template has at most 15 characters.
const CODE_CHARS_MAX: usize = 15;

/// A message somebody wants sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// From which number.
    pub sender: SenderId,
    /// To whom.
    pub to: Address,
    /// What.
    pub content: Content,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// How it is handed over.
    pub options: SendOptions,
    /// Not before this time.
    pub send_at: Option<Timestamp>,
    /// Not after this time.
    pub expires_at: Option<Timestamp>,
    /// What it is for.
    pub class: Class,
    /// The caller's own name for it.
    pub reference: Option<String>,
    /// The name under which it is to be scheduled once.
    pub schedule: Option<ScheduleName>,
}

/// A name that one scheduled message of an account has at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleName {
    /// The name.
    pub key: String,
    /// Whether what is scheduled under it gives way.
    pub replace: bool,
}

impl Draft {
    /// Reads the body of `POST /v1/messages`: Meta's message object under `message`, or flat beside our fields.
    ///
    /// # Errors
    /// The first field that is missing, unknown or wrong.
    pub fn read(body: &Value, region: Region) -> Result<Self, FieldError> {
        let mut fields = Fields::of(body, "")?;
        let sender = SenderId(fields.integer("sender_id")?);
        let send_at = fields.optional_time("send_at")?;
        let expires_at = fields.optional_time("expires_at")?;
        let class = optional_class(&mut fields)?;
        let reference = fields.optional_text_within("reference", 255)?.map(ToOwned::to_owned);
        let marketing = SendOptions::read_provider_options(&mut fields)?;
        let schedule = read_schedule(&mut fields, send_at)?;
        let message = match fields.optional_object("message")? {
            Some(mut message) => {
                let read = read_message(&mut message, region)?;
                message.finish()?;
                read
            }
            None => read_message(&mut fields, region)?,
        };
        fields.finish()?;
        let class = class.unwrap_or_else(|| default_class(&message.content));
        let Message { path, to, content, context, identity_key_hash } = message;
        let options = SendOptions { identity_key_hash, marketing };
        let draft = Self { sender, to, content, context, options, send_at, expires_at, class, reference, schedule };
        draft.check_purpose(&path)?;
        Ok(draft)
    }
}

impl Draft {
    /// What a message is for decides what it may be. `path` leads to the message object.
    fn check_purpose(&self, path: &str) -> Result<(), FieldError> {
        let at = |field: String| if path.is_empty() { field } else { format!("{path}.{field}") };
        let template = match &self.content {
            Content::Template(template) => Some(template),
            _ => None,
        };
        if self.options.marketing.is_some() && (template.is_none() || self.class != Class::Marketing) {
            let field = "provider_options.meta_cloud.marketing_messages";
            let detail = "only templates of class `marketing` go by the Marketing Messages API";
            return Err(FieldError::new("not_allowed", field, detail));
        }
        let Some(template) = template else { return Ok(()) };
        if let Some(field) = template.gif_path().filter(|_| self.options.marketing.is_none()) {
            let detail = "a GIF goes by the Marketing Messages API only; set `marketing_messages` in \
                          `provider_options.meta_cloud`, or send a `video`";
            return Err(FieldError::new("not_allowed", at(field), detail));
        }
        // Meta refuses these with 131062.
        if self.class == Class::Authentication && matches!(self.to, Address::UserId(_)) {
            let detail = "a code goes to a phone number only; give `to`";
            return Err(FieldError::new("not_allowed", at("recipient".to_owned()), detail));
        }
        match template.codes().filter(|_| self.class == Class::Authentication) {
            Some((_, button, field)) if button.chars().count() > CODE_CHARS_MAX => {
                let detail = format!("a code has at most {CODE_CHARS_MAX} characters");
                Err(FieldError::new("too_long", at(field), detail))
            }
            Some((body, button, field)) if body != button => {
                let detail = "an authentication template carries its code twice: in the body and on the button";
                Err(FieldError::new("mismatch", at(field), detail))
            }
            _ => Ok(()),
        }
    }
}

struct Message {
    path: String,
    to: Address,
    content: Content,
    context: Option<String>,
    identity_key_hash: Option<String>,
}

fn read_message(fields: &mut Fields<'_>, region: Region) -> Result<Message, FieldError> {
    if fields.optional_text("messaging_product")?.is_some_and(|product| product != "whatsapp") {
        return Err(fields.error("invalid_value", "messaging_product", "must be `whatsapp`"));
    }
    let recipient_type = fields.optional_word("recipient_type", &["individual", "group"])?;
    // Ours carries the attempt's name, without which a lost answer could not be settled.
    if fields.optional("biz_opaque_callback_data").is_some() {
        let detail = "Waypost uses this field itself; give your own name as `reference`";
        return Err(fields.error("reserved_field", "biz_opaque_callback_data", detail));
    }
    let to = if recipient_type == Some("group") { read_group(fields)? } else { read_address(fields, region)? };
    let identity_key_hash = options::read_identity_key_hash(fields)?;
    let context = match fields.optional_object("context")? {
        None => None,
        Some(mut context) => {
            let id = context.text_within("message_id", 512)?.to_owned();
            context.finish()?;
            Some(id)
        }
    };
    let content = Content::read(fields)?;
    if matches!(content, Content::Reaction(_)) && context.is_some() {
        let detail = "a reaction answers no message: `reaction.message_id` says which one it is about";
        return Err(fields.error("not_allowed", "context", detail));
    }
    Ok(Message { path: fields.path().to_owned(), to, content, context, identity_key_hash })
}

fn read_group(fields: &mut Fields<'_>) -> Result<Address, FieldError> {
    fields.refuse("recipient", "a group is named in `to`")?;
    GroupIdentifier::try_from(fields.text("to")?.to_owned())
        .map(Address::Group)
        .map_err(|error| fields.error("invalid_value", "to", error.to_string()))
}

fn read_address(fields: &mut Fields<'_>, region: Region) -> Result<Address, FieldError> {
    let recipient = fields.optional_text("recipient")?;
    // If both are given, `to` wins: so does Meta.
    if let Some(text) = fields.optional_text("to")? {
        return E164::parse(text, region)
            .map(Address::Phone)
            .map_err(|error| fields.error("invalid_phone", "to", error.to_string()));
    }
    let Some(text) = recipient else {
        return Err(fields.error("missing_field", "to", "give the recipient's phone number"));
    };
    UserIdentifier::try_from(text.to_owned())
        .map(Address::UserId)
        .map_err(|error| fields.error("invalid_value", "recipient", error.to_string()))
}

fn optional_class(fields: &mut Fields<'_>) -> Result<Option<Class>, FieldError> {
    let Some(text) = fields.optional_text("class")? else { return Ok(None) };
    let known = Class::ALL.map(Class::as_str).join(", ");
    Class::parse(text)
        .map(Some)
        .ok_or_else(|| fields.error("invalid_value", "class", format!("expected one of {known}")))
}

fn read_schedule(fields: &mut Fields<'_>, send_at: Option<Timestamp>) -> Result<Option<ScheduleName>, FieldError> {
    let key = fields.optional_text_within("schedule_key", 255)?;
    let replace = fields.optional_boolean("replace")?;
    let Some(key) = key else {
        return match replace {
            None => Ok(None),
            Some(_) => {
                Err(fields.error("missing_field", "schedule_key", "`replace` needs the key of what it replaces"))
            }
        };
    };
    if key.trim().is_empty() {
        return Err(fields.error("empty", "schedule_key", "the key must not be empty"));
    }
    if send_at.is_none() {
        return Err(fields.error("missing_field", "send_at", "a schedule_key is for what is sent later"));
    }
    Ok(Some(ScheduleName { key: key.to_owned(), replace: replace.unwrap_or(false) }))
}

/// A template whose category is not known here counts as marketing; free text answers somebody.
const fn default_class(content: &Content) -> Class {
    match content {
        Content::Template(_) => Class::Marketing,
        _ => Class::Conversational,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_and_flat_are_the_same_message() {
        let nested = json!({"sender_id": 7, "reference": "o-1", "class": "transactional",
            "message": {"messaging_product": "whatsapp", "to": "98765 43210", "type": "text", "text": {"body": "hi"}}});
        let flat = json!({"sender_id": 7, "reference": "o-1", "class": "transactional",
            "messaging_product": "whatsapp", "to": "+919876543210", "type": "text", "text": {"body": "hi"}});
        let [nested, flat] = [nested, flat].map(|body| Draft::read(&body, Region::INDIA));
        assert_eq!(nested, flat);
        let draft = nested.expect("well formed");
        assert_eq!((draft.to.value(), draft.class), ("+919876543210", Class::Transactional));
    }

    #[test]
    fn wrong_fields_are_named() {
        let text = json!({"to": "+919876543210", "type": "text", "text": {"body": "hi"}});
        let with = |key: &str, value: Value| {
            let mut body = text.clone();
            body["sender_id"] = json!(7);
            body[key] = value;
            Draft::read(&body, Region::INDIA).expect_err(key)
        };
        for (key, value, code) in [
            ("sender_id", json!("seven"), "wrong_type"),
            ("to", json!("anonymous"), "invalid_phone"),
            ("to", json!(919_876_543_210_i64), "wrong_type"),
            ("class", json!("promo"), "invalid_value"),
            ("send_at", json!("tomorrow"), "invalid_time"),
            ("schedule_key", json!(" "), "empty"),
            ("sendat", json!("2026-11-20T18:00:00Z"), "unknown_field"),
            ("biz_opaque_callback_data", json!("mine"), "reserved_field"),
            ("recipient_type", json!("everybody"), "invalid_value"),
        ] {
            let error = with(key, value);
            assert_eq!((error.code, error.field.as_str()), (code, key));
        }
        let at = |key, value| {
            let error = with(key, value);
            (error.code, error.field)
        };
        assert_eq!(at("schedule_key", json!("k")), ("missing_field", "send_at".to_owned()));
        assert_eq!(at("replace", json!(true)), ("missing_field", "schedule_key".to_owned()));
        assert_eq!(Draft::read(&text, Region::INDIA).expect_err("no sender").field, "sender_id");
        assert_eq!(Draft::read(&json!([]), Region::INDIA).expect_err("a list").code, "wrong_type");
    }

    #[test]
    fn a_template_of_codes_goes_to_a_phone_number_whatever_fills_it() {
        let body = json!({"type": "body", "parameters": [{"type": "text", "text": "123456"}]});
        let autofill = json!({"type": "button", "sub_type": "url", "index": 0,
            "parameters": [{"type": "text", "text": "123456"}]});
        for components in [json!([]), json!([body]), json!([body, autofill])] {
            let message = |class: &str| {
                let template = json!({"name": "code", "language": {"code": "en"}, "components": components});
                let body = json!({"sender_id": 7, "class": class, "message": {"recipient": "US.13491208655302741918",
                    "type": "template", "template": template}});
                Draft::read(&body, Region::INDIA)
            };
            let error = message("authentication").expect_err("a user id");
            assert_eq!((error.code, error.field.as_str()), ("not_allowed", "message.recipient"), "{components}");
            assert!(message("transactional").is_ok());
        }
    }
}
