//! Media, in both directions.

mod header;
mod inbound;
mod outbound;
mod upload;

use domain::scope::Role;
use domain::time::Timestamp;
use reqwest::Response;
use serde_json::{Value, json};
use store::account::NewAccount;

use crate::support::{PHONE_NUMBER_ID, TestApp};

pub const PDF: &[u8] = b"%PDF-1.4\nsome document\n%%EOF\n";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\nsome picture";

/// An upload form with one file, and a sender if one is named.
pub async fn post_file(app: &TestApp, (name, mime_type): (&str, &str), bytes: &[u8], sender: Option<&str>) -> Response {
    let mut form = Vec::new();
    if let Some(sender) = sender {
        form.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"sender_id\"\r\n\r\n{sender}\r\n").into_bytes(),
        );
    }
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {mime_type}\r\n\r\n"
    );
    form.extend(head.into_bytes());
    form.extend(bytes);
    form.extend(b"\r\n--b--\r\n");
    post_form(app, form).await
}

pub async fn post_form(app: &TestApp, form: Vec<u8>) -> Response {
    let request = app.http.post(app.url("/v1/media")).bearer_auth(&app.made.access_token);
    request.header("Content-Type", "multipart/form-data; boundary=b").body(form).send().await.unwrap()
}

/// Uploads a file and answers its id.
pub async fn upload(app: &TestApp, name: &str, mime_type: &str, bytes: &[u8]) -> String {
    let response = post_file(app, (name, mime_type), bytes, None).await;
    assert_eq!(response.status(), 201);
    response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

/// Code, field and status of a problem.
pub async fn problem(response: Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.unwrap();
    (status, problem["code"].as_str().unwrap().to_owned(), problem["field"].as_str().map(ToOwned::to_owned))
}

pub fn image(app: &TestApp, to: &str, id: &str) -> Value {
    json!({"sender_id": app.sender_id, "to": to, "type": "image", "image": {"id": id}})
}

/// The paths of requests to the simulator, oldest first.
pub fn asked(app: &TestApp, method: &str, part: &str) -> usize {
    let requests = app.simulator.control().requests();
    // How the number and its templates stand is asked by itself at the start.
    let is_standing = |path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        path.ends_with("/message_templates") || path.ends_with(&format!("/{PHONE_NUMBER_ID}"))
    };
    let of_media = requests.iter().filter(|entry| !is_standing(&entry.path));
    of_media.filter(|entry| entry.method == method && entry.path.contains(part)).count()
}

/// A token of another account.
pub async fn stranger(app: &TestApp) -> String {
    let now = Timestamp::parse("2026-11-20T10:00:00Z").unwrap();
    let mut tx = app.app.core().store.begin().await.unwrap();
    let new = NewAccount { name: "Other", default_region: "IN", time_zone: "Asia/Kolkata", live: true };
    let account = store::account::insert(&mut tx.conn(), &new, now).await.unwrap();
    let token = "wpt_stranger".to_owned();
    let hash = web::auth::secret_hash(&token);
    store::access::insert_token(&mut tx.conn(), account, ("other", &hash), Role::Agent, now).await.unwrap();
    tx.commit().await.unwrap();
    token
}
