//! The parts of a template after a callback about them, which tells texts and buttons and nothing else. Pure.

use domain::inbound::{TemplateButton, TemplateNews};
use serde_json::{Value, json};

/// The parts as they were, with the texts and buttons that are told now. A header that is a picture stays.
pub(super) fn merged(known: Option<&str>, news: &TemplateNews) -> String {
    let TemplateNews::Components { title, element, footer, buttons } = news else {
        return known.unwrap_or("[]").to_owned();
    };
    let known: Vec<Value> = known.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let of = |kind: &str| known.iter().find(|part| is(part, kind)).cloned();
    let told = |kind: &str, text: &Option<String>| {
        text.as_ref().map(|text| {
            let mut part = of(kind).filter(Value::is_object).unwrap_or_else(|| json!({"type": kind}));
            part["text"] = json!(text);
            part
        })
    };
    let header = told("HEADER", title).map(|mut header| {
        header["format"] = json!("TEXT");
        header
    });
    let picture = || of("HEADER").filter(|header| header.get("format").is_some_and(|format| format != "TEXT"));
    let mut parts: Vec<Value> = header.or_else(picture).into_iter().collect();
    parts.extend(told("BODY", element).or_else(|| of("BODY")));
    parts.extend(told("FOOTER", footer));
    if !buttons.is_empty() {
        let buttons: Vec<Value> = buttons.iter().map(button).collect();
        parts.push(json!({"type": "BUTTONS", "buttons": buttons}));
    }
    let retold = ["HEADER", "BODY", "FOOTER", "BUTTONS"];
    parts.extend(known.iter().filter(|part| !retold.iter().any(|kind| is(part, kind))).cloned());
    Value::Array(parts).to_string()
}

fn is(part: &Value, kind: &str) -> bool {
    part.get("type").and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(kind))
}

fn button(button: &TemplateButton) -> Value {
    let mut made = json!({"type": button.kind.as_deref().unwrap_or("QUICK_REPLY")});
    for (name, value) in [("text", &button.text), ("url", &button.url), ("phone_number", &button.phone)] {
        if let Some(value) = value {
            made[name] = json!(value);
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(title: Option<&str>, element: &str) -> TemplateNews {
        let kind = Some("URL".to_owned());
        let button = TemplateButton { kind, text: Some("See".to_owned()), url: Some("u".to_owned()), phone: None };
        TemplateNews::Components {
            title: title.map(ToOwned::to_owned),
            element: Some(element.to_owned()),
            footer: None,
            buttons: vec![button],
        }
    }

    fn after(known: Option<&str>, news: &TemplateNews) -> Value {
        serde_json::from_str(&merged(known, news)).expect("JSON")
    }

    #[test]
    fn texts_are_replaced_and_what_is_not_told_stays() {
        let known = r#"[{"type":"HEADER","format":"IMAGE","example":{"header_handle":["h"]}},
            {"type":"BODY","text":"Old {{1}}","example":{"body_text":[["Ana"]]}},{"type":"FOOTER","text":"f"},
            {"type":"CAROUSEL","cards":[]}]"#;
        let parts = after(Some(known), &news(None, "New {{1}}"));
        assert_eq!(parts[0]["format"], "IMAGE");
        assert_eq!((&parts[1]["text"], &parts[1]["example"]["body_text"][0][0]), (&json!("New {{1}}"), &json!("Ana")));
        assert_eq!(parts[2], json!({"type": "BUTTONS", "buttons": [{"type": "URL", "text": "See", "url": "u"}]}));
        assert_eq!((&parts[3]["type"], parts.as_array().map(Vec::len)), (&json!("CAROUSEL"), Some(4)));
    }

    #[test]
    fn an_unknown_template_gets_what_is_told() {
        let parts = after(None, &news(Some("Title"), "Body"));
        assert_eq!(parts[0], json!({"type": "HEADER", "format": "TEXT", "text": "Title"}));
        assert_eq!(parts[1], json!({"type": "BODY", "text": "Body"}));
        assert_eq!(after(Some("not json"), &news(None, "B"))[0]["text"], "B");
    }
}
