//! Content, read and written.

use serde_json::json;

use super::*;

fn read(value: Value) -> Result<Content, FieldError> {
    let mut fields = Fields::of(&value, "message")?;
    let content = Content::read(&mut fields)?;
    fields.finish()?;
    Ok(content)
}

#[test]
fn each_kind_reads_back_as_metas_own_object() {
    for object in [
        json!({"type": "text", "text": {"body": "שלום *Ana*"}}),
        json!({"type": "text", "text": {"body": "https://waypost.example", "preview_url": true}}),
        json!({"type": "image", "image": {"id": "1376223850470843", "caption": "Receipt"}}),
        json!({"type": "image", "image": {"link": "https://files.example/a.jpg"}}),
        json!({"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}}),
        json!({"type": "template", "template": {"name": "order_ok", "language": {"code": "en_US"}, "components": [
            {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://files.example/a.jpg"}}]},
            {"type": "body", "parameters": [
                {"type": "text", "parameter_name": "who", "text": "Ana"}, {"type": "text", "parameter_name": "order_no", "text": "A-1"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "YES-77"}]},
            {"type": "button", "sub_type": "copy_code", "index": "1", "parameters": [{"type": "coupon_code", "coupon_code": "25OFF"}]},
        ]}}),
    ] {
        let content = read(object.clone()).expect("well formed");
        assert_eq!(Value::Object(content.to_object()), object);
        let stored = Value::Object(content.to_object()).to_string();
        assert_eq!(Content::from_stored(&stored).as_ref(), Ok(&content));
    }
}

#[test]
fn what_is_wrong_is_named_at_its_field() {
    let long = "x".repeat(TEXT_CHARS_MAX + 1);
    for (object, code, field) in [
        (json!({"text": {"body": "hi"}}), "missing_field", "message.type"),
        (json!({"type": "poll"}), "unsupported_kind", "message.type"),
        (json!({"type": "text"}), "missing_field", "message.text"),
        (json!({"type": "text", "text": "hi"}), "wrong_type", "message.text"),
        (json!({"type": "text", "text": {"body": "  "}}), "empty", "message.text.body"),
        (json!({"type": "text", "text": {"body": long}}), "too_long", "message.text.body"),
        (json!({"type": "text", "text": {"body": "a\u{0}b"}}), "invalid_text", "message.text.body"),
        (json!({"type": "text", "text": {"body": "hi", "preview": true}}), "unknown_field", "message.text.preview"),
        (json!({"type": "text", "text": {"body": "hi"}, "image": {"id": "1"}}), "unknown_field", "message.image"),
        (
            json!({"type": "image", "image": {"id": "1", "link": "https://a.example"}}),
            "exactly_one",
            "message.image.id",
        ),
        (json!({"type": "image", "image": {"link": "file:///etc/passwd"}}), "invalid_url", "message.image.link"),
        (
            json!({"type": "template", "template": {"name": "Hello", "language": {"code": "en"}}}),
            "invalid_name",
            "message.template.name",
        ),
        (json!({"type": "template", "template": {"name": "hello"}}), "missing_field", "message.template.language"),
        (
            json!({"type": "template", "template": {"name": "h", "language": {"code": "en"}, "components": [{"type": "body", "parameters": [{"type": "text"}]}]}}),
            "missing_field",
            "message.template.components[0].parameters[0].text",
        ),
        (
            json!({"type": "template", "template": {"name": "h", "language": {"code": "en"}, "components": [{"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}]}}),
            "invalid_text",
            "message.template.components[0].parameters[0].text",
        ),
    ] {
        let error = read(object).expect_err(field);
        assert_eq!((error.code, error.field.as_str()), (code, field));
    }
}
