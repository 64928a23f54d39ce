//! The examples of Meta's published description: every one that sends is taken, and refused when it is broken.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use simulator::Inbound;

use crate::world::{NUMBER, TOKEN, World, YAEL, answer};

/// What stands in for the placeholders of the examples.
const FILLED: &[(&str, &str)] = &[
    ("{{Recipient-Phone-Number}}", YAEL),
    ("{{Recipient-WA-Phone-Number}}", YAEL),
    ("<http(s)://audio-url>", "https://example.com/a.ogg"),
    ("<http(s)://sticker-url>", "https://example.com/a.webp"),
    ("<http(s)://document-url>", "https://example.com/a.pdf"),
    ("http(s)://image-url", "https://example.com/a.png"),
    ("http(s)://the-image-url", "https://example.com/a.png"),
    ("<AUDIO_OBJECT_ID>", "1376223850470845"),
    ("<VIDEO_OBJECT_ID>", "1376223850470844"),
    ("<DOCUMENT_OBJECT_ID>", "1376223850470846"),
    ("{{Flow-ID}}", "1063200000000009"),
    ("{{Flow-Name}}", "example_flow"),
    ("<HEADER_TYPE>", "text"),
    ("<TEMPLATE_NAME>", "flow_template"),
    // Longer than the 24 characters a section's title may have.
    ("<SECTION1_TITLE>", "Section 1"),
    ("<SECTION2_TITLE>", "Section 2"),
    ("language-and-locale-code", "en_US"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/meta-openapi/requests")
}

fn examples(endpoint: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("fixtures") {
        let path = entry.expect("entry").path();
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let Some(name) = name.strip_prefix(&format!("post.phone_number_id_{endpoint}.")) else { continue };
        let mut text = std::fs::read_to_string(&path).expect("text");
        for (placeholder, value) in FILLED {
            text = text.replace(&format!("\"{placeholder}\""), &format!("\"{value}\""));
        }
        let mut body: Value = serde_json::from_str(&text).expect("json");
        // Two examples share a name and differ in the header.
        if name.starts_with("send_sample_shipping") {
            body["template"]["name"] = json!("template_without_header");
        } else if body.pointer("/template/name") == Some(&json!("template-name")) {
            body["template"]["name"] = json!("template_with_header");
        }
        all.push((name.to_owned(), body));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn body(text: &str, samples: &[&str]) -> Value {
    json!({"type": "BODY", "text": text, "example": {"body_text": [samples]}})
}

/// The objects the examples name.
fn furnish(world: &World) {
    let control = world.simulator.control();
    let catalogs = vec!["146265584024623".to_owned(), "367025965434465".to_owned()];
    control.add_objects(vec!["1063200000000009".into(), "example_flow".into()], catalogs, Vec::new()).expect("objects");
    let three = body("You bought {{1}} for {{2}} on the day {{3}} here.", &["a", "b", "c"]);
    let picture = json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}});
    let buttons = |button: Value| json!({"type": "BUTTONS", "buttons": [button]});
    for (name, language, category, components) in [
        (
            "intro_catalog_offer",
            "en_US",
            "MARKETING",
            json!([three, buttons(json!({"type": "CATALOG", "text": "View catalog"}))]),
        ),
        (
            "flow_template",
            "en_US",
            "UTILITY",
            json!([
                body("Open the form.", &[]),
                buttons(json!({"type": "FLOW", "text": "Open", "flow_id": "1063200000000009"}))
            ]),
        ),
        ("template_with_header", "en_US", "UTILITY", json!([picture, three])),
        ("template_without_header", "en_US", "UTILITY", json!([three])),
        ("hello_world", "en", "MARKETING", json!([body("Hello world", &[])])),
        ("promotional_offer", "en", "MARKETING", json!([body("Hi {{1}}, take {{2}} off today.", &["a", "b"])])),
    ] {
        let template = json!({"name": name, "language": language, "category": category, "components": components});
        control.add_template(&template).expect("template");
    }
    // The other endpoint knows a template after ten minutes.
    world.clock.advance(std::time::Duration::from_secs(600));
}

async fn post(world: &World, endpoint: &str, body: &Value) -> (u16, Value) {
    let request = world.http.post(world.url(&format!("/v24.0/{NUMBER}/{endpoint}")));
    answer(request.bearer_auth(TOKEN).json(body)).await
}

#[tokio::test]
async fn every_example_is_taken_and_every_broken_one_refused() {
    let world = World::start().await;
    furnish(&world);
    let told = world.simulator.control().inbound(Inbound::text(YAEL, "hi")).await.expect("inbound");
    let mut count = 0;
    for endpoint in ["messages", "marketing_messages"] {
        for (name, mut body) in examples(endpoint) {
            count += 1;
            if body.get("status").is_some() {
                body["message_id"] = json!(told.message_id);
            }
            let (status, answer) = post(&world, endpoint, &body).await;
            assert_eq!(status, 200, "{name}: {answer}");

            let mut odd = body.clone();
            odd["colour"] = json!("red");
            let mut without_product = body.clone();
            without_product.as_object_mut().expect("object").remove("messaging_product");
            let mut cases = vec![(odd, 100), (without_product, 100)];
            if let Some(kind) = body.get("type").and_then(Value::as_str) {
                let mut empty = body.clone();
                empty.as_object_mut().expect("object").remove(kind);
                cases.push((empty, 131_008));
                let mut number = body.clone();
                number[kind] = json!(7);
                cases.push((number, 100));
                let mut nobody = body.clone();
                nobody.as_object_mut().expect("object").remove("to");
                cases.push((nobody, 100));
            } else {
                let mut unknown = body.clone();
                unknown["message_id"] = json!("wamid.unknown");
                cases.push((unknown, 131_009));
            }
            for (broken, code) in cases {
                let (_, answer) = post(&world, endpoint, &broken).await;
                assert_eq!(answer["error"]["code"], code, "{name}: {broken}: {answer}");
            }
        }
    }
    assert_eq!(count, 27, "an example is missing");
}

#[tokio::test]
async fn the_marketing_endpoint_takes_marketing_templates_only() {
    let mut world = World::start().await;
    furnish(&world);
    let text = json!({"messaging_product": "whatsapp", "to": YAEL, "type": "text", "text": {"body": "hi"}});
    assert_eq!(post(&world, "marketing_messages", &text).await.1["error"]["code"], 131_055);
    let template = |name: &str, language: &str| {
        json!({"messaging_product": "whatsapp", "to": YAEL, "type": "template", "product_policy": "STRICT",
               "template": {"name": name, "language": {"code": language}}})
    };
    let (_, refusal) = post(&world, "marketing_messages", &template("hello_world", "en_US")).await;
    assert_eq!(refusal["error"]["code"], 134_100);
    // The members of the one endpoint are unknown to the other.
    assert_eq!(post(&world, "messages", &template("hello_world", "en")).await.1["error"]["code"], 100);
    assert_eq!(post(&world, "marketing_messages", &template("hello_world", "en")).await.0, 200);
    assert_eq!(world.told().await.status()["pricing"]["category"], "marketing_lite");
}

#[tokio::test]
async fn a_new_template_is_not_known_there_at_once() {
    let world = World::start().await;
    let template = json!({"name": "brand_new", "language": "en", "category": "MARKETING", "components": [body("Hello there", &[])]});
    world.simulator.control().add_template(&template).expect("template");
    let send = json!({"messaging_product": "whatsapp", "to": YAEL, "type": "template",
                      "template": {"name": "brand_new", "language": {"code": "en"}}});
    assert_eq!(post(&world, "marketing_messages", &send).await.1["error"]["code"], 134_101);
    assert_eq!(post(&world, "messages", &send).await.0, 200);
    world.clock.advance(std::time::Duration::from_secs(600));
    assert_eq!(post(&world, "marketing_messages", &send).await.0, 200);
}
