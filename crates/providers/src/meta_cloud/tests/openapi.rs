//! Every request for a message among the examples of Meta's OpenAPI description, built from our types. A file that is
//! added is tested too.

use std::path::Path;
use std::time::Duration;

use domain::draft::Draft;
use domain::phone::Region;
use serde_json::{Map, Value, json};

use super::*;
use crate::meta_cloud::{MetaCloud, encode};
use crate::{HttpClient, Provider};

const REFERENCE: &str = "wp1.inst.3.42.1";

#[test]
fn every_example_of_metas_own_is_built_from_our_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta-openapi/requests");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the examples").map(|file| file.expect("a file")).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    assert!(files.len() >= 27, "only {} examples are left", files.len());
    for file in files {
        let name = file.file_name().into_string().expect("a name");
        let text = std::fs::read_to_string(file.path()).expect("a readable file");
        let mut example: Value = serde_json::from_str(&text).expect("JSON");
        fill_in("", &mut example);
        if example.get("status").is_some() {
            assert_receipt(&name, &example);
        } else {
            assert_message(&name, &example);
        }
    }
}

fn assert_receipt(name: &str, example: &Value) {
    let id = example["message_id"].as_str().expect("an id");
    let built = encode::read_receipt(id, example.get("typing_indicator").is_some());
    assert_eq!(&serde_json::from_str::<Value>(&built).expect("JSON"), example, "{name}");
}

fn assert_message(name: &str, example: &Value) {
    let draft = Draft::read(&as_request(name, example), Region::parse("US").expect("a region"));
    let draft = draft.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut call = call(draft.content);
    let message = call.messages.first_mut().expect("one message");
    (message.to, message.context, message.options) = (draft.to, draft.context, draft.options);

    let http = HttpClient::new(Duration::from_secs(8)).expect("an HTTP client");
    let number = MetaCloud::new(settings("http://127.0.0.1:9"), http);
    let prepared = number.prepare(&call).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(serde_json::from_str::<Value>(&prepared.payload).expect("JSON"), as_ours(example), "{name}");
    let endpoint = if is_marketing(name) { "marketing_messages" } else { "messages" };
    assert_eq!(prepared.path, format!("/v23.0/106540352242922/{endpoint}"), "{name}");
}

fn is_marketing(name: &str) -> bool {
    name.contains("_marketing_messages.")
}

/// The example as somebody would ask us to send it. What belongs to the other endpoint is an option of ours.
fn as_request(name: &str, example: &Value) -> Value {
    let mut message = example.clone();
    let mut request = json!({"sender_id": 1});
    if is_marketing(name) {
        let mut options = json!({"marketing_messages": true});
        for key in ["product_policy", "message_activity_sharing"] {
            if let Some(value) = message.as_object_mut().and_then(|message| message.remove(key)) {
                options[key] = value;
            }
        }
        request["provider_options"] = json!({"meta_cloud": options});
    }
    request["message"] = message;
    request
}

/// The example with the three things that we always write: our reference; the type of recipient, whose absence means
/// the same; and the number's `+`, without which Meta would put the business's own country in front. Nothing else may
/// differ.
fn as_ours(example: &Value) -> Value {
    let mut ours = example.clone();
    ours["biz_opaque_callback_data"] = json!(REFERENCE);
    if ours.get("recipient_type").is_none() {
        ours["recipient_type"] = json!("individual");
    }
    let to = ours["to"].as_str().expect("a recipient").to_owned();
    if !to.starts_with('+') {
        ours["to"] = json!(format!("+{to}"));
    }
    ours
}

/// Puts something of its kind where an example says only what its author would put in. Free texts stay as they are.
fn fill_in(key: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            fill_in_template(members);
            members.iter_mut().for_each(|(key, value)| fill_in(key, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(key, item)),
        Value::String(text) if text.contains("http(s)://") => {
            *text = text.trim_matches(['<', '>']).replace("http(s)", "https");
        }
        Value::String(text) if is_placeholder(text) => {
            let filled = match key {
                "to" => "+16505551234",
                "link" | "url" => "https://files.example/a",
                "latitude" => "37.758056",
                "longitude" => "-122.425332",
                "birthday" => "1990-12-31",
                "emoji" => "\u{1F600}",
                "type" => "text",
                _ => return,
            };
            filled.clone_into(text);
        }
        _ => {}
    }
}

fn is_placeholder(text: &str) -> bool {
    (text.starts_with('<') && text.ends_with('>')) || (text.starts_with("{{") && text.ends_with("}}"))
}

/// A template's name and language, where they are words for a name and a language.
fn fill_in_template(members: &mut Map<String, Value>) {
    let Some(language) = members.get_mut("language").filter(|language| language.get("code").is_some()) else { return };
    if language["code"].as_str().is_some_and(|code| is_placeholder(code) || code.contains("language")) {
        language["code"] = json!("en_US");
    }
    let name = members.get_mut("name").expect("a template has a name");
    if name.as_str().is_some_and(|name| is_placeholder(name) || name.contains('-')) {
        *name = json!("template_name");
    }
}
