//! Messages inside the window.

use serde_json::{Value, json};

use super::{Case, case};

fn interactive(kind: &str, action: Value) -> Value {
    json!({"type": "interactive", "interactive": {"type": kind, "body": {"text": "b"}, "action": action}})
}

fn footed(mut message: Value) -> Value {
    message["interactive"]["footer"] = json!({"text": "f"});
    message
}

pub fn plain() -> Vec<Case> {
    let contact = json!({
        "name": {"formatted_name": "Ana Li", "first_name": "Ana"}, "phones": [{"phone": "+1", "type": "HOME", "wa_id": "1"}],
        "emails": [{"email": "a@b", "type": "HOME"}], "urls": [{"url": "https://a.b", "type": "HOME"}],
        "addresses": [{"street": "s", "city": "c", "state": "s", "zip": "z", "country": "c", "country_code": "us", "type": "HOME"}],
        "org": {"company": "c", "department": "d", "title": "t"}, "birthday": "2012-08-18",
    });
    let mut cases = vec![
        Case {
            required: vec![
                ("/text", 131_008),
                ("/text/body", 131_008),
                ("/messaging_product", 100),
                ("/to", 100),
                ("/context/message_id", 131_008),
            ],
            limits: vec![("/text/body", 4096), ("/biz_opaque_callback_data", 512)],
            wrong: vec![
                ("/text/body", json!(""), 100),
                ("/text/preview_url", json!("yes"), 100),
                ("/messaging_product", json!("sms"), 100),
                ("/recipient_type", json!("everybody"), 100),
                ("/recipient_type", json!("group"), 131_041),
                ("/type", json!("smoke"), 100),
                ("/to", json!("Yael"), 131_009),
                ("/to", json!("+12345678901234567"), 131_009),
                ("/to", json!("+15550783881"), 131_021),
            ],
            ..case(
                "text",
                json!({"type": "text", "text": {"body": "hi", "preview_url": true}, "recipient_type": "individual",
                "context": {"message_id": "wamid.X"}, "biz_opaque_callback_data": "o"}),
            )
        },
        Case {
            required: vec![("/location/latitude", 131_008), ("/location/longitude", 131_008)],
            wrong: vec![
                ("/location/latitude", json!(90.5), 131_009),
                ("/location/longitude", json!(-181), 131_009),
                ("/location/latitude", json!("north"), 131_009),
                ("/location/latitude", json!(true), 100),
            ],
            types: [("/location/longitude", 100)].into(),
            ..case(
                "location",
                json!({"type": "location", "location": {"latitude": 37.7, "longitude": "-122.4", "name": "HQ", "address": "1 Way"}}),
            )
        },
        Case {
            required: vec![("/reaction/message_id", 131_008), ("/reaction/emoji", 131_008)],
            wrong: vec![
                ("/reaction/emoji", json!("smile"), 131_009),
                ("/context", json!({"message_id": "wamid.X"}), 131_009),
            ],
            ..case("reaction", json!({"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "👍"}}))
        },
        Case {
            required: vec![
                ("/contacts/0/name", 131_008),
                ("/contacts/0/name/formatted_name", 131_008),
                ("/contacts/0/name/first_name", 131_008),
            ],
            wrong: vec![
                ("/contacts", json!([]), 131_009),
                ("/contacts", json!(vec![contact.clone(); 258]), 131_009),
                ("/contacts/0/birthday", json!("18.8.2012"), 131_009),
            ],
            ..case("contacts", json!({"type": "contacts", "contacts": [contact]}))
        },
    ];
    for (kind, id, extra) in [
        ("image", "1376223850470843", json!({"caption": "c"})),
        ("video", "1376223850470844", json!({"caption": "c"})),
        ("audio", "1376223850470845", json!({"voice": true})),
        ("document", "1376223850470846", json!({"caption": "c", "filename": "f.pdf"})),
        ("sticker", "1376223850470847", json!({})),
    ] {
        let mut object = extra;
        object["id"] = json!(id);
        let both = json!({"id": id, "link": "https://example.com/a"});
        let mut wrong = vec![(kind, json!({}), 131_008), (kind, both, 100), (kind, json!({"link": "file:///a"}), 100)];
        wrong.extend([(kind, json!({"id": "abc"}), 131_009), (kind, json!({"id": "999"}), 131_009)]);
        let foreign =
            if kind == "document" { json!({"id": id, "voice": true}) } else { json!({"id": id, "filename": "f"}) };
        wrong.push((kind, foreign, 100));
        let limits = if object.get("caption").is_some() { vec![("caption", 1024)] } else { Vec::new() };
        let mut body = json!({"type": kind});
        body[kind] = object;
        // The pointers are made absolute below: the kind is their first step.
        cases.push(Case { wrong, limits, ..case(kind, body) });
    }
    cases
}

pub fn buttons() -> Vec<Case> {
    let reply = |id: &str, title: &str| json!({"type": "reply", "reply": {"id": id, "title": title}});
    let row = |id: usize| json!({"id": id.to_string(), "title": "t", "description": "d"});
    let rows = |from: usize, count: usize| (from..from + count).map(row).collect::<Vec<_>>();
    let action = "/interactive/action";
    let mut replies = interactive("button", json!({"buttons": [reply("1", "a"), reply("2", "b"), reply("3", "c")]}));
    replies["interactive"]["header"] = json!({"type": "text", "text": "h"});
    replies["interactive"]["footer"] = json!({"text": "f"});
    let list =
        json!({"button": "b", "sections": [{"title": "s", "rows": rows(0, 5)}, {"title": "t", "rows": rows(5, 5)}]});
    vec![
        Case {
            required: vec![
                ("/interactive/type", 131_008),
                ("/interactive/body", 131_008),
                ("/interactive/body/text", 131_008),
                (action, 131_008),
                ("/interactive/action/buttons", 131_008),
                ("/interactive/action/buttons/0/type", 131_008),
                ("/interactive/action/buttons/0/reply", 131_008),
                ("/interactive/action/buttons/0/reply/id", 131_008),
                ("/interactive/action/buttons/0/reply/title", 131_008),
                ("/interactive/header/text", 131_008),
            ],
            limits: vec![
                ("/interactive/body/text", 1024),
                ("/interactive/header/text", 60),
                ("/interactive/footer/text", 60),
                ("/interactive/action/buttons/0/reply/id", 256),
                ("/interactive/action/buttons/0/reply/title", 20),
            ],
            wrong: vec![
                ("/interactive/type", json!("poll"), 100),
                ("/interactive/action/buttons", json!([]), 131_009),
                (
                    "/interactive/action/buttons",
                    json!([reply("1", "a"), reply("2", "b"), reply("3", "c"), reply("4", "d")]),
                    131_009,
                ),
                ("/interactive/action/buttons/1/reply/id", json!("1"), 131_009),
                ("/interactive/action/buttons/1/reply/title", json!("a"), 131_009),
                ("/interactive/action/buttons/1/reply/id", json!(" 2"), 131_009),
                ("/interactive/header", json!({"type": "sticker", "text": "h"}), 131_009),
                ("/interactive/header", json!({"type": "image", "image": {"id": "abc"}}), 131_009),
                ("/interactive/header", json!({"type": "image", "text": "h"}), 100),
            ],
            types: [("/interactive/header/type", 100)].into(),
            ..case("button", replies)
        },
        Case {
            required: vec![
                ("/interactive/action/button", 131_008),
                ("/interactive/action/sections", 131_008),
                ("/interactive/action/sections/0/title", 131_008),
                ("/interactive/action/sections/0/rows", 131_008),
                ("/interactive/action/sections/0/rows/0/id", 131_008),
                ("/interactive/action/sections/0/rows/0/title", 131_008),
            ],
            limits: vec![
                ("/interactive/body/text", 4096),
                ("/interactive/action/button", 20),
                ("/interactive/action/sections/0/title", 24),
                ("/interactive/action/sections/0/rows/0/id", 200),
                ("/interactive/action/sections/0/rows/0/title", 24),
                ("/interactive/action/sections/0/rows/0/description", 72),
            ],
            wrong: vec![
                ("/interactive/action/sections/0/rows", json!(rows(10, 6)), 131_009),
                ("/interactive/action/sections/0/rows", json!(rows(10, 11)), 131_009),
                ("/interactive/action/sections/0/rows", json!([]), 131_009),
                ("/interactive/action/sections/0/rows/1/id", json!("0"), 131_009),
                ("/interactive/action/sections", json!([]), 131_009),
                ("/interactive/header", json!({"type": "image", "image": {"link": "https://a.b/c"}}), 131_009),
            ],
            ..case("list", interactive("list", list))
        },
        Case {
            required: vec![
                ("/interactive/action/name", 131_008),
                ("/interactive/action/parameters", 131_008),
                ("/interactive/action/parameters/url", 131_008),
                ("/interactive/action/parameters/display_text", 131_008),
            ],
            limits: vec![("/interactive/action/parameters/display_text", 20)],
            wrong: vec![
                ("/interactive/action/parameters/url", json!("ftp://a.b"), 131_009),
                ("/interactive/action/name", json!("cta"), 100),
            ],
            ..case(
                "cta_url",
                interactive(
                    "cta_url",
                    json!({"name": "cta_url", "parameters": {"display_text": "Go", "url": "https://a.b"}}),
                ),
            )
        },
        Case {
            wrong: vec![
                ("/interactive/header", json!({"type": "text", "text": "h"}), 131_009),
                ("/interactive/action/name", json!("send_address"), 100),
            ],
            required: vec![("/interactive/action/name", 131_008), ("/interactive/body", 131_008)],
            limits: vec![("/interactive/footer/text", 60)],
            ..case(
                "location request",
                footed(interactive("location_request_message", json!({"name": "send_location"}))),
            )
        },
        Case {
            required: vec![("/interactive/action/parameters/country", 131_008)],
            wrong: vec![("/interactive/action/parameters/country", json!("US"), 131_009)],
            free: vec!["/interactive/action/parameters/values"],
            ..case(
                "address",
                interactive(
                    "address_message",
                    json!({"name": "address_message", "parameters": {"country": "IN", "values": {"name": "n"}}}),
                ),
            )
        },
        case(
            "call permission",
            footed(
                json!({"type": "interactive", "interactive": {"type": "call_permission_request", "action": {"name": "call_permission_request"}}}),
            ),
        ),
        case(
            "voice call",
            interactive(
                "voice_call",
                json!({"name": "voice_call", "parameters": {"display_text": "Call", "ttl_minutes": 10, "payload": "p"}}),
            ),
        ),
        case("contact info", footed(interactive("request_contact_info", json!({"name": "request_contact_info"})))),
    ]
}

pub fn shops() -> Vec<Case> {
    let items = |count: usize| (0..count).map(|n| json!({"product_retailer_id": n.to_string()})).collect::<Vec<_>>();
    let sections = json!([{"title": "a", "product_items": items(15)}, {"title": "b", "product_items": items(15)}]);
    let mut products = interactive("product_list", json!({"catalog_id": "194836987003835", "sections": sections}));
    products["interactive"]["header"] = json!({"type": "text", "text": "h"});
    let card = |index: usize| {
        json!({"card_index": index, "type": "cta_url", "header": {"type": "image", "image": {"link": "https://a.b/c"}}, "body": {"text": "b"},
               "action": {"name": "cta_url", "parameters": {"display_text": "Go", "url": "https://a.b"}}})
    };
    let mut replying = card(1);
    replying["action"] = json!({"buttons": [{"type": "quick_reply", "quick_reply": {"id": "1", "title": "a"}}]});
    let flow = json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1063200000000001", "flow_cta": "Open", "flow_token": "t",
        "mode": "draft", "flow_action": "navigate", "flow_action_payload": {"screen": "S", "data": {"k": "v"}}}});
    let parameters = "/interactive/action/parameters";
    let mut both = flow["parameters"].clone();
    both["flow_name"] = json!("appointment_booking");
    let mut exchange = flow["parameters"].clone();
    exchange["flow_action"] = json!("data_exchange");
    vec![
        Case {
            required: vec![
                ("/interactive/action/catalog_id", 131_008),
                ("/interactive/action/product_retailer_id", 131_008),
            ],
            wrong: vec![
                ("/interactive/action/catalog_id", json!("1"), 131_009),
                ("/interactive/header", json!({"type": "text", "text": "h"}), 131_009),
            ],
            ..case(
                "product",
                interactive("product", json!({"catalog_id": "194836987003835", "product_retailer_id": "p"})),
            )
        },
        Case {
            required: vec![
                ("/interactive/header", 131_008),
                ("/interactive/action/sections/0/title", 131_008),
                ("/interactive/action/sections/0/product_items", 131_008),
            ],
            limits: vec![("/interactive/action/sections/0/title", 24)],
            wrong: vec![
                ("/interactive/action/sections/0/product_items", json!(items(16)), 131_009),
                (
                    "/interactive/action/sections",
                    json!(vec![json!({"title": "a", "product_items": items(1)}); 11]),
                    131_009,
                ),
            ],
            ..case("product list", products)
        },
        Case {
            required: vec![("/interactive/action/parameters/thumbnail_product_retailer_id", 131_008)],
            ..case(
                "catalog",
                interactive(
                    "catalog_message",
                    json!({"name": "catalog_message", "parameters": {"thumbnail_product_retailer_id": "p"}}),
                ),
            )
        },
        Case {
            required: vec![
                ("/interactive/action/cards/0/card_index", 131_008),
                ("/interactive/action/cards/0/header", 131_008),
                ("/interactive/action/cards/0/action", 131_008),
            ],
            limits: vec![("/interactive/action/cards/0/body/text", 160)],
            wrong: vec![
                ("/interactive/action/cards", json!([card(0)]), 131_009),
                ("/interactive/action/cards", json!((0..11).map(card).collect::<Vec<_>>()), 131_009),
                ("/interactive/action/cards", json!([card(0), card(5)]), 131_009),
                ("/interactive/action/cards/0/card_index", json!("first"), 100),
                ("/interactive/action/cards/0/card_index", json!("1"), 131_009),
                ("/interactive/action/cards", json!([card(0), replying]), 131_009),
                ("/interactive/action/cards/0/body/text", json!("a\nb\nc\nd"), 131_009),
                ("/interactive/header", json!({"type": "text", "text": "h"}), 131_009),
                ("/interactive/footer", json!({"text": "f"}), 131_009),
            ],
            ..case("carousel", interactive("carousel", json!({"cards": [card(0), card(1)]})))
        },
        Case {
            required: vec![
                ("/interactive/action/parameters/flow_message_version", 131_008),
                ("/interactive/action/parameters/flow_id", 131_008),
                ("/interactive/action/parameters/flow_cta", 131_008),
                ("/interactive/action/parameters/flow_action_payload/screen", 131_008),
            ],
            limits: vec![("/interactive/action/parameters/flow_cta", 30)],
            wrong: vec![
                ("/interactive/action/parameters/flow_message_version", json!("4"), 100),
                ("/interactive/action/parameters/flow_id", json!("1"), 131_009),
                ("/interactive/action/parameters/flow_cta", json!("Open 🙂"), 131_009),
                ("/interactive/action/parameters/mode", json!("live"), 100),
                ("/interactive/action/parameters/flow_action_payload/data", json!({}), 131_009),
                (parameters, both, 100),
                (parameters, exchange, 131_009),
            ],
            free: vec!["/interactive/action/parameters/flow_action_payload/data"],
            ..case("flow", interactive("flow", flow))
        },
    ]
}
