//! Bad input: a clear error with a stable code and the field; nothing stored, nothing sent.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, TestApp};

async fn assert_nothing_happened(app: &TestApp) {
    assert!(app.list("").await.is_empty());
    assert!(app.simulator.control().ledger(None).is_empty());
}

async fn problem(response: reqwest::Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert!(!text("detail").is_empty(), "{body}");
    (status, text("code"), text("field"))
}

on_both_engines! {
    async fn a_wrong_field_is_named(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let with = |key: &str, value: Value| {
            let mut body = app.text(CUSTOMER, "hi");
            body[key] = value;
            body
        };
        let cases = [
            (with("sender_id", json!("one")), 422, "wrong_type", "sender_id"),
            (with("sender_id", json!(999_999)), 422, "unknown_sender", "sender_id"),
            (with("to", json!("12")), 422, "invalid_phone", "to"),
            (with("to", json!("anonymous")), 422, "invalid_phone", "to"),
            (with("to", Value::Null), 422, "missing_field", "to"),
            (with("text", json!({"body": ""})), 422, "empty", "text.body"),
            (with("text", json!({"body": "x".repeat(4097)})), 422, "too_long", "text.body"),
            (with("text", json!("hi")), 422, "wrong_type", "text"),
            (with("type", json!("carrier_pigeon")), 422, "unsupported_kind", "type"),
            (with("refrence", json!("x")), 422, "unknown_field", "refrence"),
            (with("expires_at", json!("2026-11-19T10:00:00Z")), 422, "out_of_range", "expires_at"),
            (with("class", json!("urgent")), 422, "invalid_value", "class"),
            (with("provider_options", json!({"aisensy": {}})), 422, "unknown_field", "provider_options.aisensy"),
            (json!({"sender_id": 1, "to": CUSTOMER, "type": "template", "template": {"name": "hello_world"}}), 422, "missing_field", "template.language"),
            (json!({"sender_id": 1, "message": {"to": CUSTOMER, "type": "template", "template": {"name": "t", "language": {"code": "en"}, "components": [{"type": "body", "parameters": [{"type": "text"}]}]}}}), 422, "missing_field", "message.template.components[0].parameters[0].text"),
            (json!([1, 2]), 422, "wrong_type", ""),
        ];
        for (body, status, code, field) in cases {
            let found = problem(app.post(&body).await).await;
            assert_eq!(found, (status, code.to_owned(), field.to_owned()), "{body}");
        }
        assert_nothing_happened(&app).await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_is_no_json_or_too_much_of_it_is_refused(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let send = async |body: Vec<u8>| {
            let request = app.http.post(app.url("/v1/messages")).bearer_auth(&app.made.access_token).body(body);
            problem(request.send().await.unwrap()).await
        };
        assert_eq!(send(b"{\"to\": ".to_vec()).await, (400, "invalid_json".to_owned(), String::new()));
        assert_eq!(send(vec![0xff, 0xfe]).await, (400, "invalid_json".to_owned(), String::new()));
        assert_eq!(send(b"[".repeat(5_000)).await, (400, "invalid_json".to_owned(), String::new()));
        let too_long = app.http.post(app.url("/v1/messages")).bearer_auth(&app.made.access_token);
        let too_long = too_long.body(vec![b' '; 2 * 1024 * 1024]).send().await.unwrap();
        // The body was not read to its end: no later request may be written to this connection.
        assert_eq!(too_long.headers()["connection"], "close");
        assert_eq!(problem(too_long).await, (413, "body_too_large".to_owned(), String::new()));
        let read = app.http.post(app.url("/v1/messages/1/read")).bearer_auth(&app.made.access_token);
        let read = read.body(vec![b' '; 2 * 1024 * 1024]).send().await.unwrap();
        assert_eq!(problem(read).await, (413, "body_too_large".to_owned(), String::new()));
        for (method, path, allowed) in [
            (Method::DELETE, "/v1/messages/1", "GET,HEAD,PATCH"),
            (Method::PUT, "/v1/messages", "GET,HEAD,POST"),
            (Method::GET, "/v1/messages/1/cancel", "POST"),
            (Method::POST, "/v1/senders", "GET,HEAD"),
        ] {
            let refused = app.http.request(method.clone(), app.url(path)).send().await.unwrap();
            let mut allow: Vec<String> = refused.headers().get_all("allow").iter()
                .flat_map(|value| value.to_str().unwrap().split(',')).map(str::to_owned).collect();
            allow.sort();
            assert_eq!(allow.join(","), allowed, "{method} {path}");
            assert_eq!(problem(refused).await, (405, "method_not_allowed".to_owned(), String::new()));
        }
        for key in ["", "a b", &"k".repeat(256)] {
            let found = problem(app.post_keyed(&app.text(CUSTOMER, "hi"), Some(key)).await).await;
            assert_eq!((found.0, found.1.as_str()), (400, "invalid_idempotency_key"));
        }
        assert_nothing_happened(&app).await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn without_a_token_in_force_nothing_is_told(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for path in ["/v1/messages", "/v1/messages/1", "/v1/senders"] {
            let none = app.http.get(app.url(path)).send().await.unwrap();
            assert_eq!(none.headers()["www-authenticate"], "Bearer");
            assert_eq!(problem(none).await.1, "no_token");
            let wrong = app.http.get(app.url(path)).bearer_auth("wpt_wrong").send().await.unwrap();
            assert_eq!(problem(wrong).await, (401, "wrong_token".to_owned(), String::new()));
        }
        let post = app.http.post(app.url("/v1/messages")).json(&app.text(CUSTOMER, "hi")).send().await.unwrap();
        assert_eq!(problem(post).await.0, 401);
        assert_nothing_happened(&app).await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn another_accounts_rows_look_as_if_they_were_not_there(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = app.send_text(CUSTOMER, "for our eyes only").await;
        app.wait_for_status(id, "read").await;
        let stranger = second_account(&app).await;

        let get = async |path: String| app.http.get(app.url(&path)).bearer_auth(&stranger).send().await.unwrap();
        assert_eq!(problem(get(format!("/v1/messages/{id}")).await).await, (404, "not_found".to_owned(), String::new()));
        assert_eq!(problem(get("/v1/messages/999999".to_owned()).await).await, (404, "not_found".to_owned(), String::new()));
        for query in [String::new(), "?phone=9876543210".to_owned(), format!("?sender_id={}", app.sender_id)] {
            let list: Value = get(format!("/v1/messages{query}")).await.json().await.unwrap();
            assert_eq!(list["data"], json!([]), "{query}");
        }
        let send = app.http.post(app.url("/v1/messages")).bearer_auth(&stranger).json(&app.text(CUSTOMER, "hi"));
        let refused = problem(send.send().await.unwrap()).await;
        assert_eq!(refused, (422, "unknown_sender".to_owned(), "sender_id".to_owned()));
        assert_eq!(app.simulator.control().ledger(None).iter().map(|entry| entry.count).sum::<usize>(), 1);
        app.stop().await;
    }
}

/// Another account with a token of its own.
async fn second_account(app: &TestApp) -> String {
    use domain::clock::Clock;
    let now = app.clock.now();
    let mut tx = app.app.core().store.begin().await.unwrap();
    let new = store::account::NewAccount { name: "Stranger", default_region: "IN", time_zone: "UTC", live: true };
    let account = store::account::insert(&mut tx.conn(), &new, now).await.unwrap();
    let token = "wpt_of_the_stranger".to_owned();
    let hash = web::auth::secret_hash(&token);
    let role = domain::scope::Role::Administrator;
    store::access::insert_token(&mut tx.conn(), account, ("test", &hash), role, now).await.unwrap();
    tx.commit().await.unwrap();
    token
}

on_both_engines! {
    async fn a_live_account_is_told_what_its_sender_lacks_and_never_sandboxed_silently(db: TestDatabase) {
        let app = TestApp::start(db).await;
        use domain::clock::Clock;
        let mut tx = app.app.core().store.begin().await.unwrap();
        let new = store::sender::NewSender {
            account: app.made.account,
            name: "Not connected yet",
            provider: "meta_cloud",
            phone: None,
            number_id: "777",
            business_account_id: None,
        };
        let sender = store::sender::find_or_insert(&mut tx.conn(), &new, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let mut body = app.text(CUSTOMER, "hi");
        body["sender_id"] = json!(sender.id);
        let refused = problem(app.post(&body).await).await;
        assert_eq!(refused, (422, "sender_not_connected".to_owned(), "sender_id".to_owned()));
        let senders: Value = app.get("/v1/senders").await.json().await.unwrap();
        let connected: Vec<bool> =
            senders["data"].as_array().unwrap().iter().map(|sender| sender["connected"].as_bool().unwrap()).collect();
        assert_eq!(connected, [true, false]);
        assert_nothing_happened(&app).await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_wrong_query_is_named(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for (query, code, field) in [
            ("?status=gone", "invalid_value", "status"),
            ("?direction=up", "invalid_value", "direction"),
            ("?limit=0", "out_of_range", "limit"),
            ("?limit=101", "out_of_range", "limit"),
            ("?sender_id=x", "wrong_type", "sender_id"),
            ("?phone=x", "invalid_value", "phone"),
            ("?after=x", "invalid_value", "after"),
            ("?created_from=today", "invalid_value", "created_from"),
            ("?statsu=read", "unknown_parameter", "statsu"),
        ] {
            let found = problem(app.get(&format!("/v1/messages{query}")).await).await;
            assert_eq!(found, (422, code.to_owned(), field.to_owned()), "{query}");
        }
        for (method, path) in [
            (Method::GET, "/v1/senders"),
            (Method::GET, "/v1/messages/1"),
            (Method::PATCH, "/v1/messages/1"),
            (Method::POST, "/v1/messages"),
            (Method::GET, "/v1/messages/1/attempts"),
            (Method::GET, "/v1/messages/1/explain"),
            (Method::POST, "/v1/messages/1/cancel"),
            (Method::POST, "/v1/messages/1/read"),
            (Method::GET, "/v1/media/1"),
            (Method::POST, "/v1/media"),
            (Method::POST, "/v1/templates/sync"),
        ] {
            let ask = || app.http.request(method.clone(), app.url(&format!("{path}?limit=5&dry_run=1")));
            let refused = problem(ask().bearer_auth(&app.made.access_token).send().await.unwrap()).await;
            assert_eq!(refused, (422, "unknown_parameter".to_owned(), "limit".to_owned()), "{method} {path}");
            assert_eq!(ask().send().await.unwrap().status(), 401, "{method} {path}");
            let plain = app.http.request(method.clone(), app.url(&format!("{path}?"))).bearer_auth(&app.made.access_token);
            let answer = plain.send().await.unwrap().text().await.unwrap();
            assert!(!answer.contains("unknown_parameter"), "{method} {path}: {answer}");
        }
        let unknown = app.get("/v1/mesages").await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert_eq!(problem(unknown).await.1, "unknown_path");
        app.stop().await;
    }
}
