//! What a customer does on the phone, and the callback that tells it, member by member.

use serde_json::{Value, json};

use crate::phone::{PAGE, form};
use crate::world::{HIDDEN, NUMBER, World, YAEL, text};

const DIGITS: &str = "972545550128";
const BUSINESS: &str = "15550783881";

/// Sends the fields of a form and gives what the business is told, without what differs from run to run.
async fn told_of(world: &mut World, fields: &[(&str, &str)]) -> Value {
    let answer = form(world, &format!("{PAGE}/send"), fields).await;
    let status = answer.status().as_u16();
    assert_eq!(status, 303, "{fields:?}: {}", answer.text().await.expect("text"));
    let told = world.told().await;
    let mut message = told.message();
    let members = message.as_object_mut().expect("message");
    assert!(members.remove("id").is_some_and(|id| id.as_str().is_some_and(|id| id.starts_with("wamid."))));
    assert_eq!(members.remove("timestamp"), Some(json!("1795197600")));
    assert_eq!(members.remove("from"), Some(json!(DIGITS)));
    message
}

#[tokio::test]
async fn every_form_is_told_in_metas_shape() {
    let mut world = World::start().await;
    let id = world.sent_id(text("hi")).await;
    world.all_told().await;
    let context = json!({"from": BUSINESS, "id": id});
    let flow = r#"{"flow_token":"t","guests":2}"#;
    let card = json!([{"name": {"formatted_name": "Noa Levi", "first_name": "Noa", "last_name": "Levi"},
                       "phones": [{"phone": "+9725", "wa_id": "9725", "type": "CELL"}]}]);
    let item = json!({"product_retailer_id": "WINE-2", "quantity": 3, "item_price": 25.0, "currency": "USD"});
    let cases: Vec<(Vec<(&str, &str)>, Value)> = vec![
        (
            vec![("type", "text"), ("text", "yes"), ("context_message_id", &id)],
            json!({"type": "text", "text": {"body": "yes"}, "context": context}),
        ),
        (
            vec![("type", "text"), ("text", "look"), ("forwarded", "yes")],
            json!({"type": "text", "text": {"body": "look"}, "context": {"forwarded": true}}),
        ),
        (
            vec![("type", "text"), ("text", "look"), ("forwarded", "frequently")],
            json!({"type": "text", "text": {"body": "look"}, "context": {"frequently_forwarded": true}}),
        ),
        (
            vec![
                ("type", "text"),
                ("text", "info?"),
                ("referral:source_url", "https://fb.me/1"),
                ("referral:source_id", "12"),
                ("referral:source_type", "ad"),
                ("referral:headline", "A weekend"),
                ("referral:ctwa_clid", "AR-1"),
            ],
            json!({"type": "text", "text": {"body": "info?"}, "referral": {"source_url": "https://fb.me/1", "source_id": "12",
                "source_type": "ad", "headline": "A weekend", "ctwa_clid": "AR-1"}}),
        ),
        (
            vec![("type", "interactive_flow"), ("response_json", flow), ("context_message_id", &id)],
            json!({"type": "interactive", "context": context, "interactive": {"type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "Sent", "response_json": flow}}}),
        ),
        (
            vec![("type", "call_permission"), ("accept", "true"), ("permanent", "true"), ("context_message_id", &id)],
            json!({"type": "interactive", "context": context, "interactive": {"type": "call_permission_reply",
                "call_permission_reply": {"response": "accept", "is_permanent": true, "response_source": "user_action"}}}),
        ),
        (
            vec![("type", "call_permission"), ("accept", "true")],
            json!({"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply":
                {"response": "accept", "is_permanent": false, "response_source": "user_action",
                 "expiration_timestamp": 1_795_802_400}}}),
        ),
        (
            vec![("type", "call_permission"), ("accept", "false")],
            json!({"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply":
                {"response": "reject", "is_permanent": false, "response_source": "user_action"}}}),
        ),
        (
            vec![
                ("type", "location"),
                ("latitude", "32.5"),
                ("longitude", "-35"),
                ("name", "Here"),
                ("address", ""),
                ("context_message_id", &id),
            ],
            json!({"type": "location", "context": context, "location": {"latitude": 32.5, "longitude": -35.0, "name": "Here"}}),
        ),
        (
            vec![("type", "contacts"), ("contact:name", "Noa Levi"), ("contact:phone", "+9725")],
            json!({"type": "contacts", "contacts": card}),
        ),
        (
            vec![("type", "reaction"), ("reacts_to", &id), ("emoji", "👍")],
            json!({"type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}}),
        ),
        (
            vec![("type", "reaction"), ("reacts_to", &id), ("emoji", "")],
            json!({"type": "reaction", "reaction": {"message_id": id}}),
        ),
        (
            vec![
                ("type", "order"),
                ("catalog_id", "19"),
                ("quantity:WINE-2", "3"),
                ("quantity:X", "0"),
                ("text", "cold"),
            ],
            json!({"type": "order", "order": {"catalog_id": "19", "text": "cold", "product_items": [item]}}),
        ),
        (
            vec![("type", "unsupported")],
            json!({"type": "unsupported", "unsupported": {"type": "poll"}, "errors": [{"code": 131051,
                "title": "Message type unknown", "message": "Message type unknown",
                "error_data": {"details": "Message type is currently not supported."}}]}),
        ),
        (vec![("type", "request_welcome")], json!({"type": "request_welcome"})),
    ];
    for (fields, expected) in cases {
        assert_eq!(told_of(&mut world, &fields).await, expected, "{fields:?}");
    }
}

#[tokio::test]
async fn media_are_told_with_what_belongs_to_their_kind() {
    let mut world = World::start().await;
    for (kind, mime_type, more) in [
        ("image", "image/png", json!({"caption": "look"})),
        ("video", "video/mp4", json!({"caption": "look"})),
        ("document", "application/pdf", json!({"caption": "look", "filename": "receipt.pdf"})),
        ("audio", "audio/ogg; codecs=opus", json!({"voice": true})),
        ("sticker", "image/webp", json!({"animated": false})),
    ] {
        let mut fields = vec![("type", kind)];
        if more.get("caption").is_some() {
            fields.push(("caption", "look"));
        }
        let mut message = told_of(&mut world, &fields).await;
        assert_eq!(message["type"], kind);
        let medium = message[kind].as_object_mut().expect("medium");
        let id = medium.remove("id").expect("id");
        let url = medium.remove("url").expect("url");
        assert_eq!(medium.remove("mime_type"), Some(json!(mime_type)));
        assert!(medium.remove("sha256").is_some_and(|hash| hash.as_str().is_some_and(|hash| hash.len() == 44)));
        assert_eq!(message[kind], more, "{kind}");
        let (_, found) = world.get(&format!("/v24.0/{}", id.as_str().expect("id"))).await;
        assert_eq!(found["mime_type"], mime_type, "{found}");
        let file =
            world.http.get(url.as_str().expect("url")).bearer_auth(crate::world::TOKEN).send().await.expect("answer");
        assert_eq!(file.headers()["content-type"], mime_type);
    }
    let page = world.page(PAGE).await;
    for part in ["<img src=\"/phone/media/", "<video src=", "<audio src=", "receipt.pdf", "class=\"sticker\""] {
        assert!(page.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_picked_file_becomes_the_kind_it_is() {
    let mut world = World::start().await;
    let upload = async |world: &World, part: &str, bytes: &str| {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nsee\r\n--b\r\n\
             Content-Disposition: form-data; name=\"file\"; {part}\r\n\r\n{bytes}\r\n--b--\r\n"
        );
        let request = world.http.post(world.url(&format!("{PAGE}/file"))).body(body);
        request
            .header("content-type", "multipart/form-data; boundary=b")
            .send()
            .await
            .expect("answer")
            .status()
            .as_u16()
    };
    assert_eq!(upload(&world, "filename=\"a.html\"\r\nContent-Type: text/html", "<script>1</script>").await, 303);
    let message = world.told().await.message();
    assert_eq!((&message["type"], &message["document"]["filename"]), (&json!("document"), &json!("a.html")));
    assert_eq!(message["document"]["caption"], "see");
    let path = format!("/phone/media/{}", message["document"]["id"].as_str().expect("id"));
    let file = world.http.get(world.url(&path)).send().await.expect("answer");
    // A page somebody sends must not run as one of ours.
    assert_eq!(file.headers()["content-disposition"], "attachment");
    assert_eq!(upload(&world, "filename=\"a.ogg\"\r\nContent-Type: audio/ogg", "x").await, 303);
    let message = world.told().await.message();
    assert_eq!((&message["audio"]["voice"], message["audio"].get("caption")), (&json!(false), None));
    assert_eq!(upload(&world, "filename=\"\"", "").await, 400);
}

#[tokio::test]
async fn buttons_and_rows_answer_with_their_ids() {
    let mut world = World::start().await;
    let button = json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "?"}, "action":
        {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "Yes"}}, {"type": "reply", "reply": {"id": "b", "title": "No"}}]}}});
    let buttons = world.sent_id(button).await;
    let rows = json!([{"title": "T", "rows": [{"id": "r1", "title": "One", "description": "first"}, {"id": "r2", "title": "Two"}]}]);
    let list = json!({"type": "interactive", "interactive": {"type": "list", "body": {"text": "?"},
                      "action": {"button": "Choose", "sections": rows}}});
    let list = world.sent_id(list).await;
    world.all_told().await;
    for (message, name, value, expected) in [
        (&buttons, "button", "1", json!({"type": "button_reply", "button_reply": {"id": "b", "title": "No"}})),
        (
            &list,
            "row",
            "r1",
            json!({"type": "list_reply", "list_reply": {"id": "r1", "title": "One", "description": "first"}}),
        ),
        (&list, "row", "r2", json!({"type": "list_reply", "list_reply": {"id": "r2", "title": "Two"}})),
    ] {
        form(&world, &format!("{PAGE}/tap"), &[("message", message), (name, value)]).await;
        let told = world.told().await.message();
        assert_eq!(told["interactive"], expected);
        assert_eq!(told["context"], json!({"from": BUSINESS, "id": message}));
    }
    for (name, value) in [("button", "7"), ("row", "r9"), ("card", "0")] {
        let answer = form(&world, &format!("{PAGE}/tap"), &[("message", &buttons), (name, value)]).await;
        assert_eq!(answer.status(), 404, "{name}={value}");
    }
    assert!(world.page(PAGE).await.contains("class=\"chosen\""));
}

#[tokio::test]
async fn own_words_are_changed_and_taken_back() {
    let mut world = World::start().await;
    form(&world, &format!("{PAGE}/text"), &[("text", "wrong words")]).await;
    let id = world.told().await.message()["id"].as_str().expect("id").to_owned();
    let edit = told_of(&mut world, &[("type", "edit"), ("original_message_id", &id), ("text", "right words")]).await;
    let new = json!({"original_message_id": id, "message": {"type": "text", "text": {"body": "right words"}}});
    assert_eq!(edit, json!({"type": "edit", "edit": new}));
    let page = world.page(PAGE).await;
    assert!(page.contains("right words") && page.contains("Edited") && !page.contains("wrong words"), "{page}");
    let revoke = told_of(&mut world, &[("type", "revoke"), ("original_message_id", &id)]).await;
    assert_eq!(revoke, json!({"type": "revoke", "revoke": {"original_message_id": id}}));
    let page = world.page(PAGE).await;
    assert!(page.contains("You deleted this message") && !page.contains("right words"), "{page}");

    let business = world.sent_id(text("ours")).await;
    for kind in ["edit", "revoke"] {
        let fields = [("type", kind), ("original_message_id", business.as_str()), ("text", "x")];
        let fields = if kind == "edit" { &fields[..] } else { &fields[..2] };
        assert_eq!(form(&world, &format!("{PAGE}/send"), fields).await.status(), 400, "{kind}");
    }
}

#[tokio::test]
async fn reactions_of_both_sides_hang_on_the_bubble() {
    let mut world = World::start().await;
    let id = world.sent_id(text("hi")).await;
    world.all_told().await;
    form(&world, &format!("{PAGE}/send"), &[("type", "reaction"), ("reacts_to", &id), ("emoji", "🙏")]).await;
    assert!(world.page(PAGE).await.contains("Reactions: 🙏"));
    form(&world, &format!("{PAGE}/text"), &[("text", "mine")]).await;
    world.told().await;
    let mine = world.told().await.message()["id"].clone();
    world.sent_id(json!({"type": "reaction", "reaction": {"message_id": mine, "emoji": "👍"}})).await;
    world.all_told().await;
    let page = world.page(PAGE).await;
    assert!(page.contains("Reactions: 🙏") && page.contains("Reactions: 👍"), "{page}");
    form(&world, &format!("{PAGE}/send"), &[("type", "reaction"), ("reacts_to", &id), ("emoji", "")]).await;
    assert!(!world.page(PAGE).await.contains("Reactions: 🙏"));
}

#[tokio::test]
async fn a_stop_is_told_in_its_own_field_and_holds() {
    let mut world = World::start().await;
    form(&world, &format!("{PAGE}/send"), &[("type", "marketing_preference"), ("value", "stop")]).await;
    let told = world.told().await;
    assert_eq!(told.json()["entry"][0]["changes"][0]["field"], "user_preferences");
    let expected = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": BUSINESS, "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Yael Ben-David"}, "wa_id": DIGITS}],
        "user_preferences": [{"wa_id": DIGITS, "detail": "User requested to stop marketing messages",
            "category": "marketing_messages", "value": "stop", "timestamp": 1_795_197_600}]});
    assert_eq!(told.value(), expected);
    let page = world.page(PAGE).await;
    assert!(page.contains("You stopped offers") && page.contains("Resume offers"), "{page}");
    let offer = json!([{"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.png"}}]},
                       {"type": "body", "parameters": [{"type": "text", "text": "Yael"}]}]);
    let offer = crate::world::template("season_offer", "en_US", offer);
    world.sent_id(offer.clone()).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_050);
    form(&world, &format!("{PAGE}/send"), &[("type", "marketing_preference"), ("value", "resume")]).await;
    assert_eq!(world.told().await.value()["user_preferences"][0]["value"], "resume");
    world.sent_id(offer).await;
    assert_eq!(world.told().await.status()["status"], "sent");
}

#[tokio::test]
async fn a_new_number_is_told_without_contacts() {
    let mut world = World::start().await;
    form(&world, &format!("{PAGE}/send"), &[("type", "number_change"), ("to", "+972 54-555-0199")]).await;
    let value = world.told().await.value();
    assert_eq!(value.get("contacts"), None);
    let body = "User Yael Ben-David changed from 972545550128 to 972545550199";
    assert_eq!(
        value["messages"][0]["system"],
        json!({"body": body, "type": "user_changed_number", "wa_id": "972545550199"})
    );
    assert!(world.page("/phone/972545550199").await.contains("Yael Ben-David"));
}

#[tokio::test]
async fn people_who_hide_their_number_are_known_by_their_id() {
    let mut world = World::start().await;
    let (status, _) = world.control("inbound", json!({"from": HIDDEN, "type": "text", "text": "hi"})).await;
    assert_eq!(status, 200);
    let value = world.told().await.value();
    assert_eq!(value["contacts"], json!([{"profile": {"name": "Hari", "username": "hari.m"}, "user_id": "IN.77"}]));
    let message = &value["messages"][0];
    assert_eq!((message.get("from"), &message["from_user_id"]), (None, &json!("IN.77")));
    let own = message["id"].clone();
    world
        .control("inbound", json!({"from": HIDDEN, "type": "text", "text": "I meant", "context_message_id": own}))
        .await;
    assert_eq!(world.told().await.message()["context"], json!({"id": own}));
    world.control("inbound", json!({"from": HIDDEN, "type": "marketing_preference", "value": "stop"})).await;
    let preference = world.told().await.value()["user_preferences"][0].clone();
    assert_eq!((preference.get("wa_id"), &preference["user_id"]), (None, &json!("IN.77")));
}

#[tokio::test]
async fn the_control_call_takes_the_members_of_the_type_alone() {
    let mut world = World::start().await;
    for (body, word) in [
        (json!({"type": "text", "text": "x", "caption": "y"}), "unknown field `caption`"),
        (json!({"type": "request_welcome", "text": "x"}), "unknown field `text`"),
        (json!({"type": "location", "latitude": 99, "longitude": 0}), "within 90 degrees"),
        (json!({"type": "location", "longitude": 0}), "needs \"latitude\""),
        (json!({"type": "contacts", "contacts": [{"nmae": {}}]}), "unknown field `nmae`"),
        (json!({"type": "contacts", "contacts": []}), "at least one"),
        (json!({"type": "order", "catalog_id": "1", "items": []}), "at least one item"),
        (json!({"type": "interactive_flow", "response_json": "{"}), "is not JSON"),
        (json!({"type": "interactive_flow", "response_json": "{}", "name": "form"}), "flow or address_message"),
        (json!({"type": "image", "data": "AAAA"}), "a file needs"),
        (json!({"type": "image", "media_id": "1"}), "no medium of this number"),
        (json!({"type": "sticker", "caption": "x"}), "sticker has no caption"),
        (json!({"type": "image", "data": "%", "mime_type": "image/png"}), "not base64"),
        (json!({"type": "reaction", "reacts_to": "wamid.none"}), "no such message"),
        (json!({"type": "revoke", "original_message_id": "wamid.none"}), "no such message"),
        (json!({"type": "marketing_preference", "value": "maybe"}), "unknown variant `maybe`"),
        (json!({"type": "number_change", "to": "me"}), "not a phone number"),
        (json!({"type": "text", "text": "x", "referral": {"source_url": "x"}}), "source_id"),
        (json!({"type": "meteor"}), "unknown variant `meteor`"),
        (json!({"text": "x"}), "needs \"type\""),
    ] {
        let mut body = body;
        body["from"] = json!(YAEL);
        let (status, answer) = world.control("inbound", body.clone()).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(word)), "{body}: {answer}");
    }
    assert!(world.all_told().await.is_empty());
    let file = json!({"from": YAEL, "type": "audio", "data": "T2dnUw==", "mime_type": "audio/ogg", "voice": true});
    assert_eq!(world.control("inbound", file).await.0, 200);
    assert_eq!(world.told().await.message()["audio"]["voice"], true);

    let shelf =
        world.http.post(world.url("/_control/media?filename=plan.pdf")).header("content-type", "application/pdf");
    let (_, shelved) = crate::world::answer(shelf.body("%PDF-1.4")).await;
    let file = json!({"from": YAEL, "type": "document", "media_id": shelved["id"]});
    assert_eq!(world.control("inbound", file).await.0, 200);
    let told = world.told().await.message();
    assert_eq!((&told["document"]["id"], &told["document"]["filename"]), (&shelved["id"], &json!("plan.pdf")));
}

#[tokio::test]
async fn the_answered_message_stands_above_the_field() {
    let mut world = World::start().await;
    let id = world.sent_id(text("When do you arrive?")).await;
    world.all_told().await;
    let page = world.page(&format!("{PAGE}?reply={id}")).await;
    assert!(page.contains(&format!("name=\"context_message_id\" value=\"{id}\"")), "{page}");
    let fields = [("text", "At nine"), ("context_message_id", id.as_str())];
    form(&world, &format!("{PAGE}/text"), &fields).await;
    assert_eq!(world.told().await.message()["context"], json!({"from": BUSINESS, "id": id}));
    assert!(world.page(PAGE).await.contains("</b>When do you arrive?</p>"));
}
