//! Messages with something to tap.

use std::collections::HashSet;

use serde_json::Value;

use super::{Checked, Fields, MediaUse, carousel, flow, media_source, order, products, text_object};
use crate::graph::GraphError;
use crate::graph::fields::is_link;
use crate::shared::Shared;

const HEADER_MAX: usize = 60;
const FOOTER_MAX: usize = 60;
const ROWS_MAX: usize = 10;

/// What a type of interactive message may have around its action.
struct Frame {
    headers: &'static [&'static str],
    header_required: bool,
    body_max: usize,
    body_required: bool,
    footer: bool,
}

const ANY_HEADER: &[&str] = &["text", "image", "video", "document"];
const PLAIN: Frame = Frame { headers: &[], header_required: false, body_max: 1024, body_required: true, footer: true };
const FRAMED: Frame = Frame { headers: ANY_HEADER, ..PLAIN };

fn frame(kind: &str) -> Option<Frame> {
    Some(match kind {
        "button" | "cta_url" | "flow" | "address_message" | "order_details" => FRAMED,
        "list" => Frame { headers: &["text"], body_max: 4096, ..PLAIN },
        "location_request_message" | "voice_call" | "request_contact_info" | "order_status" | "catalog_message" => {
            PLAIN
        }
        "carousel" => Frame { footer: false, ..PLAIN },
        "product" | "call_permission_request" => Frame { body_required: false, ..PLAIN },
        "product_list" => Frame { headers: &["text"], header_required: true, ..PLAIN },
        _ => return None,
    })
}

pub(super) fn check(app: &Shared, value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("interactive", value, &["type", "header", "body", "footer", "action"])?;
    let kind = fields.required_text("type")?;
    let Some(frame) = frame(kind) else {
        let text = format!("Param interactive['type'] must be a type of interactive message - got \"{kind}\"");
        return Err(GraphError::new(100, text));
    };
    let mut media = around(&fields, kind, &frame)?;
    if !fields.has("action") {
        return Err(fields.missing("action"));
    }
    match kind {
        "button" => reply_buttons(&fields)?,
        "list" => list(&fields)?,
        "cta_url" => cta_url(&fields)?,
        "location_request_message" => named(&fields, "send_location")?,
        "call_permission_request" => named(&fields, "call_permission_request")?,
        "request_contact_info" => named(&fields, "request_contact_info")?,
        "voice_call" => voice_call(&fields)?,
        "address_message" => address(&fields)?,
        "order_status" => order::status(&fields)?,
        "order_details" => order::details(&fields)?,
        "flow" => flow::action(app, &fields)?,
        "carousel" => media.extend(carousel::action(&fields)?),
        _ => products::action(app, kind, &fields)?,
    }
    Ok(Checked::with_media(media))
}

/// Header, body and footer; returns the medium of the header.
fn around(fields: &Fields<'_>, kind: &str, frame: &Frame) -> Result<Vec<MediaUse>, GraphError> {
    let mut media = Vec::new();
    match fields.get("header") {
        Some(_) if frame.headers.is_empty() => {
            return Err(fields.invalid("header", &format!("is not allowed with type {kind}")));
        }
        Some(_) => media.extend(header(fields, frame.headers)?),
        None if frame.header_required => return Err(fields.missing("header")),
        None => {}
    }
    if text_object(fields, "body", frame.body_max)?.is_none() && frame.body_required {
        return Err(fields.missing("body"));
    }
    if fields.has("footer") && !frame.footer {
        return Err(fields.invalid("footer", &format!("is not allowed with type {kind}")));
    }
    text_object(fields, "footer", FOOTER_MAX)?;
    Ok(media)
}

pub(super) fn header(fields: &Fields<'_>, allowed: &[&str]) -> Result<Option<MediaUse>, GraphError> {
    let header = fields.required_object("header", &["type", "text", "image", "video", "document"])?;
    let kind = header.required_text("type")?;
    if !allowed.contains(&kind) {
        return Err(header.invalid("type", &format!("must be one of {}", allowed.join(", "))));
    }
    if let Some(other) = ["text", "image", "video", "document"].iter().find(|one| **one != kind && header.has(one)) {
        return Err(GraphError::new(100, format!("Unexpected key \"{other}\" on a header of type {kind}")));
    }
    let (kind, known): (&'static str, &[&str]) = match kind {
        "text" => {
            header.words("text", HEADER_MAX)?;
            return Ok(None);
        }
        "image" => ("image", &["id", "link"]),
        "video" => ("video", &["id", "link"]),
        _ => ("document", &["id", "link", "filename"]),
    };
    let medium = header.required_object(kind, known)?;
    medium.text("filename")?;
    Ok(Some(MediaUse { kind, source: media_source(&medium)? }))
}

fn reply_buttons(fields: &Fields<'_>) -> Result<(), GraphError> {
    let action = fields.required_object("action", &["buttons"])?;
    let buttons = action.counted("buttons", 1..=3)?;
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for button in action.entries("buttons", buttons, &["type", "reply"])? {
        button.exactly("type", "reply")?;
        let (id, title) = reply(&button, "reply")?;
        if !ids.insert(id) || !titles.insert(title) {
            return Err(action.invalid("buttons", "must have different ids and titles"));
        }
    }
    Ok(())
}

/// `{"id", "title"}` of a button that answers.
pub(super) fn reply<'a>(button: &Fields<'a>, name: &str) -> Result<(&'a str, &'a str), GraphError> {
    let reply = button.required_object(name, &["id", "title"])?;
    let (id, title) = (reply.words("id", 256)?, reply.words("title", 20)?);
    if id.trim() != id {
        return Err(reply.invalid("id", "must not begin or end with a space"));
    }
    Ok((id, title))
}

fn list(fields: &Fields<'_>) -> Result<(), GraphError> {
    let action = fields.required_object("action", &["button", "sections"])?;
    action.words("button", 20)?;
    let sections = action.counted("sections", 1..=10)?;
    let mut ids = HashSet::new();
    for section in action.entries("sections", sections, &["title", "rows"])? {
        if section.bounded_text("title", 24)?.is_none_or(str::is_empty) && sections.len() > 1 {
            return Err(section.missing("title"));
        }
        for row in section.entries("rows", section.counted("rows", 1..=ROWS_MAX)?, &["id", "title", "description"])? {
            let id = row.words("id", 200)?;
            row.words("title", 24)?;
            row.bounded_text("description", 72)?;
            if !ids.insert(id) {
                return Err(row.invalid("id", "stands twice"));
            }
        }
    }
    if ids.len() > ROWS_MAX {
        return Err(action.invalid("sections", &format!("have {} rows together, allowed are {ROWS_MAX}", ids.len())));
    }
    Ok(())
}

fn cta_url(fields: &Fields<'_>) -> Result<(), GraphError> {
    link_button(&fields.required_object("action", &["name", "parameters"])?)
}

/// The action of a message or card with one address to open.
pub(super) fn link_button(action: &Fields<'_>) -> Result<(), GraphError> {
    action.exactly("name", "cta_url")?;
    let parameters = action.required_object("parameters", &["display_text", "url"])?;
    parameters.words("display_text", 20)?;
    let url = parameters.words("url", 2000)?;
    if is_link(url) { Ok(()) } else { Err(parameters.invalid("url", "is not an http(s) address")) }
}

fn named(fields: &Fields<'_>, name: &str) -> Result<(), GraphError> {
    fields.required_object("action", &["name"])?.exactly("name", name)
}

fn voice_call(fields: &Fields<'_>) -> Result<(), GraphError> {
    let action = fields.required_object("action", &["name", "parameters"])?;
    action.exactly("name", "voice_call")?;
    if let Some(parameters) = action.object("parameters", &["display_text", "ttl_minutes", "payload"])? {
        parameters.bounded_text("display_text", 20)?;
        parameters.text("payload")?;
        parameters.whole("ttl_minutes")?;
    }
    Ok(())
}

fn address(fields: &Fields<'_>) -> Result<(), GraphError> {
    let action = fields.required_object("action", &["name", "parameters"])?;
    action.exactly("name", "address_message")?;
    let known = ["country", "values", "saved_addresses", "validation_errors"];
    let parameters = action.required_object("parameters", &known)?;
    // Meta offers it in India only.
    match parameters.required_text("country")? {
        "IN" => {}
        other => return Err(parameters.invalid("country", &format!("must be IN, not {other}"))),
    }
    for name in ["values", "validation_errors"] {
        if parameters.get(name).is_some_and(|value| !value.is_object()) {
            return Err(GraphError::new(100, format!("Param {} must be a JSON object", parameters.name_of(name))));
        }
    }
    parameters.list("saved_addresses").map(|_| ())
}
