//! Media: what goes out, what comes back, and who gets the token.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::server::{Server, http};
use super::settings;
use crate::http::HttpClient;
use crate::media::{MediaError, MediaUpload};
use crate::meta_cloud::MetaCloud;
use crate::{Provider, meta_cloud::Settings};
use domain::refusal::{NOT_CONNECTED, RefusalKind};

fn connected(settings: Settings) -> MetaCloud {
    MetaCloud::new(settings, HttpClient::new(Duration::from_secs(5)).expect("a client"))
}

fn answering(status: &str, headers: &str, body: &str) -> (Server, MetaCloud) {
    let server = Server::answering(http(status, headers, body));
    let meta = connected(settings(&server.base));
    (server, meta)
}

fn picture() -> MediaUpload {
    let pieces = [b"\x89PNG".to_vec(), b"rest".to_vec()];
    MediaUpload {
        mime_type: "image/png".to_owned(),
        filename: "a \"b\"\r\n.png".to_owned(),
        digest: "abc123".to_owned(),
        length: 8,
        bytes: stream::iter(pieces.map(Ok)).boxed(),
    }
}

#[tokio::test]
async fn an_upload_is_a_form_of_known_length() {
    let (server, meta) = answering("200 OK", "", r#"{"id":"1037543291543636"}"#);
    let uploaded = meta.upload_media(picture()).await.expect("uploaded");
    assert_eq!(uploaded.id, "1037543291543636");
    assert!(uploaded.lifetime < Duration::from_secs(30 * 24 * 60 * 60));
    let request = server.request();
    assert!(request.starts_with("POST /v23.0/106540352242922/media HTTP/1.1\r\n"), "{request}");
    let (head, body) = request.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("authorization: Bearer EAAsecret"), "{head}");
    assert!(head.contains("multipart/form-data; boundary=waypost-abc123"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len() - '\u{fffd}'.len_utf8() + 1)), "{head}\n{body}");
    for part in [
        "name=\"messaging_product\"\r\n\r\nwhatsapp\r\n",
        "name=\"type\"\r\n\r\nimage/png\r\n",
        "name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png\r\n\r\n",
        "PNGrest\r\n--waypost-abc123--\r\n",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
}

#[tokio::test]
async fn an_upload_that_fails_is_a_refusal_whatever_happened() {
    let error = |code: i64| format!(r#"{{"error":{{"message":"no","code":{code}}}}}"#);
    for (status, body, kind) in [
        ("401 Unauthorized", error(190), RefusalKind::Authentication),
        ("429 Too Many Requests", error(130_429), RefusalKind::SenderRate),
        ("400 Bad Request", error(100), RefusalKind::Permanent),
        ("500 Internal Server Error", error(131_000), RefusalKind::Transient),
        ("502 Bad Gateway", "<html>".to_owned(), RefusalKind::Transient),
        ("200 OK", "{}".to_owned(), RefusalKind::Transient),
    ] {
        let (_server, meta) = answering(status, "", &body);
        let refusal = meta.upload_media(picture()).await.expect_err("refused");
        assert_eq!(refusal.failure.kind, kind, "{status}: {refusal:?}");
    }
    let refusal = connected(settings("http://127.0.0.1:1")).upload_media(picture()).await.expect_err("refused");
    assert_eq!(refusal.failure.code, NOT_CONNECTED);
}

#[tokio::test]
async fn a_description_is_read_in_both_spellings() {
    for size in ["303833", "\"303833\""] {
        let body = format!(r#"{{"url":"https://x.example/a","sha256":"ab","file_size":{size},"id":"77"}}"#);
        let (server, meta) = answering("200 OK", "", &body);
        let described = meta.describe_media("7/7?x").await.expect("described");
        assert_eq!((described.url.as_str(), described.length), ("https://x.example/a", Some(303_833)));
        let request = server.request();
        assert!(request.starts_with("GET /v23.0/7%2F7%3Fx?phone_number_id=106540352242922 HTTP"), "{request}");
    }
}

#[tokio::test]
async fn a_medium_that_is_gone_is_told_from_one_that_cannot_be_had_now() {
    let missing = r#"{"error":{"message":"Object does not exist","code":100,"error_subcode":33}}"#;
    for (status, body) in [("400 Bad Request", missing), ("404 Not Found", "")] {
        let (_server, meta) = answering(status, "", body);
        assert_eq!(meta.describe_media("77").await, Err(MediaError::Gone), "{status}");
    }
    let (_server, meta) = answering("401 Unauthorized", "", r#"{"error":{"message":"no","code":190}}"#);
    let error = meta.describe_media("77").await.expect_err("refused");
    assert!(matches!(&error, MediaError::Refused(failure) if failure.kind == RefusalKind::Authentication), "{error:?}");
    let (_server, meta) = answering("502 Bad Gateway", "", "<html>");
    assert!(matches!(meta.describe_media("77").await, Err(MediaError::Lost(_))));
}

#[tokio::test]
async fn bytes_come_with_their_type_and_the_token_goes_with_the_question() {
    let (server, meta) = answering("200 OK", "Content-Type: image/jpeg\r\n", "bytes");
    let mut download = meta.download_media(&format!("{}/cdn/1?ext=2", server.base)).await.expect("begun");
    assert_eq!((download.content_type.as_deref(), download.length), (Some("image/jpeg"), Some(5)));
    let chunk = download.chunk().await.expect("a chunk").map(|chunk| chunk.as_ref().to_vec());
    assert_eq!(chunk.as_deref(), Some(&b"bytes"[..]));
    drop(download);
    let request = server.request();
    assert!(
        request.contains("authorization: Bearer EAAsecret") && request.contains("user-agent: waypost/"),
        "{request}"
    );
}

#[tokio::test]
async fn an_expired_address_says_so() {
    for status in ["404 Not Found", "403 Forbidden", "410 Gone", "401 Unauthorized"] {
        let (server, meta) = answering(status, "", "");
        let error = meta.download_media(&server.base).await.map(|_| ()).expect_err("expired");
        assert_eq!(error, MediaError::Expired, "{status}");
    }
    let (server, meta) = answering("302 Found", "Location: http://127.0.0.1:1/\r\n", "");
    let error = meta.download_media(&server.base).await.map(|_| ()).expect_err("not followed");
    assert!(matches!(error, MediaError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn the_token_goes_to_no_other_host() {
    let meta = connected(settings("https://graph.facebook.com"));
    for address in [
        "https://evil.example/whatsapp_business/attachments/?mid=1",
        "https://lookaside.fbsbx.com.evil.example/a",
        "https://lookaside.fbsbx.com@evil.example/a",
        "https://user@lookaside.fbsbx.com/a",
        "http://lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com:8443/a",
        "http://graph.facebook.com/a",
        "https://sub.lookaside.fbsbx.com/a",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let error = meta.download_media(address).await.map(|_| ()).expect_err("refused");
        assert!(matches!(error, MediaError::Foreign(_)), "{address}: {error:?}");
    }
}
