//! Templates: read page by page from a provider that changes its mind, told of by callbacks, shown on pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use reqwest::{Client, redirect};
use serde_json::{Value, json};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;
use tokio::task::JoinSet;

use crate::account_events::{WABA, about, deliver, rows, started};
use crate::support::TestApp;

/// A Graph API with these templates, three to a page; it knows few fields and answers `fault` where there is one.
#[derive(Clone, Default)]
struct Graph {
    templates: Arc<Mutex<Vec<Value>>>,
    fault: Arc<Mutex<Option<Value>>>,
    asked: Arc<Mutex<Vec<HashMap<String, String>>>>,
}

impl Graph {
    /// Its address; it serves as long as the other is kept.
    async fn start(&self) -> (String, JoinSet<std::io::Result<()>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/{version}/{waba}/message_templates", get(templates))
            .route("/{version}/{number}", get(|| async { Json(json!({"id": "1", "quality_rating": "GREEN"})) }))
            .with_state(self.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        (base, server)
    }

    fn set(&self, templates: Vec<Value>) {
        *self.templates.lock().unwrap() = templates;
    }
}

async fn templates(
    State(graph): State<Graph>,
    Path((_, waba)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    graph.asked.lock().unwrap().push(query.clone());
    if let Some(fault) = graph.fault.lock().unwrap().clone() {
        return (StatusCode::BAD_REQUEST, Json(fault));
    }
    let fields = query.get("fields").cloned().unwrap_or_default();
    if waba != WABA || fields.contains("correct_category") {
        let error = json!({"error": {"code": 100, "message": "(#100) Tried accessing nonexisting field"}});
        return (StatusCode::BAD_REQUEST, Json(error));
    }
    let all = graph.templates.lock().unwrap().clone();
    let start: usize = query.get("after").map_or(0, |after| after.parse().unwrap());
    let end = all.len().min(start + 3);
    let mut answer = json!({"data": &all[start..end], "paging": {"cursors": {"after": end.to_string()}}});
    if end < all.len() {
        answer["paging"]["next"] = json!("https://graph.facebook.com/next");
    }
    (StatusCode::OK, Json(answer))
}

fn made(name: &str, status: &str) -> Value {
    json!({"id": format!("id-{name}"), "name": name, "language": "en_US", "status": status, "category": "UTILITY",
        "components": [{"type": "BODY", "text": format!("{name} for {{{{1}}}}")}], "colour": "green"})
}

async fn sync(app: &TestApp) -> StatusCode {
    let request = app.http.post(app.url("/v1/templates/sync")).bearer_auth(&app.made.access_token);
    request.send().await.unwrap().status()
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn templates_are_read_by_pages_and_what_vanished_is_deleted(db: TestDatabase) {
        let graph = Graph::default();
        graph.set(vec![made("a", "APPROVED"), made("b", "HIBERNATING"), made("c", "REJECTED"), made("d", "APPROVED"),
            json!({"name": "half"}), made("e", "APPROVED"), made("f", "PAUSED")]);
        let (base, _server) = graph.start().await;
        let app = TestApp::start_with(db, &[("WAYPOST_META_GRAPH_BASE_URL", &base)]).await;
        app.wait("six templates", async || (rows(&app, "/v1/templates").await.len() == 6).then_some(())).await;
        assert!(graph.asked.lock().unwrap().iter().any(|query| query.get("after").is_some_and(|after| after == "6")));
        assert_eq!(names(&rows(&app, "/v1/templates?status=hibernating").await), ["b"]);
        assert_eq!(names(&rows(&app, "/v1/templates?category=utility&language=en-US&name=C").await), ["c"]);
        assert_eq!(rows(&app, &format!("/v1/templates?sender_id={}", app.sender_id)).await.len(), 6);
        assert!(rows(&app, "/v1/templates?sender_id=999").await.is_empty());
        let first: Value = app.get("/v1/templates?limit=4").await.json().await.unwrap();
        let next = first["next"].as_str().unwrap();
        assert_eq!(names(&rows(&app, &format!("/v1/templates?limit=4&after={next}")).await), ["e", "f"]);

        // Read anew on demand, but not sooner than a minute after the last time.
        graph.set(vec![made("a", "PAUSED"), made("e", "APPROVED"), made("g", "APPROVED")]);
        let asked_before = graph.asked.lock().unwrap().len();
        assert_eq!(sync(&app).await, StatusCode::ACCEPTED);
        assert_eq!(sync(&app).await, StatusCode::ACCEPTED);
        app.clock.advance(Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(graph.asked.lock().unwrap().len(), asked_before);
        app.clock.advance(Duration::from_secs(31));
        app.wait("what is new", async || (names(&rows(&app, "/v1/templates").await) == ["a", "e", "g"]).then_some(())).await;
        assert_eq!(rows(&app, "/v1/templates/a").await[0]["status"], "PAUSED");
        assert_eq!(names(&rows(&app, "/v1/templates?status=DELETED").await), ["b", "c", "d", "f"]);
        assert_eq!(graph.asked.lock().unwrap().len(), asked_before + 2);

        // What cannot be read deletes nothing, and is said.
        *graph.fault.lock().unwrap() = Some(json!({"error": {"code": 80_007, "message": "too many calls"}}));
        app.clock.advance(Duration::from_secs(61));
        assert_eq!(sync(&app).await, StatusCode::ACCEPTED);
        let core = app.app.core();
        let scope = domain::scope::AccountScope::system(app.made.account);
        app.wait("the refusal", async || {
            messaging::templates::syncs(core, &scope).await.unwrap()[0].problem.clone()
        }).await;
        assert_eq!(names(&rows(&app, "/v1/templates").await), ["a", "e", "g"]);
        app.stop().await;
    }
}

/// A delivery about a template of the simulator.
async fn tell(app: &TestApp, seconds: i64, field: &str, name: &str, mut value: Value) {
    value["message_template_id"] = json!(1_174_567_890_123_402_i64);
    value["message_template_name"] = json!(name);
    value["message_template_language"] = json!("en-US");
    deliver(app, &about(WABA, seconds, field, &value)).await;
}

async fn template(app: &TestApp, name: &str) -> Value {
    rows(app, &format!("/v1/templates/{name}?language=en_US")).await.remove(0)
}

on_both_engines! {
    async fn callbacks_change_templates_and_late_ones_do_not(db: TestDatabase) {
        let app = started(db).await;
        let status = "message_template_status_update";
        let paused = json!({"event": "PAUSED", "other_info": {"title": "FIRST_PAUSE", "description": "Low quality."}});
        tell(&app, 120, status, "order_update", paused.clone()).await;
        let now = template(&app, "order_update").await;
        assert_eq!((&now["status"], &now["advice"]), (&json!("PAUSED"), &json!("FIRST_PAUSE. Low quality.")));
        for seconds in [60, -60] {
            tell(&app, seconds, status, "order_update", json!({"event": "REJECTED", "reason": "SCAM"})).await;
        }
        tell(&app, 120, status, "order_update", paused).await;
        assert_eq!(template(&app, "order_update").await["status"], "PAUSED");
        tell(&app, 180, status, "order_update", json!({"event": "REINSTATED", "reason": null})).await;
        let now = template(&app, "order_update").await;
        assert_eq!((&now["status"], &now["advice"]), (&json!("APPROVED"), &Value::Null));
        tell(&app, 190, status, "order_update", json!({"event": "LOCKED"})).await;
        assert_eq!(template(&app, "order_update").await["status"], "APPROVED");

        tell(&app, 200, "message_template_quality_update", "order_update", json!({"previous_quality_score": "GREEN", "new_quality_score": "RED"})).await;
        assert_eq!(template(&app, "order_update").await["quality"], "RED");
        // In the notice before the change, `new_category` is the category as it still is.
        let notice = json!({"correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": 1_795_255_200});
        tell(&app, 210, "template_category_update", "order_update", notice).await;
        let now = template(&app, "order_update").await;
        assert_eq!((&now["category"], &now["correct_category"]), (&json!("UTILITY"), &json!("MARKETING")));
        assert_eq!(now["category_changes_at"], "2026-11-21T10:00:00.000Z");
        tell(&app, 220, "template_category_update", "order_update", json!({"previous_category": "UTILITY", "new_category": "MARKETING"})).await;
        let now = template(&app, "order_update").await;
        assert_eq!((&now["category"], &now["correct_category"]), (&json!("MARKETING"), &Value::Null));
        // What is told of components is not all, so the provider is asked; what is told after that counts again.
        let body = |text: &str| json!({"message_template_element": text});
        tell(&app, 230, "message_template_components_update", "order_update", body("Old {{1}}")).await;
        app.wait("the provider to be asked", async || {
            (template(&app, "order_update").await["synced_at"] == "2026-11-20T10:10:00.000Z").then_some(())
        }).await;
        tell(&app, 600, "message_template_components_update", "order_update", body("Hello {{1}}, new.")).await;
        assert_eq!(template(&app, "order_update").await["components"][0]["text"], "Hello {{1}}, new.");

        // Nobody knew this one: it is there with what was told, and the provider is asked for the rest.
        deliver(&app, &about(WABA, 240, status, &json!({"event": "APPROVED", "message_template_id": "99", "message_template_name": "brand_new", "message_template_language": "pt_BR"}))).await;
        assert_eq!(rows(&app, "/v1/templates/brand_new").await[0]["status"], "APPROVED");
        // Later ones may name it by its id alone.
        deliver(&app, &about(WABA, 250, status, &json!({"event": "PAUSED", "message_template_id": 99}))).await;
        assert_eq!(rows(&app, "/v1/templates/brand_new").await[0]["status"], "PAUSED");
        app.clock.advance(Duration::from_secs(120));
        app.wait("the provider to be asked", async || {
            (rows(&app, "/v1/templates/brand_new").await[0]["status"] == "DELETED").then_some(())
        }).await;
        assert_eq!(template(&app, "order_update").await["category"], "UTILITY");
        assert_eq!(rows(&app, "/v1/account-events?limit=100").await.len(), 12);
        assert!(app.odd_callbacks().await.is_empty());
        app.stop().await;
    }
}

/// Somebody signed in, with a browser that follows no redirect.
struct Visitor<'a> {
    app: &'a TestApp,
    http: Client,
    cookie: String,
}

impl<'a> Visitor<'a> {
    async fn sign_in(app: &'a TestApp) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a client that follows no redirect, to keep the cookie")]
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let form = format!("email=noa@carmelview.example&password={}&next=", app.made.password);
        let request = http.post(app.url("/app/sign-in")).header("Sec-Fetch-Site", "same-origin");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        let cookie = request.send().await.unwrap().headers()["set-cookie"].to_str().unwrap().to_owned();
        Self { app, http, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    fn url(&self, path: &str) -> String {
        self.app.url(&format!("/app/accounts/{}/{path}", self.app.made.account))
    }

    async fn page(&self, path: &str) -> String {
        let response = self.http.get(self.url(path)).header("Cookie", &self.cookie).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }
}

on_both_engines! {
    async fn pages_show_senders_events_and_templates(db: TestDatabase) {
        let app = started(db).await;
        let visitor = Visitor::sign_in(&app).await;
        let senders = visitor.page("senders").await;
        for words in ["80 a second", "250 people a day", "Connected", "Good", "Nothing was reported", "Meta Cloud API"] {
            assert!(senders.contains(words), "{words}");
        }
        assert!(visitor.page("account-events").await.contains("Nothing was reported yet"));

        let restricted = json!([{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_795_255_200}]);
        deliver(&app, &about(WABA, 60, "account_update", &json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": restricted}))).await;
        deliver(&app, &about(WABA, 70, "phone_number_quality_update", &json!({"display_phone_number": "15550783881", "event": "UPGRADE", "current_limit": "TIER_2K"}))).await;
        tell(&app, 80, "message_template_status_update", "order_update", json!({"event": "REJECTED", "reason": "INVALID_FORMAT"})).await;
        let senders = visitor.page("senders").await;
        for words in ["Restricted until 21 Nov 2026", "2,000 people a day", "The template order_update"] {
            assert!(senders.contains(words), "{words}");
        }
        // What is over is not said any more.
        app.clock.advance(Duration::from_secs(2 * 86_400));
        assert!(!visitor.page("senders").await.contains("Restricted until"));

        let events = visitor.page("account-events").await;
        assert!(events.contains("writing to people first") && events.contains("The messaging limit was raised"));
        let critical = visitor.page("account-events?severity=critical").await;
        assert!(critical.contains("writing to people first") && !critical.contains("The messaging limit was raised"));
        let own = visitor.page(&format!("account-events?sender={}", app.sender_id)).await;
        assert!(own.contains("The messaging limit was raised"));
        assert!(visitor.page("account-events?sender=999").await.contains("Nothing fits these filters"));

        let list = visitor.page("templates").await;
        assert!(list.contains("season_offer") && list.contains("Sign-in code") && list.contains("Rejected"));
        let narrowed = visitor.page("templates?q=season+off&category=MARKETING").await;
        assert!(narrowed.contains("season_offer") && !narrowed.contains("hello_world"));
        assert!(visitor.page("templates?q=nobody").await.contains("No template fits these filters"));
        let page = visitor.page("templates/order_update?language=en_US").await;
        assert!(page.contains("It was rejected") && page.contains("Number the variables without gaps"));
        assert!(page.contains("<span class=\"variable ltr\">{{1}}</span>"), "{page}");
        let gone = visitor.http.get(visitor.url("templates/nobody_has_it")).header("Cookie", &visitor.cookie).send().await.unwrap();
        assert_eq!(gone.status(), 404);
        let again = visitor.http.post(visitor.url("templates")).header("Cookie", &visitor.cookie).header("Sec-Fetch-Site", "same-origin");
        assert_eq!(again.send().await.unwrap().status(), 303);
        let stranger = app.http.get(app.url("/app/accounts/999/account-events")).header("Cookie", &visitor.cookie).send().await.unwrap();
        assert_eq!(stranger.status(), 404);
        app.stop().await;
    }
}

on_both_engines! {
    async fn screens_hear_of_what_is_told(db: TestDatabase) {
        let app = started(db).await;
        let visitor = Visitor::sign_in(&app).await;
        let mut stream = visitor.http.get(visitor.url("events")).header("Cookie", &visitor.cookie).send().await.unwrap();
        deliver(&app, &about(WABA, 60, "account_review_update", &json!({"decision": "APPROVED"}))).await;
        tell(&app, 70, "message_template_status_update", "order_update", json!({"event": "PAUSED"})).await;
        let mut heard = String::new();
        while !(heard.contains("\"sender.updated\"") && heard.contains("\"template:order_update\"")) {
            let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await;
            heard.push_str(&String::from_utf8_lossy(&chunk.expect("news in time").unwrap().unwrap()));
        }
        drop(stream);
        app.stop().await;
    }
}
