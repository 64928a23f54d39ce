//! Every kind of message through the front door: what is good is kept and requested exactly as it was asked for, what is
//! not is refused by its field.

mod examples;
mod known;
mod limits;

use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, PHONE_NUMBER_ID, TestApp};

/// Sends `message` and answers it with its first attempt, once that was answered. What the simulator says to it is asked
/// for elsewhere: by [`taken`].
async fn sent(app: &TestApp, message: &Value, rest: &Value) -> (Value, Value) {
    let mut body = json!({"sender_id": app.sender_id, "message": message});
    body["message"]["to"] = json!(CUSTOMER);
    for part in ["message", "provider_options", "class"] {
        match (&rest[part], &mut body[part]) {
            (Value::Object(members), Value::Object(message)) => message.extend(members.clone()),
            (Value::Null, _) => {}
            (other, slot) => *slot = other.clone(),
        }
    }
    let response = app.post(&body).await;
    let status = response.status();
    let accepted: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED, "{accepted} for {body}");
    let id = accepted["id"].as_i64().unwrap();
    let attempts = format!("/v1/messages/{id}/attempts");
    let attempt = app
        .wait(&format!("message {id} to be answered"), async || {
            let attempts: Value = app.get(&attempts).await.json().await.unwrap();
            Some(attempts["data"][0].clone()).filter(|attempt| attempt["http_status"].is_i64())
        })
        .await;
    (app.message(id).await, attempt)
}

/// Waits until a message arrived, which it does only if the simulator has nothing against it.
async fn taken(app: &TestApp, name: &str, message: &Value) {
    let id = message["id"].as_i64().unwrap();
    // Nothing but `sent` is told of a reaction.
    let end = if message["kind"] == "reaction" { "sent" } else { "read" };
    let arrived = app
        .wait(&format!("{name} to be {end}"), async || {
            let message = app.message(id).await;
            [end, "failed"].iter().any(|status| message["status"] == *status).then_some(message)
        })
        .await;
    assert_eq!(arrived["status"], end, "{name}: {}", arrived["failure"]);
}

fn payload(attempt: &Value) -> Value {
    let mut payload: Value = serde_json::from_str(attempt["payload"].as_str().unwrap()).unwrap();
    let reference = payload.as_object_mut().unwrap().remove("biz_opaque_callback_data").unwrap();
    assert!(reference.as_str().unwrap().starts_with("wp1."), "{reference}");
    payload
}

/// The request for `message`, without our reference.
fn expected(message: &Value) -> Value {
    let mut request = message.clone();
    request["messaging_product"] = json!("whatsapp");
    request["recipient_type"] = json!("individual");
    request["to"] = json!(CUSTOMER);
    request
}

on_both_engines! {
    async fn a_message_of_each_kind_is_kept_requested_as_it_was_asked_for_and_taken(db: TestDatabase) {
        let app = TestApp::start(db).await;
        known::teach(&app).await;
        let good = examples::good().into_iter().map(|(name, message)| (name.to_owned(), message));
        for (name, message) in good.chain(examples::also_good()) {
            let (kept, attempt) = sent(&app, &message, &json!({})).await;
            assert_eq!(kept["message"], message, "{name}");
            assert_eq!(kept["kind"], message["type"], "{name}");
            assert_eq!(payload(&attempt), expected(&message), "{name}");
            assert_eq!(attempt["path"], format!("/v25.0/{PHONE_NUMBER_ID}/messages"), "{name}");
            taken(&app, &name, &kept).await;
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn each_limit_and_each_missing_field_is_named_and_nothing_is_stored(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for wrong in limits::wrong() {
            let mut flat = wrong.message.clone();
            flat["sender_id"] = json!(app.sender_id);
            flat["to"] = json!(CUSTOMER);
            let response = app.post(&flat).await;
            let status = response.status();
            let problem: Value = response.json().await.unwrap();
            let found = (status.as_u16(), problem["code"].as_str(), problem["field"].as_str());
            assert_eq!(found, (422, Some(wrong.code), Some(wrong.field.as_str())), "{problem} for {}", wrong.message);
            assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
        }
        assert!(app.list("").await.is_empty());
        assert!(app.simulator.control().ledger(None).is_empty());
        app.stop().await;
    }
}

on_both_engines! {
    async fn shorthands_become_metas_own_object(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let header = json!({"type": "header", "parameters": [{"type": "text", "text": "Hello"}]});
        let button = json!({"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "7"}]});
        let body = json!({"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "3"}]});
        for (components, params, expected) in [
            (Value::Null, json!(["Ana", 3]), json!([body])),
            (json!([header, button]), json!(["Ana", "3"]), json!([header, body, button])),
            (json!([button]), json!(["Ana", "3"]), json!([body, button])),
            (json!([button]), json!([]), json!([button])),
        ] {
            let template =
                json!({"name": "order_update", "language": "en_US", "components": components, "templateParams": params});
            let (kept, attempt) = sent(&app, &json!({"type": "template", "template": template}), &json!({})).await;
            let expected = json!({"name": "order_update", "language": {"code": "en_US"}, "components": expected});
            assert_eq!(kept["message"], json!({"type": "template", "template": expected}));
            assert_eq!(payload(&attempt)["template"], expected);
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_stands_beside_the_content_is_requested_too(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let text = json!({"type": "text", "text": {"body": "hi"}});
        let beside = json!({"context": {"message_id": "wamid.HBgL"}, "recipient_identity_key_hash": "h4sh="});
        let (kept, attempt) = sent(&app, &text, &json!({"message": beside})).await;
        assert_eq!((&kept["context"], &kept["recipient_identity_key_hash"]), (&json!("wamid.HBgL"), &json!("h4sh=")));
        let mut request = expected(&text);
        request.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
        assert_eq!(payload(&attempt), request);

        let group = json!({"recipient_type": "group", "to": "Y2FwaV9ncm91cDox"});
        let (kept, attempt) = sent(&app, &text, &json!({"message": group})).await;
        assert_eq!(kept["address"], "Y2FwaV9ncm91cDox");
        let mut request = expected(&text);
        request.as_object_mut().unwrap().extend(group.as_object().unwrap().clone());
        assert_eq!(payload(&attempt), request);
        app.stop().await;
    }
}

on_both_engines! {
    async fn marketing_templates_may_go_by_their_own_endpoint(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let ordinary = json!({"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}});
        let off = json!({"meta_cloud": {"marketing_messages": false}});
        let (kept, attempt) = sent(&app, &ordinary, &json!({"provider_options": off})).await;
        assert_eq!(kept["provider_options"], Value::Null);
        assert_eq!(attempt["path"], format!("/v25.0/{PHONE_NUMBER_ID}/messages"));

        let gif = json!({"type": "gif", "gif": {"link": "https://files.example/a.mp4"}});
        let template = json!({"type": "template", "template": {"name": "offer", "language": {"code": "en"},
            "components": [{"type": "header", "parameters": [gif]}]}});
        let strict = json!({"meta_cloud": {"marketing_messages": true, "product_policy": "STRICT",
            "message_activity_sharing": false}});
        let (kept, attempt) = sent(&app, &template, &json!({"provider_options": strict})).await;
        assert_eq!(kept["provider_options"], strict);
        assert_eq!(attempt["path"], format!("/v25.0/{PHONE_NUMBER_ID}/marketing_messages"));
        let mut request = expected(&template);
        request["product_policy"] = json!("STRICT");
        request["message_activity_sharing"] = json!(false);
        assert_eq!(payload(&attempt), request);
        // A simulator that does not know the endpoint leaves this message to be tried again.
        app.stop_with_work_left().await;
    }
}

on_both_engines! {
    async fn what_does_not_go_together_is_refused(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let meta = |options: Value| json!({"meta_cloud": options});
        let on = meta(json!({"marketing_messages": true}));
        let text = json!({"type": "text", "text": {"body": "hi"}});
        let template = json!({"type": "template", "template": {"name": "offer", "language": {"code": "en"}}});
        let reaction = json!({"type": "reaction", "reaction": {"message_id": "wamid.A", "emoji": "👍"},
            "context": {"message_id": "wamid.A"}});
        let code = |on_button: &str| json!({"type": "template", "template": {"name": "code", "language": {"code": "en"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
                {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": on_button}]}]}});
        let mut to_user = code("123456");
        to_user["recipient"] = json!("US.13491208655302741918");
        let grouped = json!({"type": "text", "text": {"body": "hi"}, "recipient_type": "group", "to": "with space"});
        let endpoint = "provider_options.meta_cloud.marketing_messages";
        for (message, rest, status, code, field) in [
            (&text, json!({"provider_options": on}), 422, "not_allowed", endpoint),
            (&template, json!({"provider_options": on, "class": "transactional"}), 422, "not_allowed", endpoint),
            (&template, json!({"provider_options": meta(json!({"marketing_messages": 1}))}), 422, "wrong_type", endpoint),
            (&template, json!({"provider_options": meta(json!({"product_policy": "STRICT"}))}), 422, "not_allowed",
                "provider_options.meta_cloud.product_policy"),
            (&template, json!({"provider_options": meta(json!({"marketing_messages": true, "product_policy": "LAX"}))}), 422,
                "invalid_value", "provider_options.meta_cloud.product_policy"),
            (&template, json!({"provider_options": meta(json!({"marketing_message": true}))}), 422, "unknown_field",
                "provider_options.meta_cloud.marketing_message"),
            (&template, json!({"provider_options": {"aisensy": {}}}), 422, "unknown_field", "provider_options.aisensy"),
            (&reaction, json!({}), 422, "not_allowed", "message.context"),
            (&grouped, json!({}), 422, "invalid_value", "message.to"),
            (&code("123457"), json!({"class": "authentication"}), 422, "mismatch",
                "message.template.components[1].parameters[0].text"),
            (&code("1234567890123456"), json!({"class": "authentication"}), 422, "too_long",
                "message.template.components[1].parameters[0].text"),
            (&to_user, json!({"class": "authentication"}), 422, "not_allowed", "message.recipient"),
        ] {
            let mut body = rest.clone();
            body["sender_id"] = json!(app.sender_id);
            body["message"] = message.clone();
            if body["message"]["to"].is_null() && body["message"]["recipient"].is_null() {
                body["message"]["to"] = json!(CUSTOMER);
            }
            let response = app.post(&body).await;
            let found = response.status().as_u16();
            let problem: Value = response.json().await.unwrap();
            let found = (found, problem["code"].as_str(), problem["field"].as_str());
            assert_eq!(found, (status, Some(code), Some(field)), "{problem}");
        }
        assert!(app.list("").await.is_empty());
        sent(&app, &code("123456"), &json!({"class": "authentication"})).await;
        app.stop().await;
    }
}
