//! What a message is: its content as Meta's own object, its class, its lane, its status.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attempt::AttemptStatus;
use crate::fields::{FieldError, Fields};

/// Meta: `text.body` has at most 4,096 characters.
pub const TEXT_CHARS_MAX: usize = 4096;
/// Meta: a caption has at most 1,024 characters.
pub const CAPTION_CHARS_MAX: usize = 1024;

/// What an outgoing message says. Only well-formed content can be built.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Free text, inside the service window.
    Text {
        /// The text, with WhatsApp's formatting.
        body: String,
        /// Whether WhatsApp previews the first link.
        preview_url: bool,
    },
    /// A pre-approved template with its parameters.
    Template(Template),
    /// A picture.
    Image(Media),
}

/// A template with what fills it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Exact name: lower-case letters, digits and underscores.
    pub name: String,
    /// Code of an approved language, such as `en_US`.
    pub language: String,
    /// Only the components that have variables.
    pub components: Vec<Component>,
}

/// One component of a template that takes parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Which part of the template.
    pub part: Part,
    /// What fills it, in order.
    pub parameters: Vec<Parameter>,
}

/// The parts of a template that take parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The header: one parameter.
    Header,
    /// The body.
    Body,
    /// A button, counted from 0 over all buttons of the template.
    Button {
        /// `quick_reply`, `url` or `copy_code`.
        sub_type: String,
        /// Its position.
        index: i64,
    },
}

/// What fills one variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// Text; named where the template names its variables.
    Text {
        /// The text.
        text: String,
        /// The variable's name, in a template with named variables.
        name: Option<String>,
    },
    /// What a tapped quick-reply button sends back.
    Payload(String),
    /// A code that a button copies.
    CouponCode(String),
    /// A header's picture.
    Image(Media),
}

/// A picture: uploaded, or fetched by the provider from a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where it comes from.
    pub source: MediaSource,
    /// Text below it.
    pub caption: Option<String>,
}

/// Exactly one of the two that Meta takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    /// Id of an uploaded medium.
    Id(String),
    /// A public link that the provider fetches.
    Link(String),
}

impl Content {
    /// The kind, as Meta's `type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Template(_) => "template",
            Self::Image(_) => "image",
        }
    }

    /// Reads `type` and the member of that name from Meta's message object.
    ///
    /// # Errors
    /// The field that is missing, of the wrong type, too long, or not supported.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let kind = fields.text("type")?;
        // The members of the other kinds count as unknown fields; that is what they are to Meta beside this type.
        match kind {
            "text" => read_text(fields.object("text")?),
            "template" => Ok(Self::Template(read_template(fields.object("template")?)?)),
            "image" => Ok(Self::Image(read_media(fields.object("image")?, true)?)),
            other => {
                let detail = format!("`{other}` cannot be sent; known are text, template, image");
                Err(fields.error("unsupported_kind", "type", detail))
            }
        }
    }

    /// Reads back what [`Self::to_object`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_stored(text: &str) -> Result<Self, FieldError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| FieldError::new("invalid_json", "content", error.to_string()))?;
        Self::read(&mut Fields::of(&value, "content")?)
    }

    /// Meta's own object: `type` and the member of that name.
    #[must_use]
    pub fn to_object(&self) -> Map<String, Value> {
        let body = match self {
            Self::Text { body, preview_url: true } => json!({"body": body, "preview_url": true}),
            Self::Text { body, preview_url: false } => json!({"body": body}),
            Self::Template(template) => template.to_value(),
            Self::Image(media) => media.to_value(),
        };
        Map::from_iter([("type".to_owned(), json!(self.kind())), (self.kind().to_owned(), body)])
    }

    /// One line for lists: the text, or the template's name.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let text = match self {
            Self::Text { body, .. } => body.clone(),
            Self::Template(template) => template.excerpt(),
            Self::Image(media) => media.caption.clone().unwrap_or_default(),
        };
        excerpt(&text)
    }
}

/// The first 120 characters of the first line that says something.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(120).collect()
}

fn read_text(mut fields: Fields<'_>) -> Result<Content, FieldError> {
    let body = fields.text_within("body", TEXT_CHARS_MAX)?.to_owned();
    let preview_url = fields.optional_boolean("preview_url")?.unwrap_or(false);
    fields.finish()?;
    Ok(Content::Text { body, preview_url })
}

fn read_template(mut fields: Fields<'_>) -> Result<Template, FieldError> {
    let name = fields.text_within("name", 512)?.to_owned();
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err(fields.error("invalid_name", "name", "lower-case letters, digits and underscores only"));
    }
    let mut language = fields.object("language")?;
    let code = language.text_within("code", 16)?.to_owned();
    // The only policy that is left; it says nothing, and Meta still takes it.
    if language.optional_text("policy")?.is_some_and(|policy| policy != "deterministic") {
        return Err(language.error("invalid_value", "policy", "the only policy is `deterministic`"));
    }
    language.finish()?;
    let components = fields.objects("components")?.into_iter().map(read_component).collect::<Result<_, _>>()?;
    fields.finish()?;
    Ok(Template { name, language: code, components })
}

fn read_component(mut fields: Fields<'_>) -> Result<Component, FieldError> {
    let part = match fields.text("type")?.to_ascii_lowercase().as_str() {
        "header" => Part::Header,
        "body" => Part::Body,
        "button" => read_button(&mut fields)?,
        other => {
            let detail = format!("`{other}` is not supported; known are header, body, button");
            return Err(fields.error("unsupported_kind", "type", detail));
        }
    };
    let parameters: Vec<_> = fields.objects("parameters")?.into_iter().map(read_parameter).collect::<Result<_, _>>()?;
    if parameters.is_empty() {
        return Err(fields.error("empty", "parameters", "leave out a component that has no parameters"));
    }
    fields.finish()?;
    Ok(Component { part, parameters })
}

fn read_button(fields: &mut Fields<'_>) -> Result<Part, FieldError> {
    let sub_type = fields.text("sub_type")?.to_ascii_lowercase();
    if !["quick_reply", "url", "copy_code"].contains(&sub_type.as_str()) {
        return Err(fields.error("unsupported_kind", "sub_type", "known are quick_reply, url, copy_code"));
    }
    let index = fields.integer("index")?;
    if !(0..=9).contains(&index) {
        return Err(fields.error("out_of_range", "index", "a template has at most ten buttons, counted from 0"));
    }
    Ok(Part::Button { sub_type, index })
}

fn read_parameter(mut fields: Fields<'_>) -> Result<Parameter, FieldError> {
    let parameter = match fields.text("type")?.to_ascii_lowercase().as_str() {
        "text" => {
            let text = fields.text_within("text", 1024)?;
            // Meta refuses these with 132018 or 131008; better said before anything is sent.
            if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
                let detail = "a parameter has no new lines, tabs, or more than four spaces in a row";
                return Err(fields.error("invalid_text", "text", detail));
            }
            let name = fields.optional_text_within("parameter_name", 64)?.map(ToOwned::to_owned);
            Parameter::Text { text: text.to_owned(), name }
        }
        "payload" => Parameter::Payload(fields.text_within("payload", 256)?.to_owned()),
        "coupon_code" => Parameter::CouponCode(fields.text_within("coupon_code", 15)?.to_owned()),
        "image" => Parameter::Image(read_media(fields.object("image")?, false)?),
        other => {
            let detail = format!("`{other}` is not supported; known are text, payload, coupon_code, image");
            return Err(fields.error("unsupported_kind", "type", detail));
        }
    };
    fields.finish()?;
    Ok(parameter)
}

fn read_media(mut fields: Fields<'_>, with_caption: bool) -> Result<Media, FieldError> {
    let id = fields.optional_text_within("id", 128)?;
    let link = fields.optional_text_within("link", 2048)?;
    let source = match (id, link) {
        (Some(id), None) => MediaSource::Id(id.to_owned()),
        (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => {
            MediaSource::Link(link.to_owned())
        }
        (None, Some(_)) => return Err(fields.error("invalid_url", "link", "expected an http or https address")),
        _ => return Err(fields.error("exactly_one", "id", "give exactly one of `id` and `link`")),
    };
    let caption = if with_caption {
        fields.optional_text_within("caption", CAPTION_CHARS_MAX)?.map(ToOwned::to_owned)
    } else {
        None
    };
    fields.finish()?;
    Ok(Media { source, caption })
}

impl Template {
    fn to_value(&self) -> Value {
        let mut value = json!({"name": self.name, "language": {"code": self.language}});
        if !self.components.is_empty() {
            value["components"] = self.components.iter().map(Component::to_value).collect();
        }
        value
    }

    fn excerpt(&self) -> String {
        let texts = self.components.iter().flat_map(|component| &component.parameters);
        let texts: Vec<&str> = texts
            .filter_map(|parameter| match parameter {
                Parameter::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        if texts.is_empty() { self.name.clone() } else { format!("{}: {}", self.name, texts.join(" · ")) }
    }
}

impl Component {
    fn to_value(&self) -> Value {
        let parameters: Vec<Value> = self.parameters.iter().map(Parameter::to_value).collect();
        match &self.part {
            Part::Header => json!({"type": "header", "parameters": parameters}),
            Part::Body => json!({"type": "body", "parameters": parameters}),
            Part::Button { sub_type, index } => {
                json!({"type": "button", "sub_type": sub_type, "index": index.to_string(), "parameters": parameters})
            }
        }
    }
}

impl Parameter {
    fn to_value(&self) -> Value {
        match self {
            Self::Text { text, name: None } => json!({"type": "text", "text": text}),
            Self::Text { text, name: Some(name) } => json!({"type": "text", "parameter_name": name, "text": text}),
            Self::Payload(payload) => json!({"type": "payload", "payload": payload}),
            Self::CouponCode(code) => json!({"type": "coupon_code", "coupon_code": code}),
            Self::Image(media) => json!({"type": "image", "image": media.to_value()}),
        }
    }
}

impl Media {
    fn to_value(&self) -> Value {
        let mut value = match &self.source {
            MediaSource::Id(id) => json!({"id": id}),
            MediaSource::Link(link) => json!({"link": link}),
        };
        if let Some(caption) = &self.caption {
            value["caption"] = json!(caption);
        }
        value
    }
}

/// What a message is for; decides lane, default expiry and later the rules that apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum Class {
    /// A code somebody waits for.
    Authentication = 0,
    /// Something the person's own act caused.
    Transactional = 1,
    /// An answer in a conversation.
    Conversational = 2,
    /// Everything else.
    Marketing = 3,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Authentication, Self::Transactional, Self::Conversational, Self::Marketing];

    /// As written in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Transactional => "transactional",
            Self::Conversational => "conversational",
            Self::Marketing => "marketing",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Reads back the stored number.
    #[must_use]
    pub fn from_stored(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as i64 == number)
    }

    /// How long it is worth sending.
    #[must_use]
    pub const fn default_lifetime(self) -> std::time::Duration {
        match self {
            Self::Authentication => std::time::Duration::from_secs(10 * 60),
            Self::Transactional | Self::Conversational | Self::Marketing => {
                std::time::Duration::from_secs(24 * 60 * 60)
            }
        }
    }
}

/// Where a message waits; the smaller, the sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum Lane {
    /// Somebody waits for the answer.
    Interactive = 0,
    /// Transactional messages.
    Transactional = 1,
    /// Conversations.
    Conversational = 2,
    /// Marketing.
    Marketing = 3,
    /// Attempts after the first.
    Retry = 4,
}

impl Lane {
    /// The lane of a first attempt.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Authentication => Self::Interactive,
            Class::Transactional => Self::Transactional,
            Class::Conversational => Self::Conversational,
            Class::Marketing => Self::Marketing,
        }
    }

    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Transactional => "transactional",
            Self::Conversational => "conversational",
            Self::Marketing => "marketing",
            Self::Retry => "retry",
        }
    }
}

/// Sent by us or received from a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum Direction {
    /// From a person.
    Inbound = 0,
    /// To a person.
    Outbound = 1,
}

impl Direction {
    /// As written in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound].into_iter().find(|direction| direction.as_str() == text)
    }
}

/// Status of a message: its newest attempt's, where delivered or read of any attempt wins; or one of the four that no
/// attempt has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum MessageStatus {
    /// See [`AttemptStatus::Queued`].
    Queued = 0,
    /// See [`AttemptStatus::Calling`].
    Calling = 1,
    /// See [`AttemptStatus::Unknown`].
    Unknown = 2,
    /// See [`AttemptStatus::Submitted`].
    Submitted = 3,
    /// See [`AttemptStatus::Sent`].
    Sent = 4,
    /// See [`AttemptStatus::Failed`].
    Failed = 5,
    /// See [`AttemptStatus::Delivered`].
    Delivered = 6,
    /// See [`AttemptStatus::Read`].
    Read = 7,
    /// Due later.
    Scheduled = 10,
    /// Taken back before it was sent.
    Cancelled = 11,
    /// A rule forbade it.
    Refused = 12,
    /// Its time passed before it could be sent.
    Expired = 13,
}

impl MessageStatus {
    /// Every status.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Calling,
        Self::Unknown,
        Self::Submitted,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
        Self::Scheduled,
        Self::Cancelled,
        Self::Refused,
        Self::Expired,
    ];

    /// As written in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Calling => "calling",
            Self::Unknown => "unknown",
            Self::Submitted => "submitted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Scheduled => "scheduled",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// Reads back the stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    const fn is_received(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }

    /// The message's status after one of its attempts came to stand at `attempt`.
    #[must_use]
    pub fn on(self, attempt: AttemptStatus, is_newest: bool) -> Self {
        let reported = Self::from(attempt);
        if attempt.is_received() {
            return if self.is_received() && self.code() > reported.code() { self } else { reported };
        }
        if is_newest && !self.is_received() { reported } else { self }
    }
}

impl From<AttemptStatus> for MessageStatus {
    fn from(status: AttemptStatus) -> Self {
        match status {
            AttemptStatus::Queued => Self::Queued,
            AttemptStatus::Calling => Self::Calling,
            AttemptStatus::Unknown => Self::Unknown,
            AttemptStatus::Submitted => Self::Submitted,
            AttemptStatus::Sent => Self::Sent,
            AttemptStatus::Failed => Self::Failed,
            AttemptStatus::Delivered => Self::Delivered,
            AttemptStatus::Read => Self::Read,
        }
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
