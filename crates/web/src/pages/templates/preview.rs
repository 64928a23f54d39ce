//! A template's parts, as the provider writes them, as what people would see. Unknown parts are passed over.

use serde_json::Value;

use crate::views::preview::{Preview, PreviewButton, PreviewHeader, pieces};

/// The text of the body; empty where there is none.
pub(super) fn body(components: Option<&str>) -> String {
    let parts = parts(components);
    let body = parts.iter().find(|part| kind(part) == "BODY");
    body.and_then(|part| text(part, "text")).unwrap_or_default()
}

/// What it looks like.
pub(super) fn of(components: Option<&str>) -> Preview {
    preview(&parts(components))
}

fn parts(components: Option<&str>) -> Vec<Value> {
    components.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

fn kind(part: &Value) -> String {
    text(part, "type").unwrap_or_default().to_uppercase()
}

fn text(part: &Value, name: &str) -> Option<String> {
    part.get(name)?.as_str().map(ToOwned::to_owned)
}

fn list<'v>(part: &'v Value, name: &str) -> &'v [Value] {
    part.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn preview(parts: &[Value]) -> Preview {
    let mut shown = Preview::default();
    for part in parts {
        match kind(part).as_str() {
            "HEADER" => shown.header = header(part),
            "BODY" => shown.body = text(part, "text").map(|text| pieces(&text)).unwrap_or_default(),
            "FOOTER" => shown.footer = text(part, "text"),
            "BUTTONS" => shown.buttons = list(part, "buttons").iter().map(button).collect(),
            // A card holds parts of its own, and no carousel.
            "CAROUSEL" => {
                shown.cards = list(part, "cards").iter().map(|card| card_of(list(card, "components"))).collect();
            }
            _ => {}
        }
    }
    shown
}

fn card_of(parts: &[Value]) -> Preview {
    let flat: Vec<Value> = parts.iter().filter(|part| kind(part) != "CAROUSEL").cloned().collect();
    preview(&flat)
}

fn header(part: &Value) -> Option<PreviewHeader> {
    let format = text(part, "format").unwrap_or_else(|| "TEXT".to_owned()).to_uppercase();
    let (key, icon) = match format.as_str() {
        "TEXT" => return text(part, "text").map(|text| PreviewHeader::Text(pieces(&text))),
        "IMAGE" => ("preview.image", "image"),
        "VIDEO" | "GIF" => ("preview.video", "play"),
        "DOCUMENT" => ("preview.document", "document"),
        "LOCATION" => ("preview.location", "pin"),
        "PRODUCT" => ("preview.product", "tag"),
        _ => ("preview.other", "eye"),
    };
    Some(PreviewHeader::Media { key, icon })
}

fn button(part: &Value) -> PreviewButton {
    let kind = kind(part);
    let icon = match kind.as_str() {
        "URL" => "external",
        "PHONE_NUMBER" | "VOICE_CALL" => "phone",
        "COPY_CODE" | "OTP" => "copy",
        "QUICK_REPLY" => "reply",
        "CATALOG" | "MPM" | "SPM" => "tag",
        _ => "forward",
    };
    PreviewButton {
        text: text(part, "text").unwrap_or(kind),
        icon,
        target: text(part, "url").or_else(|| text(part, "phone_number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_shown() {
        let json = r#"[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Hi {{1}}"},{"type":"FOOTER","text":"f"},
            {"type":"BUTTONS","buttons":[{"type":"URL","text":"See","url":"u"},{"type":"ODD"}]},{"type":"NEW"},
            {"type":"CAROUSEL","cards":[{"components":[{"type":"body","text":"card"},{"type":"CAROUSEL","cards":[{}]}]}]}]"#;
        let shown = of(Some(json));
        assert_eq!(shown.header, Some(PreviewHeader::Media { key: "preview.image", icon: "image" }));
        assert_eq!((shown.body.len(), shown.footer.as_deref()), (2, Some("f")));
        assert_eq!((shown.buttons[0].target.as_deref(), shown.buttons[1].text.as_str()), (Some("u"), "ODD"));
        assert_eq!((shown.cards.len(), shown.cards[0].cards.len()), (1, 0));
        assert_eq!(body(Some(json)), "Hi {{1}}");
    }

    #[test]
    fn what_cannot_be_read_shows_nothing() {
        for components in [None, Some(""), Some("{}"), Some("[1,null,{\"type\":7}]"), Some("[{\"type\":\"HEADER\"}]")] {
            assert!(of(components).is_empty(), "{components:?}");
        }
    }
}
