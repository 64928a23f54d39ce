//! Media: upload, lookup, download, expiry, and how messages use them.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use simulator::{LinkPolicy, MediaFault, MediaFaultRule, NewMedium};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::world::{NUMBER, TOKEN, World, answer};

const DAY: u64 = 24 * 3600;

/// An upload form as curl writes it.
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, mime_type, bytes) in parts {
        body.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes());
        if let Some(mime_type) = mime_type {
            body.extend_from_slice(format!("; filename=\"a\"\r\nContent-Type: {mime_type}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--cut--\r\n");
    body
}

async fn upload(world: &World, parts: &[(&str, Option<&str>, &[u8])]) -> (u16, Value) {
    let request = world.http.post(world.url(&format!("/v24.0/{NUMBER}/media"))).bearer_auth(TOKEN);
    answer(request.header("content-type", "multipart/form-data; boundary=cut").body(form(parts))).await
}

async fn upload_file(world: &World, mime_type: &str, bytes: &[u8]) -> (u16, Value) {
    upload(world, &[("messaging_product", None, b"whatsapp"), ("file", Some(mime_type), bytes)]).await
}

#[tokio::test]
async fn an_upload_comes_back_byte_by_byte() {
    let world = World::start().await;
    let (status, uploaded) = upload_file(&world, "image/png", b"\x89PNG picture").await;
    assert_eq!(status, 200, "{uploaded}");
    let id = uploaded["id"].as_str().expect("id").to_owned();
    assert!(id.len() <= 17 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");

    let (_, medium) = world.get(&format!("/v24.0/{id}?phone_number_id={NUMBER}")).await;
    assert_eq!((&medium["mime_type"], &medium["id"]), (&json!("image/png"), &json!(id)));
    assert_eq!(medium["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(world.get(&format!("/v24.0/{id}?phone_number_id=1")).await.1["error"]["error_subcode"], 33);

    let url = medium["url"].as_str().expect("url");
    let fetched = world.http.get(url).bearer_auth(TOKEN).send().await.expect("answer");
    assert_eq!(fetched.headers()["content-type"], "image/png");
    assert_eq!(&fetched.bytes().await.expect("bytes")[..], b"\x89PNG picture");
    assert_eq!(world.http.get(url).bearer_auth("wrong").send().await.expect("answer").status(), 404);
    world.clock.advance(Duration::from_secs(301));
    assert_eq!(world.http.get(url).bearer_auth(TOKEN).send().await.expect("answer").status(), 404);

    let gone = world.http.delete(world.url(&format!("/v24.0/{id}"))).bearer_auth(TOKEN);
    assert_eq!(answer(gone).await, (200, json!({"success": true})));
    assert_eq!(world.get(&format!("/v24.0/{id}")).await.0, 400);
}

#[tokio::test]
async fn what_is_no_medium_is_refused() {
    let world = World::start().await;
    let product: (&str, Option<&str>, &[u8]) = ("messaging_product", None, b"whatsapp");
    for (mime_type, size, code) in [
        ("gif", 10, 100),
        ("image/gif", 0, 100),
        ("image/jpeg", 0, 100),
        ("image/jpeg", (5 << 20) + 1, 131_053),
        ("audio/ogg; codecs=opus", (16 << 20) + 1, 131_053),
        ("image/webp", (100 << 10) + 1, 131_053),
    ] {
        let (_, refusal) = upload_file(&world, mime_type, &vec![0; size]).await;
        assert_eq!(refusal["error"]["code"], code, "{mime_type} of {size}: {refusal}");
    }
    assert_eq!(upload_file(&world, "image/jpeg", &vec![0; 5 << 20]).await.0, 200);
    for document in ["image/gif", "application/zip", "application/vnd.example+json"] {
        assert_eq!(upload_file(&world, document, &vec![0; (16 << 20) + 1]).await.0, 200, "{document}");
    }
    let file: (&str, Option<&str>, &[u8]) = ("file", Some("image/png"), b"x");
    for parts in [vec![product], vec![file], vec![product, file, ("colour", None, b"red")]] {
        assert_eq!(upload(&world, &parts).await.1["error"]["code"], 100);
    }
    // The field stands in for a part without a type of its own.
    let bare: (&str, Option<&str>, &[u8]) = ("file", Some("application/octet-stream"), b"x");
    assert_eq!(upload(&world, &[product, ("type", None, b"image/png"), bare]).await.0, 200);
}

#[tokio::test]
async fn media_expire_and_must_fit_the_message() {
    let mut world = World::start().await;
    let (_, uploaded) = upload_file(&world, "audio/ogg", b"OggS").await;
    let id = uploaded["id"].as_str().expect("id").to_owned();
    let audio = json!({"type": "audio", "audio": {"id": id}});
    world.sent_id(audio.clone()).await;
    assert_eq!(
        (world.told().await.status()["status"].clone(), world.told().await.status()["status"].clone()),
        (json!("sent"), json!("delivered"))
    );

    world.sent_id(json!({"type": "image", "image": {"id": id}})).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_053);
    assert_eq!(world.send(json!({"type": "audio", "audio": {"id": "1"}})).await.1["error"]["code"], 131_009);

    let (_, uploaded) = upload_file(&world, "audio/mpeg", b"ID3").await;
    let song = |voice: bool| json!({"type": "audio", "audio": {"id": uploaded["id"], "voice": voice}});
    world.sent_id(song(true)).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_053);
    world.sent_id(song(false)).await;
    assert_eq!(world.told().await.status()["status"], "sent");
    assert_eq!(world.told().await.status()["status"], "delivered");
    world.sent_id(json!({"type": "audio", "audio": {"id": id, "voice": true}})).await;
    assert_eq!(world.told().await.status()["status"], "sent");
    assert_eq!(world.told().await.status()["status"], "delivered");

    let customers = NewMedium { mime_type: "image/png".into(), bytes: b"x".to_vec(), ..NewMedium::default() };
    let received = world.simulator.control().add_media(customers).expect("medium");
    assert_eq!(world.get(&format!("/v24.0/{received}")).await.0, 200);
    assert_eq!(world.control("clock", json!({"advance_s": 8 * DAY})).await.0, 200);
    assert_eq!(world.get(&format!("/v24.0/{received}")).await.0, 400);
    assert_eq!(world.get(&format!("/v24.0/{id}")).await.0, 200);
    world.control("clock", json!({"advance_s": 23 * DAY})).await;
    world.sent_id(audio).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_053);
}

#[tokio::test]
async fn downloads_go_wrong_by_rule() {
    let world = World::start().await;
    let control = world.simulator.control();
    let medium = NewMedium { mime_type: "image/png".into(), bytes: vec![7; 1000], ..NewMedium::default() };
    let id = control.add_media(medium).expect("medium");
    let (_, medium) = world.get(&format!("/v24.0/{id}")).await;
    let url = medium["url"].as_str().expect("url").to_owned();
    let fetch = async || world.http.get(&url).bearer_auth(TOKEN).send().await.expect("answer");
    let once = |fault| MediaFaultRule { fault, media_id: Some(id.clone()), times: Some(1) };
    control.set_media_faults(vec![
        once(MediaFault::Expired),
        once(MediaFault::Html),
        once(MediaFault::Truncated),
        once(MediaFault::Slow { ms: 30 }),
    ]);
    assert_eq!(fetch().await.status(), 404);
    assert!(fetch().await.text().await.expect("text").starts_with("<!DOCTYPE html>"));
    let cut = fetch().await;
    assert_eq!(cut.content_length(), Some(1000));
    assert!(cut.bytes().await.is_err());
    let started = std::time::Instant::now();
    assert_eq!(fetch().await.bytes().await.expect("bytes").len(), 1000);
    assert!(started.elapsed() >= Duration::from_millis(30));
    assert_eq!(fetch().await.bytes().await.expect("bytes").len(), 1000);

    let (status, refusal) = world.control("media_faults", json!({"rules": [{"kind": "slow"}]})).await;
    assert_eq!(status, 400, "{refusal}");
    let rules = json!({"rules": [{"kind": "expired", "media_id": "1"}]});
    assert_eq!(world.control("media_faults", rules).await.1["media_faults"][0]["kind"], "expired");
}

#[tokio::test]
async fn links_to_this_machine_are_fetched() {
    let mut world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let routes = Router::new()
        .route("/a.png", get(async || ([("content-type", "image/png")], "picture")))
        .route("/a.html", get(async || "<html>"));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, routes).await.expect("serve") });

    let image = |path: &str| json!({"type": "image", "image": {"link": path}});
    let outcome = async |world: &mut World, body: Value| {
        world.sent_id(body).await;
        let told = world.all_told().await;
        told.last().expect("told").status()
    };
    assert_eq!(outcome(&mut world, image(&format!("{base}/a.png"))).await["status"], "delivered");
    for path in ["a.html", "missing"] {
        let failed = outcome(&mut world, image(&format!("{base}/{path}"))).await;
        assert_eq!(failed["errors"][0]["code"], 131_053, "{path}: {failed}");
    }
    assert_eq!(outcome(&mut world, image("https://example.com/believed.png")).await["status"], "delivered");
    world.simulator.control().set_links(LinkPolicy::Never);
    assert_eq!(outcome(&mut world, image(&format!("{base}/missing"))).await["status"], "delivered");
}

#[tokio::test]
async fn a_customers_file_goes_in_over_the_control_api() {
    let world = World::start().await;
    let path = "/_control/media?filename=menu.pdf&id=1234567890";
    let request = world.http.post(world.url(path)).header("content-type", "application/pdf").body("%PDF");
    assert_eq!(answer(request).await, (200, json!({"id": "1234567890"})));
    assert_eq!(world.get("/v24.0/1234567890").await.1["mime_type"], "application/pdf");
    for path in ["/_control/media?id=abc", "/_control/media?phone_number_id=1", "/_control/media?colour=red"] {
        let request = world.http.post(world.url(path)).header("content-type", "application/pdf").body("%PDF");
        assert_eq!(answer(request).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn a_sample_is_uploaded_in_pieces() {
    let world = World::start().await;
    let start =
        |query: &str| answer(world.http.post(world.url(&format!("/v24.0/4242/uploads?{query}"))).bearer_auth(TOKEN));
    for query in
        ["file_type=image/png", "file_length=6", "file_length=6&file_type=image/gif", "file_length=6&colour=red"]
    {
        assert_eq!(start(query).await.1["error"]["code"], 100, "{query}");
    }
    let (_, session) = start("file_name=a.png&file_length=6&file_type=image/png").await;
    let session = session["id"].as_str().expect("id").to_owned();
    let path = world.url(&format!("/v24.0/{session}"));
    let token = format!("OAuth {TOKEN}");
    let piece = |offset: &str, bytes: &'static str| {
        answer(world.http.post(&path).header("authorization", &token).header("file_offset", offset).body(bytes))
    };
    assert_eq!(answer(world.http.post(&path).bearer_auth(TOKEN).body("abc")).await.0, 401);
    assert_eq!(piece("0", "abc").await.1["file_offset"], 3);
    assert_eq!(answer(world.http.get(&path).header("authorization", &token)).await.1["file_offset"], 3);
    assert_eq!(piece("0", "abc").await.1["error"]["code"], 100);
    assert_eq!(piece("3", "defg").await.1["error"]["code"], 100);
    let (_, handle) = piece("3", "def").await;
    assert!(handle["h"].as_str().is_some_and(|handle| handle.starts_with("4::aW")), "{handle}");
    assert_eq!(piece("6", "").await.1["error"]["error_subcode"], 33);
}
