//! `POST /v1/media`, and what it refuses.

use reqwest::StatusCode;
use serde_json::Value;
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use super::{PDF, post_file, post_form, problem};
use crate::support::TestApp;

on_both_engines! {
    async fn an_upload_is_kept_and_can_be_fetched(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let sender = app.sender_id.to_string();
        let response = post_file(&app, ("Rechnung 7.pdf", "application/octet-stream"), PDF, Some(&sender)).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let kept: Value = response.json().await.unwrap();
        let id = kept["id"].as_str().unwrap();
        assert!(id.starts_with("wpm_"));
        assert_eq!(kept["mime_type"], "application/pdf", "told by its name");
        assert_eq!((kept["bytes"].as_u64(), kept["filename"].as_str()), (Some(PDF.len() as u64), Some("Rechnung 7.pdf")));
        assert_eq!(kept["sha256"].as_str().unwrap().len(), 64);
        let back = app.get(&format!("/v1/media/{id}")).await;
        assert_eq!(back.headers()["content-type"], "application/pdf");
        assert_eq!(back.bytes().await.unwrap(), PDF);

        let page = post_file(&app, ("a.html", "text/html"), b"<script>alert(1)</script>", None).await;
        let id = page.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        let back = app.get(&format!("/v1/media/{id}")).await;
        assert_eq!(back.headers()["content-type"], "application/octet-stream");
        assert!(back.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
        app.stop().await;
    }
}

on_both_engines! {
    async fn each_bad_upload_has_its_code_and_leaves_nothing(db: TestDatabase) {
        let app = TestApp::start_with(db, &[("WAYPOST_MEDIA_BYTES_MAX", "1048576")]).await;
        let json = app.http.post(app.url("/v1/media")).bearer_auth(&app.made.access_token).body("{}");
        let json = json.header("Content-Type", "application/json").send().await.unwrap();
        assert_eq!(problem(json).await, (415, "not_multipart".to_owned(), None));

        let form = |parts: &[(&str, &str)]| {
            let part = |(name, body): &(&str, &str)| {
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{body}\r\n")
            };
            format!("{}--b--\r\n", parts.iter().map(part).collect::<String>()).into_bytes()
        };
        for (parts, code, field) in [
            (&[("sender_id", "1")][..], "missing_field", "file"),
            (&[("file", "")], "empty", "file"),
            (&[("file", "x"), ("file", "y")], "exactly_one", "file"),
            (&[("file", "x"), ("sender_id", "one")], "wrong_type", "sender_id"),
            (&[("file", "x"), ("sender_id", "99999")], "unknown_sender", "sender_id"),
            (&[("file", "x"), ("caption", "y")], "unknown_field", "caption"),
        ] {
            let found = problem(post_form(&app, form(parts)).await).await;
            assert_eq!(found, (422, code.to_owned(), Some(field.to_owned())), "{parts:?}");
        }
        let broken = post_form(&app, b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf".to_vec()).await;
        assert_eq!(problem(broken).await, (400, "body_broken".to_owned(), None));
        let large = post_file(&app, ("a.pdf", "application/pdf"), &vec![7; 1_048_577], None).await;
        assert_eq!(problem(large).await, (413, "media_too_large".to_owned(), Some("file".to_owned())));
        let larger = post_file(&app, ("a.pdf", "application/pdf"), &vec![7; 2_097_152], None).await;
        assert_eq!(problem(larger).await, (413, "media_too_large".to_owned(), Some("file".to_owned())));
        let no_token = app.http.post(app.url("/v1/media")).body("x").send().await.unwrap();
        assert_eq!(no_token.status(), StatusCode::UNAUTHORIZED);

        assert_eq!(app.get("/v1/media/wpm_1").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(app.app.core().store.sweep_files().await.unwrap(), 0, "no file was kept");
        app.stop().await;
    }
}
