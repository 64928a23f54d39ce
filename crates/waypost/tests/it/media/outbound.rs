//! Media of ours in messages: exchanged for the provider's ids, once for each sender, before the call is claimed.

use std::time::Duration;

use domain::scope::AccountScope;
use serde_json::{Value, json};
use simulator::{Inbound, InboundKind};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use super::{PDF, PNG, asked, image, problem, stranger, upload};
use crate::support::{CUSTOMER, OTHER_CUSTOMER, PHONE_NUMBER_ID, TestApp};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn accepted(app: &TestApp, body: &Value) -> i64 {
    let response = app.post(body).await;
    assert_eq!(response.status(), 202, "{body}");
    response.json::<Value>().await.unwrap()["id"].as_i64().unwrap()
}

/// The media id of the last attempt's request.
async fn sent_id(app: &TestApp, message: i64) -> String {
    let log: Value = app.get(&format!("/v1/messages/{message}/attempts")).await.json().await.unwrap();
    let payload: Value =
        serde_json::from_str(log["data"].as_array().unwrap().last().unwrap()["payload"].as_str().unwrap()).unwrap();
    payload["image"]["id"].as_str().unwrap().to_owned()
}

fn uploads(app: &TestApp) -> usize {
    asked(app, "POST", &format!("{PHONE_NUMBER_ID}/media"))
}

on_both_engines! {
    async fn many_messages_with_one_medium_make_one_upload(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = upload(&app, "room.png", "image/png", PNG).await;
        let mut messages = Vec::new();
        for n in 0..20 {
            let to = format!("+9198765432{n:02}");
            messages.push(accepted(&app, &image(&app, &to, &id)).await);
        }
        for message in &messages {
            app.wait_for_status(*message, "read").await;
        }
        assert_eq!(uploads(&app), 1);
        let provider_id = sent_id(&app, messages[0]).await;
        assert!(provider_id.bytes().all(|byte| byte.is_ascii_digit()), "{provider_id}");
        assert_eq!(sent_id(&app, messages[19]).await, provider_id);
        assert_eq!(app.message(messages[0]).await["message"]["image"]["id"], id.as_str(), "ours stays in the message");

        app.clock.advance(2 * DAY);
        let later = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        app.wait_for_status(later, "read").await;
        assert_eq!((uploads(&app), sent_id(&app, later).await), (1, provider_id.clone()));
        app.clock.advance(28 * DAY);
        let much_later = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        app.wait_for_status(much_later, "read").await;
        assert_eq!(uploads(&app), 2, "before the provider forgets it");
        assert_ne!(sent_id(&app, much_later).await, provider_id);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_the_provider_forgot_is_uploaded_once_more(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = upload(&app, "room.png", "image/png", PNG).await;
        let first = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        app.wait_for_status(first, "read").await;
        let known = sent_id(&app, first).await;
        let url = format!("{}/v25.0/{known}", app.simulator.url());
        assert_eq!(app.http.delete(&url).bearer_auth("EAAtest").send().await.unwrap().status(), 200);

        app.clock.advance(Duration::from_secs(3600));
        let second = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        app.wait("the refusal", async || {
            let log: Value = app.get(&format!("/v1/messages/{second}/attempts")).await.json().await.unwrap();
            (log["data"].as_array()?.first()?["status"] == "failed").then_some(())
        })
        .await;
        app.clock.advance(Duration::from_secs(60));
        let message = app.wait_for_status(second, "read").await;
        assert_eq!((message["attempts"].as_i64(), uploads(&app)), (Some(2), 2));
        assert_ne!(sent_id(&app, second).await, known);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_whatsapp_does_not_take_fails_with_its_words(db: TestDatabase) {
        let app = TestApp::start(db).await;
        // A file of any type is a document to us; to WhatsApp this one is a sticker that is too large.
        let id = upload(&app, "large.webp", "image/webp", &vec![0; (100 << 10) + 1]).await;
        let body = json!({"sender_id": app.sender_id, "to": CUSTOMER, "type": "document", "document": {"id": id}});
        let message = app.wait_for_status(accepted(&app, &body).await, "failed").await;
        let failure = &message["failure"];
        assert_eq!((failure["code"].as_str(), failure["kind"].as_str()), (Some("131053"), Some("permanent")));
        assert!(failure["reason"].as_str().unwrap().starts_with(&format!("The medium {id} could not be handed")), "{failure}");
        assert_eq!(message["attempts"], 1);
        assert!(app.simulator.control().ledger(None).is_empty(), "nothing was sent");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_medium_whose_file_is_missing_fails_its_message_and_holds_up_nobody(db: TestDatabase) {
        let folder = db.path("media");
        let app = TestApp::start(db).await;
        let id = upload(&app, "room.png", "image/png", PNG).await;
        let shelf = folder.join(app.made.account.to_string());
        std::fs::remove_dir_all(&shelf).unwrap();
        let message = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        let failure = app.wait_for_status(message, "failed").await["failure"].clone();
        assert_eq!((failure["code"].as_str(), failure["kind"].as_str()), (Some("media_missing"), Some("permanent")));
        assert!(failure["remedy"].as_str().unwrap().starts_with("Upload the file again"), "{failure}");

        // The clock stands, so a sender that pauses would send nothing more.
        let id = upload(&app, "room.png", "image/png", PNG).await;
        let message = accepted(&app, &image(&app, OTHER_CUSTOMER, &id)).await;
        app.wait_for_status(message, "read").await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_upload_without_a_valid_token_keeps_the_message_and_sends_nothing(db: TestDatabase) {
        let app = TestApp::start_with(db, &[("WHATSAPP_ACCESS_TOKEN", "EAAwithdrawn")]).await;
        let id = upload(&app, "room.png", "image/png", PNG).await;
        let messages = [
            accepted(&app, &image(&app, CUSTOMER, &id)).await,
            accepted(&app, &image(&app, OTHER_CUSTOMER, &id)).await,
        ];
        let attempt = app
            .wait("a refused attempt", async || {
                let log: Value = app.get(&format!("/v1/messages/{}/attempts", messages[0])).await.json().await.unwrap();
                log["data"].as_array()?.first().filter(|attempt| attempt["status"] == "failed").cloned()
            })
            .await;
        assert_eq!(attempt["failure"]["kind"], "authentication");
        assert_eq!((attempt["path"].as_str(), attempt["payload"].as_str()), (Some(""), Some("")), "no message was made");
        for message in messages {
            let status = app.message(message).await["status"].clone();
            assert!(status == "queued" || status == "calling", "{status}: it waits for a new token");
        }
        assert!(app.simulator.control().ledger(None).is_empty());
        app.stop_with_work_left().await;
    }
}

on_both_engines! {
    async fn a_medium_that_cannot_stand_there_is_refused_before_anything_is_stored(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let pdf = upload(&app, "a.pdf", "application/pdf", PDF).await;
        let large = upload(&app, "large.png", "image/png", &vec![7; 5 * 1024 * 1024 + 1]).await;
        let mp3 = upload(&app, "a.mp3", "audio/mpeg", b"ID3").await;
        let still = upload(&app, "a.webp", "image/webp", &[&b"RIFF\0\0\0\0WEBPVP8 "[..], &[7; 102_400]].concat()).await;
        let refused = async |body: &Value| problem(app.post(body).await).await;
        let expect = |code: &str, field: &str| (422, code.to_owned(), Some(field.to_owned()));
        assert_eq!(refused(&image(&app, CUSTOMER, &pdf)).await, expect("wrong_media_type", "image.id"));
        assert_eq!(refused(&image(&app, CUSTOMER, &large)).await, expect("media_too_large", "image.id"));
        let other = |kind: &str, medium: Value| json!({"sender_id": app.sender_id, "to": CUSTOMER, "type": kind, kind: medium});
        let sticker = other("sticker", json!({"id": still}));
        assert_eq!(refused(&sticker).await, expect("media_too_large", "sticker.id"));
        let voice = other("audio", json!({"id": mp3, "voice": true}));
        assert_eq!(refused(&voice).await, expect("wrong_media_type", "audio.voice"));
        for id in ["wpm_99999", "wpm_", "wpm_x"] {
            assert_eq!(refused(&image(&app, CUSTOMER, id)).await, expect("unknown_media", "image.id"), "{id}");
        }
        let header = |id: &str| json!({"sender_id": app.sender_id, "message": {"to": CUSTOMER, "type": "template",
            "template": {"name": "t", "language": {"code": "en"}, "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"id": id}}]}]}}});
        let path = "message.template.components[0].parameters[0].image.id";
        assert_eq!(refused(&header(&pdf)).await, expect("wrong_media_type", path));

        let token = stranger(&app).await;
        let mut request = app.http.post(app.url("/v1/media")).bearer_auth(&token);
        request = request.header("Content-Type", "multipart/form-data; boundary=b");
        let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nx\r\n--b--\r\n";
        let theirs: Value = request.body(form).send().await.unwrap().json().await.unwrap();
        let theirs = theirs["id"].as_str().unwrap();
        assert_eq!(refused(&image(&app, CUSTOMER, theirs)).await, expect("unknown_media", "image.id"));
        assert!(app.list("").await.is_empty());
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_somebody_sent_can_be_sent_on(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let kind = InboundKind::Image { caption: None };
        app.simulator.control().inbound(Inbound { kind, ..Inbound::text(CUSTOMER, "") }).await.unwrap();
        let id = app.wait("the picture", async || {
            let newest = app.list("?direction=inbound").await.into_iter().next()?;
            let medium = newest["media"].as_array()?.first()?.clone();
            (medium["state"] == "stored").then(|| medium["id"].as_str().unwrap().to_owned())
        })
        .await;
        let message = accepted(&app, &image(&app, OTHER_CUSTOMER, &id)).await;
        app.wait_for_status(message, "read").await;
        assert_eq!(uploads(&app), 1);
        app.stop().await;
    }
}

on_both_engines! {
    async fn in_the_sandbox_no_medium_leaves_the_house(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let core = app.app.core();
        core.accounts.set_live(&core.store, &AccountScope::system(app.made.account), false).await.unwrap();
        let id = upload(&app, "room.png", "image/png", PNG).await;
        let message = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        app.wait_for_status(message, "delivered").await;
        assert!(sent_id(&app, message).await.starts_with("sandbox."));
        assert_eq!(uploads(&app), 0);

        core.accounts.set_live(&core.store, &AccountScope::system(app.made.account), true).await.unwrap();
        let live = accepted(&app, &image(&app, CUSTOMER, &id)).await;
        app.wait_for_status(live, "read").await;
        assert_eq!(uploads(&app), 1, "what was only rehearsed is not taken for an upload");
        app.stop().await;
    }
}
