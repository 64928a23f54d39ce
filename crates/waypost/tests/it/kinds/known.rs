//! What the simulator must know to take the messages of `examples`: media, templates, a form, a catalogue, and a message
//! of the customer.

use serde_json::{Value, json};
use simulator::{Inbound, NewMedium};

use crate::support::{CUSTOMER, TestApp};

/// Makes it known.
pub async fn teach(app: &TestApp) {
    let control = app.simulator.control();
    for (id, mime_type) in [
        ("1376223850470844", "video/mp4"),
        ("1376223850470845", "audio/ogg; codecs=opus"),
        ("1376223850470846", "application/pdf"),
    ] {
        let medium = NewMedium {
            id: Some(id.to_owned()),
            mime_type: mime_type.to_owned(),
            bytes: b"x".to_vec(),
            uploaded: true,
            ..NewMedium::default()
        };
        control.add_media(medium).unwrap();
    }
    control.add_objects(vec!["1".to_owned()], vec!["1".to_owned()], Vec::new()).unwrap();
    for (name, components) in templates() {
        let format = if name == "named" { "NAMED" } else { "POSITIONAL" };
        let template = json!({"name": name, "language": "en_US", "category": "UTILITY", "parameter_format": format,
            "components": components});
        control.add_template(&template).unwrap();
    }
    let said = Inbound { message_id: Some("wamid.HBgL".to_owned()), ..Inbound::text(CUSTOMER, "Hello") };
    control.inbound(said).await.unwrap();
}

fn templates() -> Vec<(&'static str, Value)> {
    let body = json!({"type": "BODY", "text": "This is what we have for you."});
    let buttons = |buttons: Value| json!({"type": "BUTTONS", "buttons": buttons});
    let header = |format: &str| json!({"type": "HEADER", "format": format, "example": {"header_handle": ["https://files.example/a"]}});
    let reply = json!({"type": "QUICK_REPLY", "text": "Yes"});
    let card = json!({"components": [header("IMAGE"), buttons(json!([reply]))]});
    vec![
        (
            "positional",
            json!([
                header("DOCUMENT"),
                {"type": "BODY", "text": "Dear {{1}}, you owe us {{2}} until {{3}} as we said.",
                    "example": {"body_text": [["Ana", "$25", "Friday"]]}},
                buttons(json!([reply,
                    {"type": "URL", "text": "Open", "url": "https://waypost.example/{{1}}", "example": ["A-1"]},
                    {"type": "COPY_CODE", "example": "25OFF"}])),
            ]),
        ),
        (
            "named",
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "{{title}} from us",
                    "example": {"header_text_named_params": [{"param_name": "title", "example": "Hello"}]}},
                {"type": "BODY", "text": "Dear {{who}}, your order {{order_no}} is here.",
                    "example": {"body_text_named_params": [{"param_name": "who", "example": "Ana"},
                        {"param_name": "order_no", "example": "A-1"}]}},
            ]),
        ),
        ("location_header", json!([{"type": "HEADER", "format": "LOCATION"}, body])),
        ("product_header", json!([{"type": "HEADER", "format": "PRODUCT"}, body])),
        ("flow_button", json!([body, buttons(json!([{"type": "FLOW", "text": "Fill in", "flow_id": "1"}]))])),
        ("catalog_button", json!([body, buttons(json!([{"type": "CATALOG", "text": "View catalog"}]))])),
        ("mpm_button", json!([body, buttons(json!([{"type": "MPM", "text": "View items"}]))])),
        ("contact_button", json!([body, buttons(json!([{"type": "REQUEST_CONTACT_INFO"}]))])),
        ("cards", json!([body, {"type": "CAROUSEL", "cards": [card, card]}])),
        (
            "offer",
            json!([body,
                {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": true}}]),
        ),
    ]
}
