//! Template messages.

use serde_json::json;

use super::{Case, case};
use crate::world::template;

pub fn templates() -> Vec<Case> {
    let text = |text: &str| json!({"type": "text", "text": text});
    let coupon = json!([
        {"type": "body", "parameters": [text("Ana"), text("25")]},
        {"type": "button", "sub_type": "copy_code", "index": 1, "parameters": [{"type": "coupon_code", "coupon_code": "SPA25"}]},
    ]);
    let body = "/template/components/0/parameters";
    let button = "/template/components/1/parameters";
    let offer = json!([
        {"type": "header", "parameters": [{"type": "image", "image": {"id": "1376223850470843"}}]},
        {"type": "body", "parameters": [text("Ana"), text("CARIBE25")]},
        {"type": "limited_time_offer", "parameters": [{"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1_900_000_000_000_u64}}]},
        {"type": "button", "sub_type": "copy_code", "index": 0, "parameters": [{"type": "coupon_code", "coupon_code": "CARIBE25"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [text("x")]},
    ]);
    let named = |name: &str, value: &str| json!({"type": "text", "parameter_name": name, "text": value});
    let booking = json!([
        {"type": "header", "parameters": [named("first_name", "Ana")]},
        {"type": "body", "parameters": [named("nights", "3"), named("booking_number", "A-1")]},
    ]);
    // A parameter that is not read has no name, and then the named one is missing.
    let mut named_types =
        case("named", template("booking_confirmed", "en", booking.clone())).with_template_types().types;
    for pointer in [
        "/template/components/0/parameters/0",
        "/template/components/1/parameters/0",
        "/template/components/1/parameters/1",
    ] {
        named_types.insert(pointer, 132_000);
        named_types.insert(format!("{pointer}/parameter_name").leak(), 132_000);
    }
    let card = |index: usize| {
        json!({"card_index": index, "components": [
            {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.b/c"}}]},
            {"type": "body", "parameters": [text("120")]},
            {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{"type": "payload", "payload": "p"}]},
            {"type": "button", "sub_type": "url", "index": 1, "parameters": [text("sea")]},
        ]})
    };
    let tour =
        json!([{"type": "body", "parameters": [text("Ana")]}, {"type": "carousel", "cards": [card(0), card(1)]}]);
    let flow = json!([{"type": "button", "sub_type": "flow", "index": "0",
        "parameters": [{"type": "action", "action": {"flow_token": "t", "flow_action_data": {"k": "v"}}}]}]);
    let place = json!([
        {"type": "header", "parameters": [{"type": "location", "location": {"latitude": "1", "longitude": 2, "name": "n", "address": "a"}}]},
        {"type": "body", "parameters": [text("Ana")]},
    ]);
    vec![
        Case {
            required: vec![
                ("/template/name", 131_008),
                ("/template/language", 131_008),
                ("/template/language/code", 131_008),
                ("/template/components", 132_000),
                ("/template/components/0/parameters", 132_000),
                ("/template/components/0/parameters/0", 132_000),
                ("/template/components/1", 132_000),
                ("/template/components/1/parameters", 132_000),
                ("/template/components/1/index", 131_008),
                ("/template/components/1/sub_type", 131_008),
            ],
            limits: vec![("/template/components/1/parameters/0/coupon_code", 15)],
            wrong: vec![
                ("/template/name", json!("no_such"), 132_001),
                ("/template/language/code", json!("en"), 132_001),
                ("/template/language/policy", json!("fallback"), 100),
                (body, json!([text("a"), text("b"), text("c")]), 132_000),
                (body, json!([text("a\nb"), text("c")]), 132_018),
                (body, json!([text("a     b"), text("c")]), 132_018),
                (body, json!([text(&"x".repeat(1024)), text("c")]), 132_005),
                (body, json!([{"type": "image", "image": {"id": "1376223850470843"}}, text("c")]), 132_012),
                (button, json!([text("SPA25")]), 132_012),
                ("/template/components/1/index", json!(2), 131_009),
                ("/template/components/1/sub_type", json!("url"), 132_012),
                ("/template/components/0/type", json!("tail"), 100),
            ],
            types: [
                ("/template/components/1/index", 131_009),
                ("/template/components/0/parameters/0/type", 132_012),
                ("/template/components/0/parameters/1/type", 132_012),
                ("/template/components/1/parameters/0/type", 132_012),
                ("/template/components/0/parameters/0", 132_012),
                ("/template/components/0/parameters/1", 132_012),
                ("/template/components/1/parameters/0", 132_012),
            ]
            .into(),
            ..case("coupon", template("spa_coupon", "en_US", coupon))
        },
        Case {
            required: vec![
                ("/template/components/0", 132_012),
                ("/template/components/2", 132_000),
                ("/template/components/4", 132_000),
            ],
            wrong: vec![
                ("/template/components/2/parameters/0/limited_time_offer/expiration_time_ms", json!(1), 131_009),
                ("/template/components/0/parameters", json!([text("x")]), 132_012),
                ("/template/components/0/parameters/0/image/id", json!("999"), 131_009),
            ],
            ..case("limited-time offer", template("last_minute", "en_US", offer)).with_template_types()
        },
        Case {
            wrong: vec![
                ("/template/components/1/parameters", json!([named("nights", "3"), named("booking", "A-1")]), 132_000),
                ("/template/components/0/parameters", json!([named("first_name", &"x".repeat(60))]), 132_005),
            ],
            types: named_types,
            ..case("named", template("booking_confirmed", "en", booking))
        },
        Case {
            required: vec![
                ("/template/components/1", 132_000),
                ("/template/components/1/cards/0", 132_000),
                ("/template/components/1/cards/0/components/0", 132_012),
            ],
            wrong: vec![("/template/components/1/cards", json!([card(0), card(0)]), 132_000)],
            ..case("carousel template", template("room_tour", "en_US", tour)).with_template_types()
        },
        Case {
            free: vec!["/template/components/0/parameters/0/action/flow_action_data"],
            ..case("flow template", template("check_in_form", "en_US", flow)).with_template_types()
        },
        Case {
            required: vec![("/template/components/0/parameters/0/location/latitude", 131_008)],
            ..case("location header", template("hotel_location", "en_US", place)).with_template_types()
        },
        Case {
            required: vec![("/template/components/1", 132_000)],
            wrong: vec![("/template/components/0/parameters", json!([text("1234567890123456")]), 132_005)],
            ..case(
                "code",
                template(
                    "login_code",
                    "en_US",
                    json!([
                        {"type": "body", "parameters": [text("123456")]},
                        {"type": "button", "sub_type": "url", "index": "0", "parameters": [text("123456")]},
                    ]),
                ),
            )
            .with_template_types()
        },
    ]
}
