//! From the body of a create call to a template, with the reasons Meta refuses one for.

use serde_json::{Map, Value, json};

use super::{Action, Button, Card, Category, Header, Offer, Shape, Text};

const NAME_MAX: usize = 512;
const HEADER_MAX: usize = 60;
const BODY_MAX: usize = 1024;
const OFFER_BODY_MAX: usize = 600;
const CARD_BODY_MAX: usize = 160;
const FOOTER_MAX: usize = 60;
const LABEL_MAX: usize = 25;
const URL_MAX: usize = 2000;

/// Words for a template that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MalformedTemplate {
    /// Meta's subcode of 100, if the case has one.
    pub(crate) subcode: Option<u32>,
    pub(crate) reason: String,
}

impl MalformedTemplate {
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self { subcode: None, reason: reason.into() }
    }

    fn with(subcode: u32, reason: impl Into<String>) -> Self {
        Self { subcode: Some(subcode), reason: reason.into() }
    }
}

type Parsed<T> = Result<T, MalformedTemplate>;

/// A template that was checked and is not in the account yet.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) category: Category,
    pub(crate) named: bool,
    pub(crate) ttl_seconds: Option<i64>,
    pub(crate) components: Value,
    pub(crate) shape: Shape,
}

fn text_of<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

fn needed<'a>(object: &'a Value, name: &str) -> Parsed<&'a str> {
    let text = text_of(object, name).filter(|text| !text.is_empty());
    text.ok_or_else(|| MalformedTemplate::because(format!("The parameter {name} is required.")))
}

fn bounded(text: &str, what: &str, max: usize) -> Parsed<()> {
    let length = text.chars().count();
    if length <= max {
        return Ok(());
    }
    Err(MalformedTemplate::with(2_388_040, format!("{what} has {length} characters, allowed are {max}")))
}

impl Draft {
    /// Reads a create body.
    pub(crate) fn parse(body: &Value) -> Parsed<Self> {
        const KNOWN: &[&str] = &[
            "name",
            "language",
            "category",
            "components",
            "parameter_format",
            "allow_category_change",
            "message_send_ttl_seconds",
            "cta_url_link_tracking_opted_out",
        ];
        let members = body.as_object().ok_or_else(|| MalformedTemplate::because("The body must be a JSON object"))?;
        if let Some(other) = members.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(MalformedTemplate::because(format!("Unexpected key \"{other}\"")));
        }
        let name = needed(body, "name")?;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !name.bytes().all(is_name) {
            return Err(MalformedTemplate::because("The name may hold lower-case letters, digits and underscores"));
        }
        bounded(name, "The name", NAME_MAX)?;
        let language = needed(body, "language")?;
        if !is_language(language) {
            return Err(MalformedTemplate::because(format!("Param language is not a supported language: {language}")));
        }
        let category = Category::of_template(needed(body, "category")?)
            .ok_or_else(|| MalformedTemplate::because("Param category must be MARKETING, UTILITY or AUTHENTICATION"))?;
        let named = match text_of(body, "parameter_format").map(str::to_uppercase).as_deref() {
            None | Some("POSITIONAL") => false,
            Some("NAMED") => true,
            Some(_) => return Err(MalformedTemplate::because("Param parameter_format must be POSITIONAL or NAMED")),
        };
        let Some(components) = body.get("components").and_then(Value::as_array) else {
            return Err(MalformedTemplate::because("The parameter components is required."));
        };
        let (components, shape) = parts(components, category, named)?;
        let ttl_seconds = body.get("message_send_ttl_seconds").and_then(Value::as_i64);
        ttl(category, ttl_seconds)?;
        let (name, language) = (name.to_owned(), language.to_owned());
        Ok(Self { name, language, category, named, ttl_seconds, components: Value::Array(components), shape })
    }
}

/// The bounds of how long a message may wait, by category; -1 stands for 30 days.
fn ttl(category: Category, seconds: Option<i64>) -> Parsed<()> {
    let range = match category {
        Category::Authentication => 30..=900,
        Category::Utility => 30..=43_200,
        Category::Marketing | Category::Service => 43_200..=2_592_000,
    };
    match seconds {
        Some(-1) if category != Category::Marketing => Ok(()),
        Some(seconds) if !range.contains(&seconds) => {
            Err(MalformedTemplate::because(format!("message_send_ttl_seconds must be in {range:?}")))
        }
        _ => Ok(()),
    }
}

/// Two or three lower-case letters, with a region of two upper-case ones or without.
fn is_language(code: &str) -> bool {
    let (language, region) = code.split_once('_').map_or((code, None), |(language, region)| (language, Some(region)));
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.is_none_or(|region| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase()))
}

fn parts(components: &[Value], category: Category, named: bool) -> Parsed<(Vec<Value>, Shape)> {
    let mut shape = Shape::default();
    let mut listed = Vec::new();
    let mut has_body = false;
    for component in components {
        let kind = needed(component, "type")?.to_uppercase();
        let mut shown = component.as_object().cloned().unwrap_or_default();
        shown.insert("type".into(), json!(kind));
        match kind.as_str() {
            "HEADER" => shape.header = Some(header(component, &mut shown, named)?),
            "BODY" if category == Category::Authentication => {
                shape.body = code_body(component, &mut shown);
                has_body = true;
            }
            "BODY" => {
                let max = if components.iter().any(is_offer) { OFFER_BODY_MAX } else { BODY_MAX };
                shape.body = body(component, named, max)?;
                has_body = true;
            }
            "FOOTER" => shape.footer = Some(footer(component, &mut shown)?),
            "BUTTONS" => {
                let (buttons, list) = buttons(component)?;
                shape.buttons = buttons;
                shown.insert("buttons".into(), list);
            }
            "CAROUSEL" => shape.cards = cards(component, named)?,
            "LIMITED_TIME_OFFER" => shape.offer = Some(offer(component)?),
            "CALL_PERMISSION_REQUEST" => {}
            _ => return Err(MalformedTemplate::because(format!("Unknown component type {kind}"))),
        }
        listed.push(Value::Object(shown));
    }
    if has_body { Ok((listed, shape)) } else { Err(MalformedTemplate::with(2_388_072, "A template needs a BODY")) }
}

fn is_offer(component: &Value) -> bool {
    text_of(component, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("LIMITED_TIME_OFFER"))
}

fn variables(text: &Text, named: bool, what: &str) -> Parsed<()> {
    if if named { text.is_named() } else { text.is_numbered() } {
        return Ok(());
    }
    let rule = if named { "lower-case words" } else { "{{1}} to {{n}}" };
    Err(MalformedTemplate::with(2_388_072, format!("{what}: placeholders must be {rule}")))
}

fn header(component: &Value, shown: &mut Map<String, Value>, named: bool) -> Parsed<Header> {
    let format = needed(component, "format")?.to_uppercase();
    shown.insert("format".into(), json!(format));
    Ok(match format.as_str() {
        "TEXT" => {
            let text = Text::new(needed(component, "text")?);
            bounded(&text.text, "The header", HEADER_MAX)?;
            variables(&text, named, "The header")?;
            if text.variables.len() > 1 {
                return Err(MalformedTemplate::with(2_388_047, "The header may have one placeholder"));
            }
            let samples = if named { "header_text_named_params" } else { "header_text" };
            sampled(component, samples, text.variables.len(), "The header")?;
            Header::Text(text)
        }
        "IMAGE" => media_header(shown, "image")?,
        "VIDEO" => media_header(shown, "video")?,
        "GIF" => media_header(shown, "gif")?,
        "DOCUMENT" => media_header(shown, "document")?,
        "LOCATION" => Header::Location,
        "PRODUCT" => Header::Product,
        _ => return Err(MalformedTemplate::with(2_388_047, format!("The header has the unknown format {format}"))),
    })
}

/// A medium needs a sample. Lists show the address of its copy at Meta in place of the handle.
fn media_header(shown: &mut Map<String, Value>, kind: &'static str) -> Parsed<Header> {
    let example = shown.get("example").and_then(|example| example.get("header_handle")).and_then(Value::as_array);
    let Some(handle) = example.and_then(|handles| handles.first()).and_then(Value::as_str) else {
        return Err(MalformedTemplate::because("A header with a medium needs example.header_handle"));
    };
    if !handle.starts_with("https://") {
        let address = format!("https://scontent.whatsapp.net/v/t61.29466-34/{kind}_{}.bin", handle.len());
        shown.insert("example".into(), json!({"header_handle": [address]}));
    }
    Ok(Header::Media(kind))
}

fn body(component: &Value, named: bool, max: usize) -> Parsed<Text> {
    let text = Text::new(needed(component, "text")?);
    bounded(&text.text, "The body", max)?;
    variables(&text, named, "The body")?;
    let bare = text.text.trim();
    if bare.starts_with("{{") || bare.ends_with("}}") {
        return Err(MalformedTemplate::with(2_388_299, "Placeholders can't be at the start or end of the template"));
    }
    if text.text.split_whitespace().count() < 2 * text.variables.len() + 1 {
        return Err(MalformedTemplate::with(2_388_293, "The body has too many placeholders for its length"));
    }
    let samples = if named { "body_text_named_params" } else { "body_text" };
    sampled(component, samples, text.variables.len(), "The body")?;
    Ok(text)
}

/// Every placeholder needs a sample value.
fn sampled(component: &Value, name: &str, wanted: usize, what: &str) -> Parsed<()> {
    let list = component.get("example").and_then(|example| example.get(name)).and_then(Value::as_array);
    let list = match list.and_then(|list| list.first()) {
        Some(Value::Array(inner)) if name == "body_text" => Some(inner),
        _ => list,
    };
    let got = list.map_or(0, Vec::len);
    if wanted == 0 || got == wanted {
        return Ok(());
    }
    let reason = format!("{what} has {wanted} placeholders and {got} sample values in example.{name}");
    Err(MalformedTemplate::because(reason))
}

/// The words of authentication templates are Meta's own.
fn code_body(component: &Value, shown: &mut Map<String, Value>) -> Text {
    let advised = component.get("add_security_recommendation").and_then(Value::as_bool) == Some(true);
    let advice = if advised { " For your security, do not share this code." } else { "" };
    let text = Text::new(&format!("*{{{{1}}}}* is your verification code.{advice}"));
    shown.insert("text".into(), json!(text.text));
    shown.insert("example".into(), json!({"body_text": [["123456"]]}));
    text
}

fn footer(component: &Value, shown: &mut Map<String, Value>) -> Parsed<String> {
    if let Some(minutes) = component.get("code_expiration_minutes") {
        let Some(minutes) = minutes.as_u64().filter(|minutes| (1..=90).contains(minutes)) else {
            return Err(MalformedTemplate::because("code_expiration_minutes must be between 1 and 90"));
        };
        let text = format!("This code expires in {minutes} minutes.");
        shown.insert("text".into(), json!(text));
        return Ok(text);
    }
    let text = needed(component, "text")?;
    bounded(text, "The footer", FOOTER_MAX)?;
    if text.contains("{{") {
        return Err(MalformedTemplate::with(2_388_073, "The footer must not have placeholders"));
    }
    Ok(text.to_owned())
}

/// The buttons, and how lists show them.
fn buttons(component: &Value) -> Parsed<(Vec<Button>, Value)> {
    let list = component.get("buttons").and_then(Value::as_array).filter(|list| (1..=10).contains(&list.len()));
    let Some(list) = list else {
        return Err(MalformedTemplate::because("BUTTONS holds 1 to 10 buttons"));
    };
    let parsed: Parsed<Vec<(Button, Value)>> = list.iter().map(button).collect();
    let (buttons, shown): (Vec<Button>, Vec<Value>) = parsed?.into_iter().unzip();
    for (word, max) in [("url", 2), ("phone_number", 1), ("copy_code", 1), ("otp", 1)] {
        if buttons.iter().filter(|button| button.action.word() == word).count() > max {
            return Err(MalformedTemplate::because(format!("At most {max} buttons of type {word}")));
        }
    }
    let replies: Vec<bool> = buttons.iter().map(|button| button.action == Action::QuickReply).collect();
    if replies.windows(2).filter(|pair| pair.first() != pair.last()).count() > 1 {
        return Err(MalformedTemplate::because("Quick replies must stand together"));
    }
    Ok((buttons, Value::Array(shown)))
}

fn button(value: &Value) -> Parsed<(Button, Value)> {
    // A code button is listed as an address, and comes back as one with an edit.
    let is_code = value.get("otp_type").is_some();
    let kind = if is_code { "OTP".to_owned() } else { needed(value, "type")?.to_uppercase() };
    let mut shown = value.as_object().cloned().unwrap_or_default();
    shown.insert("type".into(), json!(kind));
    let label = text_of(value, "text");
    let (action, default) = match kind.as_str() {
        "QUICK_REPLY" => (Action::QuickReply, None),
        "URL" => (Action::Url(url(value)?), None),
        "PHONE_NUMBER" => {
            let number = needed(value, "phone_number")?;
            bounded(number, "phone_number", 20)?;
            (Action::PhoneNumber(number.to_owned()), None)
        }
        "COPY_CODE" => (Action::CopyCode, Some("Copy offer code")),
        "OTP" => {
            let kinds = ["COPY_CODE", "ONE_TAP", "ZERO_TAP"];
            if !kinds.contains(&needed(value, "otp_type")?.to_uppercase().as_str()) {
                return Err(MalformedTemplate::because("otp_type must be COPY_CODE, ONE_TAP or ZERO_TAP"));
            }
            // Lists and sends know this button as an address.
            shown.insert("type".into(), json!("URL"));
            shown.insert("url".into(), json!("https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"));
            (Action::Otp, Some("Copy code"))
        }
        "FLOW" => {
            let keys = ["flow_id", "flow_name", "flow_json"];
            if keys.iter().filter(|key| value.get(**key).is_some()).count() != 1 {
                return Err(MalformedTemplate::because("FLOW needs one of flow_id, flow_name and flow_json"));
            }
            (Action::Flow, None)
        }
        "CATALOG" => (Action::Catalog, None),
        "MPM" => (Action::Mpm, None),
        "SPM" => (Action::Spm, None),
        "VOICE_CALL" => (Action::VoiceCall, None),
        "REQUEST_CONTACT_INFO" => (Action::RequestContactInfo, Some("Share contact info")),
        _ => return Err(MalformedTemplate::because(format!("Unknown button type {kind}"))),
    };
    let Some(text) = label.or(default).filter(|text| !text.is_empty()) else {
        return Err(MalformedTemplate::because(format!("A button of type {kind} needs text")));
    };
    bounded(text, "A button's text", LABEL_MAX)?;
    shown.insert("text".into(), json!(text));
    Ok((Button { text: text.to_owned(), action }, Value::Object(shown)))
}

fn url(value: &Value) -> Parsed<String> {
    let url = needed(value, "url")?;
    bounded(url, "url", URL_MAX)?;
    let text = Text::new(url);
    let is_fine = match text.variables.as_slice() {
        [] => true,
        [only] => only == "1" && url.ends_with("{{1}}") && value.get("example").is_some(),
        _ => false,
    };
    if is_fine && crate::graph::is_link(url) {
        return Ok(url.to_owned());
    }
    Err(MalformedTemplate::because("url must be an address; {{1}} may end it, with an example"))
}

fn cards(component: &Value, named: bool) -> Parsed<Vec<Card>> {
    let list = component.get("cards").and_then(Value::as_array).filter(|list| (2..=10).contains(&list.len()));
    let Some(list) = list else {
        return Err(MalformedTemplate::because("CAROUSEL holds 2 to 10 cards"));
    };
    list.iter().map(|card| self::card(card, named)).collect()
}

fn card(card: &Value, named: bool) -> Parsed<Card> {
    let mut parsed = Card { header: None, body: None, buttons: Vec::new() };
    let components = card.get("components").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for component in components {
        let mut shown = component.as_object().cloned().unwrap_or_default();
        match needed(component, "type")?.to_uppercase().as_str() {
            "HEADER" => parsed.header = Some(header(component, &mut shown, named)?),
            "BODY" => parsed.body = Some(body(component, named, CARD_BODY_MAX)?),
            "BUTTONS" => parsed.buttons = buttons(component)?.0,
            kind => return Err(MalformedTemplate::because(format!("A card has no component of type {kind}"))),
        }
    }
    if parsed.header.is_none() || parsed.buttons.is_empty() {
        return Err(MalformedTemplate::because("A card needs a header and buttons"));
    }
    Ok(parsed)
}

fn offer(component: &Value) -> Parsed<Offer> {
    let offer = component.get("limited_time_offer").unwrap_or(&Value::Null);
    let text = needed(offer, "text")?;
    bounded(text, "The offer's text", 16)?;
    let expires = offer.get("has_expiration").and_then(Value::as_bool) == Some(true);
    Ok(Offer { text: text.to_owned(), expires })
}
