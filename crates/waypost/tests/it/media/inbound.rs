//! What people send is fetched, checked, kept and served.

use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulator::{Inbound, InboundKind, MediaFault, MediaFaultRule, NewMedium, RawCallback, SignatureChoice};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use super::{PDF, PNG, asked, problem, stranger};
use crate::support::{CUSTOMER, PHONE_NUMBER_ID, TestApp};

/// Delivers a message with a medium, told as given.
async fn deliver(app: &TestApp, wamid: &str, kind: &str, medium: Value) {
    let now = domain::clock::Clock::now(app.clock.as_ref()).as_seconds().to_string();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [
        {"field": "messages", "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID},
            "contacts": [{"profile": {"name": "Asha Verma"}, "wa_id": "919876543210"}],
            "messages": [{"from": "919876543210", "id": wamid, "timestamp": now, "type": kind, kind: medium}]}}]}]});
    let raw = RawCallback { body: body.to_string(), signature: SignatureChoice::Correct };
    let attempt = app.simulator.control().raw_callback(raw).await.unwrap();
    assert_eq!(attempt.http_status, Some(200));
}

fn shelve(app: &TestApp, mime_type: &str, bytes: &[u8]) -> String {
    let medium = NewMedium { mime_type: mime_type.to_owned(), bytes: bytes.to_vec(), ..NewMedium::default() };
    app.simulator.control().add_media(medium).unwrap()
}

async fn newest_medium(app: &TestApp) -> Option<(Value, Value)> {
    let newest = app.list("?direction=inbound").await.into_iter().next()?;
    let message = app.message(newest["id"].as_i64().unwrap()).await;
    let medium = message["media"].as_array().unwrap().first()?.clone();
    Some((message, medium))
}

async fn wait_for_state(app: &TestApp, state: &str) -> (Value, Value) {
    app.wait(&format!("the medium to be {state}"), async || {
        newest_medium(app).await.filter(|(_, medium)| medium["state"] == state)
    })
    .await
}

async fn wait_for_reason(app: &TestApp, part: &str) -> Value {
    app.wait(&format!("a reason with {part}"), async || {
        let (_, medium) = newest_medium(app).await?;
        medium["reason"].as_str().is_some_and(|reason| reason.contains(part)).then_some(medium)
    })
    .await
}

async fn ask(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = app.http.get(app.url(path)).bearer_auth(&app.made.access_token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn fault(app: &TestApp, fault: MediaFault, times: Option<u32>) {
    app.simulator.control().set_media_faults(vec![MediaFaultRule { fault, media_id: None, times }]);
}

on_both_engines! {
    async fn a_picture_somebody_sends_becomes_bytes_one_can_get(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let kind = InboundKind::Image { caption: Some("The room".to_owned()) };
        app.simulator.control().inbound(Inbound { kind, ..Inbound::text(CUSTOMER, "") }).await.unwrap();
        let (message, medium) = wait_for_state(&app, "stored").await;
        assert_eq!((message["kind"].as_str(), medium["mime_type"].as_str()), (Some("image"), Some("image/png")));
        assert_eq!(asked(&app, "GET", "/v25.0/"), 0, "the callback's own address was fresh");

        assert_eq!(app.list("").await[0]["media"], message["media"], "lists tell the same");

        let url = medium["url"].as_str().unwrap();
        let whole = ask(&app, url, &[]).await;
        assert_eq!(whole.status(), StatusCode::OK);
        for (name, value) in [
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cache-control", "private, max-age=3600"),
            ("accept-ranges", "bytes"),
        ] {
            assert_eq!(whole.headers()[name], value, "{name}");
        }
        assert!(whole.headers()["content-disposition"].to_str().unwrap().starts_with("inline; filename=\"wpm_"));
        let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
        let bytes = whole.bytes().await.unwrap();
        assert_eq!(medium["bytes"].as_u64(), Some(bytes.len() as u64));
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((medium["sha256"].as_str(), etag.trim_matches('"')), (Some(digest.as_str()), digest.as_str()));

        let part = ask(&app, url, &[("Range", "bytes=1-3")]).await;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(part.headers()["content-range"], format!("bytes 1-3/{}", bytes.len()).as_str());
        assert_eq!(part.bytes().await.unwrap(), bytes[1..=3]);
        let beyond = ask(&app, url, &[("Range", "bytes=99999999-")]).await;
        assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(ask(&app, url, &[("If-None-Match", &etag)]).await.status(), StatusCode::NOT_MODIFIED);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_is_its_accounts_alone(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = shelve(&app, "image/png", PNG);
        deliver(&app, "wamid.1", "image", json!({"id": id, "mime_type": "image/png"})).await;
        let (_, medium) = wait_for_state(&app, "stored").await;
        let url = medium["url"].as_str().unwrap();
        let token = stranger(&app).await;
        let other = app.http.get(app.url(url)).bearer_auth(token).send().await.unwrap();
        assert_eq!(other.status(), StatusCode::NOT_FOUND);
        assert_eq!(app.http.get(app.url(url)).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        for path in ["/v1/media/wpm_99999", "/v1/media/7", "/v1/media/wpm_x"] {
            assert_eq!(ask(&app, path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }

        let page = format!("/app/accounts/{}/media/{}", app.made.account, medium["id"].as_str().unwrap());
        assert_eq!(app.http.get(app.url(&page)).send().await.unwrap().status(), StatusCode::SEE_OTHER, "to the door");
        let cookie = crate::sessions::signed_in(&app).await;
        let get = async |path: &str| app.http.get(app.url(path)).header("Cookie", &cookie).send().await.unwrap();
        let shown = get(&page).await;
        assert_eq!(shown.status(), StatusCode::OK);
        assert_eq!(shown.headers()["content-security-policy"], "default-src 'none'; sandbox");
        assert!(shown.headers().get("content-encoding").is_none());
        assert_eq!(shown.bytes().await.unwrap(), PNG);
        let elsewhere = page.replace(&format!("accounts/{}/", app.made.account), "accounts/99999/");
        assert_eq!(get(&elsewhere).await.status(), StatusCode::NOT_FOUND);
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_expired_address_is_asked_for_again(db: TestDatabase) {
        let app = TestApp::start(db).await;
        fault(&app, MediaFault::Expired, Some(1));
        let kind = InboundKind::Image { caption: None };
        app.simulator.control().inbound(Inbound { kind, ..Inbound::text(CUSTOMER, "") }).await.unwrap();
        wait_for_state(&app, "stored").await;
        assert_eq!(asked(&app, "GET", "/v25.0/"), 1);
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_comes_broken_is_tried_until_it_comes_whole(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = shelve(&app, "audio/ogg", &[7; 5000]);
        fault(&app, MediaFault::Html, None);
        deliver(&app, "wamid.1", "audio", json!({"id": id, "mime_type": "audio/ogg; codecs=opus", "voice": true})).await;
        let medium = wait_for_reason(&app, "web page").await;
        assert_eq!((medium["state"].as_str(), &medium["url"]), (Some("pending"), &Value::Null));
        let path = format!("/v1/media/{}", medium["id"].as_str().unwrap());
        let (status, code, _) = problem(ask(&app, &path, &[]).await).await;
        assert_eq!((status, code.as_str()), (404, "media_not_stored"));

        fault(&app, MediaFault::Truncated, None);
        app.clock.advance(Duration::from_secs(60));
        app.wait("another reason", async || {
            let (_, medium) = newest_medium(&app).await?;
            (!medium["reason"].as_str()?.contains("web page")).then_some(())
        })
        .await;
        app.simulator.control().set_media_faults(Vec::new());
        app.clock.advance(Duration::from_secs(3600));
        let (message, medium) = wait_for_state(&app, "stored").await;
        assert_eq!((medium["bytes"].as_i64(), &medium["reason"]), (Some(5000), &Value::Null));
        assert_eq!(message["message"]["audio"]["voice"], true);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_that_is_not_what_was_announced_is_not_kept(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = shelve(&app, "image/png", PNG);
        let other = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        deliver(&app, "wamid.1", "image", json!({"id": id, "mime_type": "image/png", "sha256": other})).await;
        let (_, medium) = wait_for_state(&app, "failed").await;
        assert!(medium["reason"].as_str().unwrap().contains("SHA-256"), "{medium}");
        assert_eq!(medium["bytes"], Value::Null);
        assert_eq!(asked(&app, "GET", "_media"), 2, "once more, in case it was the line");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_beyond_the_limit_is_not_fetched(db: TestDatabase) {
        let app = TestApp::start_with(db, &[("WAYPOST_MEDIA_BYTES_MAX", "1048576")]).await;
        let id = shelve(&app, "video/mp4", &vec![7; 1_048_577]);
        deliver(&app, "wamid.1", "video", json!({"id": id, "mime_type": "video/mp4"})).await;
        let (_, medium) = wait_for_state(&app, "failed").await;
        assert!(medium["reason"].as_str().unwrap().contains("1048576"), "{medium}");
        let fits = shelve(&app, "video/mp4", &vec![7; 1_048_576]);
        app.clock.advance(Duration::from_secs(1));
        deliver(&app, "wamid.2", "video", json!({"id": fits, "mime_type": "video/mp4"})).await;
        wait_for_state(&app, "stored").await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn the_token_goes_to_no_foreign_host(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let foreign = format!("http://{}/whatsapp_business/attachments/?mid=1", listener.local_addr().unwrap());
        let id = shelve(&app, "application/pdf", PDF);
        let told = json!({"id": id, "mime_type": "application/pdf", "url": foreign, "filename": "../a \"b\".pdf"});
        deliver(&app, "wamid.1", "document", told).await;
        let (_, medium) = wait_for_state(&app, "stored").await;
        let mut heard = String::new();
        if let Ok((mut stream, _)) = listener.accept() {
            stream.read_to_string(&mut heard).unwrap();
        }
        assert_eq!(heard, "", "nobody may ask there");
        let bytes = ask(&app, medium["url"].as_str().unwrap(), &[]).await;
        assert_eq!(
            bytes.headers()["content-disposition"],
            "inline; filename=\"a _b_.pdf\"; filename*=UTF-8''a%20_b_.pdf"
        );
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_that_never_comes_is_gone_after_seven_days(db: TestDatabase) {
        let app = TestApp::start(db).await;
        deliver(&app, "wamid.1", "image", json!({"id": "4242", "mime_type": "image/png"})).await;
        let medium = wait_for_reason(&app, "does not have this medium").await;
        assert_eq!(medium["state"], "pending", "a wrong token looks the same");
        app.clock.advance(Duration::from_secs(7 * 24 * 60 * 60));
        let (_, medium) = wait_for_state(&app, "gone").await;
        assert!(medium["reason"].as_str().unwrap().contains("seven days"), "{medium}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_message_told_twice_has_one_medium(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = shelve(&app, "image/webp", b"RIFFxxxxWEBPsticker");
        for _ in 0..3 {
            deliver(&app, "wamid.1", "sticker", json!({"id": id, "mime_type": "image/webp", "animated": false})).await;
        }
        let (message, _) = wait_for_state(&app, "stored").await;
        assert_eq!(message["media"].as_array().unwrap().len(), 1);
        assert_eq!(app.list("?direction=inbound").await.len(), 1);
        assert_eq!(asked(&app, "GET", "_media"), 1);
        app.stop().await;
    }
}
