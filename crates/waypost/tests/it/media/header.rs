//! A template's document header whose link leads to no document.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use super::{PDF, asked};
use crate::support::{CUSTOMER, OTHER_CUSTOMER, PHONE_NUMBER_ID, TestApp};

const ALLOWED: (&str, &str) = ("WAYPOST_MEDIA_ALLOW_PRIVATE_LINKS", "true");

/// Serves a document at `/a.pdf`, a fault at `/busy.pdf` and a web page everywhere else, and counts; ends with the test's process.
fn web_site() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 4096];
            let count = stream.read(&mut head).unwrap_or(0);
            if head[..count].starts_with(b"GET /busy.pdf") {
                let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            let (content_type, body) = match head[..count].starts_with(b"GET /a.pdf") {
                true => ("application/pdf", PDF),
                false => ("text/html", &b"<!DOCTYPE html><p>Sign in to see the document"[..]),
            };
            let length = body.len();
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(body);
        }
    });
    (base, asked)
}

async fn send(app: &TestApp, to: &str, link: &str) -> i64 {
    let body = json!({"sender_id": app.sender_id, "to": to, "type": "template", "template": {
        "name": "invoice_copy", "language": {"code": "en_US"}, "components": [
            {"type": "header", "parameters": [{"type": "document", "document": {"link": link, "filename": "Invoice.pdf"}}]}]}});
    let response = app.post(&body).await;
    assert_eq!(response.status(), 202);
    response.json::<Value>().await.unwrap()["id"].as_i64().unwrap()
}

/// The document of the request that was made, and the note beside it.
async fn sent(app: &TestApp, message: i64) -> (Value, Value) {
    let log: Value = app.get(&format!("/v1/messages/{message}/attempts")).await.json().await.unwrap();
    let attempt = &log["data"][0];
    let payload: Value = serde_json::from_str(attempt["payload"].as_str().unwrap()).unwrap();
    (payload["template"]["components"][0]["parameters"][0]["document"].clone(), attempt["decision"].clone())
}

async fn start(db: TestDatabase, extra: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(db, extra).await;
    let template = json!({"name": "invoice_copy", "language": "en_US", "category": "UTILITY", "components": [
        {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["4::aW"]}},
        {"type": "BODY", "text": "Your invoice is attached."}]});
    app.simulator.control().add_template(&template).unwrap();
    app
}

on_both_engines! {
    async fn a_link_to_a_document_is_sent_as_it_is(db: TestDatabase) {
        let app = start(db, &[ALLOWED]).await;
        let (base, _) = web_site();
        let link = format!("{base}/a.pdf");
        let message = send(&app, CUSTOMER, &link).await;
        app.wait_for_status(message, "read").await;
        assert_eq!(sent(&app, message).await, (json!({"link": link, "filename": "Invoice.pdf"}), Value::Null));
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_link_to_a_web_page_gives_way_to_a_placeholder(db: TestDatabase) {
        let app = start(db, &[ALLOWED]).await;
        let (base, asked_there) = web_site();
        let link = format!("{base}/sign-in");
        let messages = [send(&app, CUSTOMER, &link).await, send(&app, OTHER_CUSTOMER, &link).await];
        for message in messages {
            app.wait_for_status(message, "read").await;
            let (document, note) = sent(&app, message).await;
            assert_eq!((&document["link"], document["filename"].as_str()), (&Value::Null, Some("Invoice.pdf")));
            assert!(document["id"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()), "{document}");
            assert!(note.as_str().unwrap().contains("web page"), "{note}");
        }
        assert_eq!(asked(&app, "POST", &format!("{PHONE_NUMBER_ID}/media")), 1, "one placeholder, one upload");
        assert_eq!(asked_there.load(Ordering::SeqCst), 1, "one look for all");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_placeholder_is_not_written_again_for_each_message(db: TestDatabase) {
        let folder = db.path("media");
        let app = start(db, &[ALLOWED]).await;
        let (base, _) = web_site();
        let shelf = folder.join(app.made.account.to_string());
        let first = send(&app, CUSTOMER, &format!("{base}/sign-in")).await;
        app.wait_for_status(first, "read").await;
        std::fs::remove_dir_all(&shelf).unwrap();
        let second = send(&app, OTHER_CUSTOMER, &format!("{base}/sign-in")).await;
        app.wait_for_status(second, "read").await;
        assert_eq!(sent(&app, second).await.0, sent(&app, first).await.0);
        assert!(!shelf.exists(), "nothing was written");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_fault_that_passes_leaves_the_link_and_is_not_remembered(db: TestDatabase) {
        let app = start(db, &[ALLOWED]).await;
        let (base, asked_there) = web_site();
        let link = format!("{base}/busy.pdf");
        for to in [CUSTOMER, OTHER_CUSTOMER] {
            // The simulator fetches links of this machine itself, so the message may fail; what was asked counts.
            let message = send(&app, to, &link).await;
            app.wait("the attempt", async || {
                let log: Value = app.get(&format!("/v1/messages/{message}/attempts")).await.json().await.unwrap();
                log["data"].as_array()?.first().filter(|attempt| attempt["status"] != "calling").map(|_| ())
            })
            .await;
            let (document, note) = sent(&app, message).await;
            assert_eq!(document, json!({"link": link, "filename": "Invoice.pdf"}));
            assert!(note.as_str().unwrap().contains("sent as it is") && note.as_str().unwrap().contains("503"), "{note}");
        }
        let looks = asked_there.load(Ordering::SeqCst);
        assert!(looks >= 2, "each message looks anew: {looks}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_link_into_a_private_network_is_not_even_looked_at(db: TestDatabase) {
        let app = start(db, &[]).await;
        let (base, asked_there) = web_site();
        for link in [format!("{base}/a.pdf"), base.replace("127.0.0.1", "localhost") + "/a.pdf"] {
            let message = send(&app, CUSTOMER, &link).await;
            app.wait_for_status(message, "read").await;
            let (document, note) = sent(&app, message).await;
            assert!(document["id"].is_string(), "{document}");
            assert!(note.as_str().unwrap().contains("not on the public internet"), "{note}");
        }
        assert_eq!(asked_there.load(Ordering::SeqCst), 0);
        let short = send(&app, CUSTOMER, "https://bit.ly/3xYz").await;
        app.wait_for_status(short, "read").await;
        assert!(sent(&app, short).await.1.as_str().unwrap().contains("short link"));
        app.stop().await;
    }
}
