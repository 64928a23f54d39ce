//! Content, read and written.

mod documents;
mod strategy;

use proptest::prelude::*;
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

/// A message with these components.
fn filled(components: Value) -> Value {
    json!({"type": "template", "template": {"name": "h", "language": {"code": "en"}, "components": components}})
}

#[test]
fn the_end_of_an_address_is_long_and_has_no_name() {
    let button = |parameter: Value| {
        read(filled(json!([{"type": "button", "sub_type": "url", "index": 0, "parameters": [parameter]}])))
    };
    let text = |length: usize| json!({"type": "text", "text": "x".repeat(length)});
    assert!(button(text(2000)).is_ok());
    let at = |rest: &str| format!("message.template.components[0].parameters[0].{rest}");
    let error = button(text(2001)).expect_err("too long");
    assert_eq!((error.code, error.field), ("too_long", at("text")));
    let error = button(json!({"type": "text", "parameter_name": "end", "text": "x"})).expect_err("named");
    assert_eq!((error.code, error.field), ("not_allowed", at("parameter_name")));
}

#[test]
fn a_card_of_a_template_shows_a_picture_a_film_or_a_product() {
    let carousel = |parameter: Value| {
        let card = |i: usize| {
            json!({"card_index": i, "components": [{"type": "header", "parameters": [parameter]},
                {"type": "button", "sub_type": "quick_reply", "index": 0,
                    "parameters": [{"type": "payload", "payload": "p"}]}]})
        };
        read(filled(json!([{"type": "carousel", "cards": [card(0), card(1)]}])))
    };
    let medium = |kind: &str| json!({"type": kind, kind: {"id": "1"}});
    let product = json!({"type": "product", "product": {"product_retailer_id": "1", "catalog_id": "1"}});
    for good in [medium("image"), medium("video"), product] {
        assert!(carousel(good.clone()).is_ok(), "{good}");
    }
    let place = json!({"type": "location", "location": {"latitude": 1, "longitude": 2}});
    for bad in [medium("gif"), medium("document"), place, json!({"type": "text", "text": "x"})] {
        let error = carousel(bad.clone()).expect_err("no such header");
        let field = "message.template.components[0].cards[0].components[0].parameters[0].type";
        assert_eq!((error.code, error.field.as_str()), ("unsupported_kind", field), "{bad}");
    }
}

#[test]
fn a_contact_has_a_part_of_a_name_and_a_telephone_says_something() {
    let card =
        |name: Value, phone: Value| read(json!({"type": "contacts", "contacts": [{"name": name, "phones": [phone]}]}));
    let name = json!({"formatted_name": "Ana", "first_name": "Ana"});
    for phone in [json!({"wa_id": "972545550128"}), json!({"phone": "+972 54 555 0128"}), json!({"type": "WORK"})] {
        assert!(card(name.clone(), phone.clone()).is_ok(), "{phone}");
    }
    for (name, phone, code, field) in [
        (name.clone(), json!({}), "empty", "phones[0]"),
        (name, json!({"phone": " ", "type": "WORK"}), "empty", "phones[0].phone"),
        (json!({"formatted_name": "Ana", "last_name": " "}), json!({"phone": "1"}), "missing_field", "name.first_name"),
    ] {
        let error = card(name, phone).expect_err(field);
        assert_eq!((error.code, error.field), (code, format!("message.contacts[0].{field}")));
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

proptest! {
    #[test]
    fn any_message_is_written_as_it_was_read(object in strategy::message()) {
        let content = read(object.clone()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&Value::Object(content.to_object()), &object);
        prop_assert_eq!(content.kind(), object["type"].as_str().unwrap_or_default());
        prop_assert_eq!(Content::from_stored(&object.to_string()), Ok(content.clone()));
        prop_assert!(content.excerpt().chars().count() <= 120);
        prop_assert!(!content.excerpt().contains('\n'));
    }

    #[test]
    fn every_medium_is_found_where_its_path_says(object in strategy::message()) {
        let mut content = read(object.clone()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut expected = object.clone();
        let mut count = 0;
        for medium in content.media_mut() {
            let pointer = format!("/{}", medium.path.replace('[', "/").replace(']', "").replace('.', "/"));
            prop_assert!(medium.path.ends_with(medium.media.kind().as_str()));
            let place = expected.pointer_mut(&pointer).and_then(Value::as_object_mut);
            let place = place.ok_or_else(|| TestCaseError::fail(medium.path.clone()))?;
            prop_assert!(place.remove("id").or_else(|| place.remove("link")).is_some());
            place.insert("id".to_owned(), json!(format!("exchanged-{count}")));
            medium.media.source = MediaSource::Id(format!("exchanged-{count}"));
            count += 1;
        }
        prop_assert_eq!(Value::Object(content.to_object()), expected);
        // Nothing else holds a source of a medium.
        let sources = object.to_string().matches("\"link\":").count() + ids_of_media(&object);
        prop_assert_eq!(count, sources);
    }

    #[test]
    fn reading_never_panics_and_names_a_field(object in strategy::message(), place in any::<proptest::sample::Index>(), with in odd()) {
        let mut broken = object;
        let mut places = Vec::new();
        pointers(&broken, String::new(), &mut places);
        let pointer = place.get(&places).clone();
        if let Some(value) = broken.pointer_mut(&pointer) {
            *value = with;
        }
        match read(broken.clone()) {
            Ok(content) => {
                let written = Value::Object(content.to_object());
                prop_assert_eq!(read(written), Ok(content));
            }
            Err(error) => prop_assert!(error.field.starts_with("message") && !error.detail.is_empty(), "{:?}", error),
        }
    }
}

/// Media of an uploaded id, which alone have the member `id` below a kind of medium.
fn ids_of_media(value: &Value) -> usize {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| {
                usize::from(MediaKind::parse(key).is_some() && value.get("id").is_some()) + ids_of_media(value)
            })
            .sum(),
        Value::Array(items) => items.iter().map(ids_of_media).sum(),
        _ => 0,
    }
}

/// What a careless caller may send anywhere.
fn odd() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}"),
        json!(" x "),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"type": "text"}),
        json!("x".repeat(5000)),
    ])
}

/// Every place within `value`, as JSON pointers.
fn pointers(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| pointers(value, format!("{path}/{key}"), places));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| pointers(item, format!("{path}/{i}"), places));
        }
        _ => {}
    }
    places.push(path);
}
