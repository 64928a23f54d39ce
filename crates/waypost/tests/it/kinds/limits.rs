//! Every limit broken by one, every required field missing.

use serde_json::{Value, json};

use super::examples;

/// A message that is wrong, and what is said about it.
pub struct Wrong {
    pub message: Value,
    pub code: &'static str,
    pub field: String,
}

pub fn wrong() -> Vec<Wrong> {
    let mut wrong: Vec<Wrong> =
        MISSING.iter().flat_map(|(name, pointers)| pointers.iter().map(|pointer| missing(name, pointer))).collect();
    wrong.extend(
        TOO_LONG
            .iter()
            .map(|(name, pointer, max)| changed(name, pointer, json!("x".repeat(max + 1)), "too_long", &path(pointer))),
    );
    wrong.extend(EMPTY.iter().map(|(name, pointer)| changed(name, pointer, json!(" "), "empty", &path(pointer))));
    wrong.extend(PLACES.iter().map(|(name, pointer)| {
        let unknown = format!("{pointer}/unheard_of");
        changed(name, &unknown, json!(1), "unknown_field", &path(&unknown))
    }));
    wrong.extend(words());
    wrong.extend(counts());
    wrong.extend(doubles());
    wrong.extend(combinations());
    wrong.extend(numbers());
    wrong
}

const A: &str = "/interactive/action";
const C: &str = "/template/components";

/// What each kind cannot do without. Pointers that begin with `A` or `C` are below the action or the components.
const MISSING: &[(&str, &[&str])] = &[
    ("text", &["/type", "/text", "/text/body"]),
    ("image", &["/image"]),
    ("video", &["/video"]),
    ("audio", &["/audio"]),
    ("document", &["/document"]),
    ("sticker", &["/sticker"]),
    ("location", &["/location", "/location/latitude", "/location/longitude"]),
    (
        "contacts",
        &[
            "/contacts",
            "/contacts/0/name",
            "/contacts/0/name/formatted_name",
            "/contacts/0/emails/0/email",
            "/contacts/0/urls/0/url",
        ],
    ),
    ("reaction", &["/reaction", "/reaction/message_id", "/reaction/emoji"]),
    (
        "button",
        &[
            "/interactive",
            "/interactive/type",
            "/interactive/header/type",
            "/interactive/header/image",
            "/interactive/body",
            "/interactive/body/text",
            "/interactive/footer/text",
            "/interactive/action",
            "A/buttons",
            "A/buttons/0/type",
            "A/buttons/0/reply",
            "A/buttons/0/reply/id",
            "A/buttons/0/reply/title",
        ],
    ),
    (
        "list",
        &[
            "/interactive/body",
            "/interactive/header/text",
            "A/button",
            "A/sections",
            "A/sections/0/title",
            "A/sections/1/rows",
            "A/sections/0/rows/0/id",
            "A/sections/0/rows/0/title",
        ],
    ),
    ("cta_url", &["/interactive/body", "A/name", "A/parameters", "A/parameters/display_text", "A/parameters/url"]),
    ("location_request_message", &["/interactive/body", "A/name"]),
    (
        "flow",
        &[
            "/interactive/body",
            "A/name",
            "A/parameters",
            "A/parameters/flow_message_version",
            "A/parameters/flow_cta",
            "A/parameters/flow_action_payload/screen",
        ],
    ),
    ("product", &["A/catalog_id", "A/product_retailer_id"]),
    (
        "product_list",
        &[
            "/interactive/header",
            "/interactive/body",
            "A/catalog_id",
            "A/sections",
            "A/sections/1/title",
            "A/sections/0/product_items",
            "A/sections/0/product_items/1/product_retailer_id",
        ],
    ),
    ("catalog_message", &["/interactive/body", "A/name", "A/parameters/thumbnail_product_retailer_id"]),
    (
        "carousel",
        &[
            "/interactive/body",
            "A/cards",
            "A/cards/0/card_index",
            "A/cards/0/type",
            "A/cards/1/header",
            "A/cards/1/header/image",
            "A/cards/0/body/text",
            "A/cards/0/action",
            "A/cards/0/action/parameters/url",
        ],
    ),
    (
        "address_message",
        &[
            "/interactive/body",
            "A/parameters",
            "A/parameters/country",
            "A/parameters/saved_addresses/0/id",
            "A/parameters/saved_addresses/0/value",
        ],
    ),
    ("call_permission_request", &["A/name"]),
    ("request_contact_info", &["/interactive/body", "A/name"]),
    (
        "order_status",
        &["/interactive/body", "A/parameters/reference_id", "A/parameters/order", "A/parameters/order/status"],
    ),
    (
        "order_details",
        &[
            "/interactive/body",
            "A/parameters",
            "A/parameters/order",
            "A/parameters/total_amount/value",
            "A/parameters/order/items/0/name",
        ],
    ),
    ("template", &["/template", "/template/name", "/template/language", "/template/language/code"]),
    (
        "positional",
        &[
            "C/0/type",
            "C/0/parameters",
            "C/0/parameters/0/type",
            "C/0/parameters/0/document",
            "C/1/parameters/0/text",
            "C/1/parameters/1/currency",
            "C/1/parameters/1/currency/fallback_value",
            "C/1/parameters/1/currency/code",
            "C/1/parameters/1/currency/amount_1000",
            "C/1/parameters/2/date_time",
            "C/1/parameters/2/date_time/fallback_value",
            "C/2/sub_type",
            "C/2/index",
            "C/2/parameters",
            "C/2/parameters/0/payload",
            "C/3/parameters/0/text",
            "C/4/parameters/0/coupon_code",
        ],
    ),
    ("location header", &["C/0/parameters/0/location", "C/0/parameters/0/location/latitude"]),
    ("product header", &["C/0/parameters/0/product/product_retailer_id", "C/0/parameters/0/product/catalog_id"]),
    ("flow button", &["C/0/parameters/0/action"]),
    ("mpm button", &["C/0/parameters", "C/0/parameters/0/action/sections"]),
    ("carousel template", &["C/0/cards", "C/0/cards/0/card_index", "C/0/cards/0/components"]),
    ("limited-time offer", &["C/0/parameters", "C/0/parameters/0/limited_time_offer/expiration_time_ms"]),
];

const TOO_LONG: &[(&str, &str, usize)] = &[
    ("text", "/text/body", 4096),
    ("image", "/image/caption", 1024),
    ("video", "/video/caption", 1024),
    ("document", "/document/caption", 1024),
    ("document", "/document/id", 128),
    ("button", "/interactive/body/text", 1024),
    ("button", "/interactive/footer/text", 60),
    ("button", "A/buttons/0/reply/id", 256),
    ("button", "A/buttons/0/reply/title", 20),
    ("list", "/interactive/header/text", 60),
    ("list", "/interactive/body/text", 4096),
    ("list", "A/button", 20),
    ("list", "A/sections/0/title", 24),
    ("list", "A/sections/0/rows/0/id", 200),
    ("list", "A/sections/0/rows/0/title", 24),
    ("list", "A/sections/0/rows/0/description", 72),
    ("cta_url", "A/parameters/display_text", 20),
    ("cta_url", "A/parameters/url", 2000),
    ("flow", "A/parameters/flow_cta", 30),
    ("product", "/interactive/body/text", 1024),
    ("product_list", "A/sections/0/title", 24),
    ("carousel", "A/cards/0/body/text", 160),
    ("template", "/template/name", 512),
    ("positional", "C/1/parameters/0/text", 1024),
    ("positional", "C/2/parameters/0/payload", 256),
    ("positional", "C/3/parameters/0/text", 2000),
    ("positional", "C/4/parameters/0/coupon_code", 15),
    ("named", "C/0/parameters/0/text", 60),
    ("named", "C/1/parameters/0/parameter_name", 64),
];

const EMPTY: &[(&str, &str)] = &[
    ("text", "/text/body"),
    ("image", "/image/link"),
    ("button", "/interactive/body/text"),
    ("button", "A/buttons/1/reply/title"),
    ("list", "A/sections/0/rows/0/description"),
    ("flow", "A/parameters/flow_token"),
    ("positional", "C/1/parameters/0/text"),
];

/// Objects in which a member that nobody knows is named.
const PLACES: &[(&str, &str)] = &[
    ("text", "/text"),
    ("image", "/image"),
    ("location", "/location"),
    ("contacts", "/contacts/0"),
    ("contacts", "/contacts/0/name"),
    ("contacts", "/contacts/0/phones/0"),
    ("contacts", "/contacts/0/org"),
    ("reaction", "/reaction"),
    ("button", "/interactive"),
    ("button", "/interactive/header"),
    ("button", "/interactive/body"),
    ("button", "A"),
    ("button", "A/buttons/0"),
    ("button", "A/buttons/0/reply"),
    ("list", "A/sections/0"),
    ("list", "A/sections/0/rows/0"),
    ("cta_url", "A/parameters"),
    ("flow", "A/parameters"),
    ("flow", "A/parameters/flow_action_payload"),
    ("product_list", "A/sections/0/product_items/0"),
    ("carousel", "A/cards/0"),
    ("carousel", "A/cards/0/header"),
    ("address_message", "A/parameters/values"),
    ("order_status", "A/parameters/order"),
    ("template", "/template"),
    ("template", "/template/language"),
    ("positional", "C/0"),
    ("positional", "C/1/parameters/0"),
    ("positional", "C/1/parameters/1/currency"),
    ("positional", "C/1/parameters/2/date_time"),
    ("mpm button", "C/0/parameters/0/action"),
    ("carousel template", "C/0/cards/0"),
    ("limited-time offer", "C/0/parameters/0/limited_time_offer"),
];

/// Words that are none of Meta's.
fn words() -> Vec<Wrong> {
    let unsupported = [
        ("text", "/type"),
        ("button", "/interactive/type"),
        ("positional", "C/0/type"),
        ("positional", "C/0/parameters/0/type"),
        ("positional", "C/1/parameters/0/type"),
        ("positional", "C/2/sub_type"),
        ("positional", "C/2/parameters/0/type"),
        ("carousel template", "C/0/cards/0/components/0/type"),
    ];
    let invalid = [
        ("button", "/interactive/header/type"),
        ("button", "A/buttons/0/type"),
        ("cta_url", "A/name"),
        ("location_request_message", "A/name"),
        ("flow", "A/parameters/flow_message_version"),
        ("flow", "A/parameters/mode"),
        ("flow", "A/parameters/flow_action"),
        ("carousel", "A/cards/0/type"),
        ("carousel", "A/cards/0/header/type"),
        ("address_message", "A/parameters/country"),
        ("order_status", "A/parameters/order/status"),
        ("order_details", "A/parameters/currency"),
        ("template", "/template/language/policy"),
        ("positional", "C/1/parameters/1/currency/code"),
    ];
    let wrong = |(name, pointer): (&str, &str), code| changed(name, pointer, json!("no such"), code, &path(pointer));
    let unsupported = unsupported.into_iter().map(|case| wrong(case, "unsupported_kind"));
    let mut words: Vec<_> = unsupported.chain(invalid.into_iter().map(|case| wrong(case, "invalid_value"))).collect();
    words.push(changed("reaction", "/reaction/emoji", json!("good"), "invalid_value", "reaction.emoji"));
    words.push(changed(
        "contacts",
        "/contacts/0/birthday",
        json!("31.12.1990"),
        "invalid_time",
        "contacts[0].birthday",
    ));
    words.push(changed("template", "/template/name", json!("Hello"), "invalid_name", "template.name"));
    for (name, pointer) in [("image", "/image/link"), ("cta_url", "A/parameters/url")] {
        words.push(changed(name, pointer, json!("ftp://files.example"), "invalid_url", &path(pointer)));
    }
    for (name, pointer, text) in [
        ("button", "A/buttons/0/reply/id", " yes"),
        ("list", "A/sections/0/rows/0/id", "1 "),
        ("flow", "A/parameters/flow_cta", "Go 🚀"),
        ("carousel", "A/cards/0/body/text", "a\nb\nc\nd"),
        ("positional", "C/1/parameters/0/text", "a\nb"),
        ("positional", "C/1/parameters/0/text", "a     b"),
        ("positional", "C/3/parameters/0/text", "a\tb"),
        ("text", "/text/body", "a\u{0}b"),
    ] {
        words.push(changed(name, pointer, json!(text), "invalid_text", &path(pointer)));
    }
    words
}

/// One more or fewer than Meta takes.
fn counts() -> Vec<Wrong> {
    let rows = |count: usize, from: usize| -> Vec<Value> {
        (0..count).map(|i| json!({"id": format!("row {}", from + i), "title": "x"})).collect()
    };
    let items = |count: usize| vec![json!({"product_retailer_id": "x"}); count];
    let button = |i: usize| json!({"type": "reply", "reply": {"id": i.to_string(), "title": i.to_string()}});
    let of = |name, pointer| value(&example(name), pointer);
    let section = |rows: Vec<Value>| json!({"title": "x", "rows": rows});
    let cards = vec![of("carousel", "A/cards/0"); 11];
    let template_cards = vec![of("carousel template", "C/0/cards/0"); 11];
    let two = vec![of("positional", "C/0/parameters/0"); 2];
    vec![
        changed("contacts", "/contacts", json!([]), "too_few", "contacts"),
        changed("contacts", "/contacts", json!(vec![of("contacts", "/contacts/0"); 258]), "too_many", "contacts"),
        changed("button", "A/buttons", json!([]), "too_few", &path("A/buttons")),
        changed("button", "A/buttons", (0..4).map(button).collect(), "too_many", &path("A/buttons")),
        changed("list", "A/sections", json!([]), "too_few", &path("A/sections")),
        changed("list", "A/sections", json!(vec![section(rows(1, 0)); 11]), "too_many", &path("A/sections")),
        changed(
            "list",
            "A/sections",
            json!([section(rows(6, 0)), section(rows(5, 6))]),
            "too_many",
            &path("A/sections"),
        ),
        changed("list", "A/sections/0/rows", json!(rows(11, 0)), "too_many", &path("A/sections/0/rows")),
        changed("list", "A/sections/1/rows", json!([]), "too_few", &path("A/sections/1/rows")),
        changed(
            "product_list",
            "A/sections/0/product_items",
            json!(items(31)),
            "too_many",
            &path("A/sections/0/product_items"),
        ),
        changed("product_list", "A/sections/0/product_items", json!(items(29)), "too_many", &path("A/sections")),
        changed(
            "product_list",
            "A/sections",
            json!(vec![json!({"title": "x", "product_items": items(1)}); 11]),
            "too_many",
            &path("A/sections"),
        ),
        changed("carousel", "A/cards", json!([cards[0]]), "too_few", &path("A/cards")),
        changed("carousel", "A/cards", json!(cards), "too_many", &path("A/cards")),
        changed("carousel template", "C/0/cards", json!([template_cards[0]]), "too_few", &path("C/0/cards")),
        changed("carousel template", "C/0/cards", json!(template_cards), "too_many", &path("C/0/cards")),
        changed("positional", "C/0/parameters", json!(two), "too_many", &path("C/0/parameters")),
        changed("positional", "C/1/parameters", json!([]), "empty", &path("C/1/parameters")),
        changed("contacts", "/contacts/0/org", json!({}), "empty", "contacts[0].org"),
        changed(
            "flow",
            "A/parameters/flow_action_payload/data",
            json!({}),
            "empty",
            &path("A/parameters/flow_action_payload/data"),
        ),
    ]
}

/// What may be there once only.
fn doubles() -> Vec<Wrong> {
    let double = |name: &str, pointer: &str, of: &str| {
        let of = value(&example(name), of);
        changed(name, pointer, of, "duplicate", &path(pointer))
    };
    let again = |name: &str, from: &str, to: &str, field: &str| {
        let of = value(&example(name), from);
        changed(name, to, of, "duplicate", &path(field))
    };
    vec![
        double("button", "A/buttons/1/reply/id", "A/buttons/0/reply/id"),
        double("button", "A/buttons/1/reply/title", "A/buttons/0/reply/title"),
        double("list", "A/sections/1/rows/0/id", "A/sections/0/rows/0/id"),
        double("named", "C/1/parameters/1/parameter_name", "C/1/parameters/0/parameter_name"),
        again("positional", "C/0", "C/5", "C/5/type"),
        again("positional", "C/1", "C/5", "C/5/type"),
        again("positional", "C/2", "C/5", "C/5/index"),
        again("carousel template", "C/0", "C/1", "C/1/type"),
        again(
            "carousel template",
            "C/0/cards/0/components/1",
            "C/0/cards/0/components/2",
            "C/0/cards/0/components/2/index",
        ),
    ]
}

/// Fields that do not go together.
fn combinations() -> Vec<Wrong> {
    let header = json!({"type": "text", "text": "x"});
    let image = json!({"type": "image", "image": {"id": "1"}});
    let mut wrong = vec![
        changed("image", "/image/id", json!("1"), "exactly_one", "image.id"),
        missing_at("video", "/video/id", "exactly_one", "video.id"),
        changed("audio", "/audio/caption", json!("x"), "unknown_field", "audio.caption"),
        changed("sticker", "/sticker/caption", json!("x"), "unknown_field", "sticker.caption"),
        changed("image", "/image/filename", json!("x"), "unknown_field", "image.filename"),
        changed("text", "/image", json!({"id": "1"}), "unknown_field", "image"),
        changed(
            "contacts",
            "/contacts/0/name",
            json!({"formatted_name": "Ana"}),
            "missing_field",
            "contacts[0].name.first_name",
        ),
        changed(
            "button",
            "/interactive/header/image/caption",
            json!("x"),
            "not_allowed",
            "interactive.header.image.caption",
        ),
        changed("list", "/interactive/header", image, "invalid_value", "interactive.header.type"),
        changed("carousel", "/interactive/footer", json!({"text": "x"}), "not_allowed", "interactive.footer"),
        changed("flow", "A/parameters/flow_name", json!("x"), "exactly_one", &path("A/parameters/flow_id")),
        missing_at("flow", "A/parameters/flow_id", "exactly_one", &path("A/parameters/flow_id")),
        changed(
            "flow",
            "A/parameters/flow_action",
            json!("data_exchange"),
            "not_allowed",
            &path("A/parameters/flow_action_payload"),
        ),
        changed(
            "carousel",
            "A/cards/1/action",
            json!({"buttons": [{"type": "quick_reply", "quick_reply": {"id": "1", "title": "1"}}]}),
            "mismatch",
            &path("A/cards/1/action"),
        ),
        changed(
            "carousel template",
            "C/0/cards/1/components/1/index",
            json!(1),
            "mismatch",
            &path("C/0/cards/1/components"),
        ),
        changed(
            "carousel template",
            "C/0/cards/1/components/0",
            json!({"type": "body", "parameters": [
            {"type": "text", "text": "x"}]}),
            "missing_field",
            &path("C/0/cards/1/components"),
        ),
        missing_at("named", "C/1/parameters/1/parameter_name", "mismatch", &path("C/1/parameters/1/parameter_name")),
        changed("contact button", "C/0/parameters", json!([]), "not_allowed", &path("C/0/parameters")),
        changed(
            "positional",
            "C/0/parameters/0/document/caption",
            json!("x"),
            "not_allowed",
            &path("C/0/parameters/0/document/caption"),
        ),
        changed(
            "positional",
            "C/0/parameters/0",
            json!({"type": "gif", "gif": {"id": "1"}}),
            "not_allowed",
            &path("C/0/parameters/0/type"),
        ),
        changed("positional", "/template/templateParams", json!(["Ana"]), "exactly_one", "template.templateParams"),
        changed("template", "/template/templateParams", json!("Ana"), "wrong_type", "template.templateParams"),
        changed("template", "/template/templateParams", json!(["Ana", ""]), "empty", "template.templateParams[1]"),
        changed("template", "/template/templateParams", json!(["a\nb"]), "invalid_text", "template.templateParams[0]"),
        changed("template", "/template/templateParams", json!([true]), "wrong_type", "template.templateParams[0]"),
    ];
    for name in ["location_request_message", "product", "catalog_message", "carousel", "call_permission_request"] {
        wrong.push(changed(name, "/interactive/header", header.clone(), "not_allowed", "interactive.header"));
    }
    wrong
}

/// Numbers beyond what they may be.
fn numbers() -> Vec<Wrong> {
    let beyond = [
        ("location", "/location/latitude", json!(90.1)),
        ("location", "/location/longitude", json!("-180.1")),
        ("carousel", "A/cards/0/card_index", json!(10)),
        ("positional", "C/2/index", json!(10)),
        ("order_details", "A/parameters/order/items/0/quantity", json!(0)),
        ("order_details", "A/parameters/total_amount/value", json!(-1)),
        ("positional", "C/2/index", json!("-1")),
        ("positional", "C/1/parameters/2/date_time/month", json!(13)),
        ("positional", "C/1/parameters/2/date_time/day_of_week", json!(0)),
        ("limited-time offer", "C/0/parameters/0/limited_time_offer/expiration_time_ms", json!(0)),
    ];
    let no_number = [
        ("location", "/location/latitude", json!("north")),
        ("location", "/location/latitude", json!("NaN")),
        ("location", "/location/longitude", json!(true)),
        ("positional", "C/2/index", json!("first")),
        ("positional", "C/1/parameters/1/currency/amount_1000", json!(1.5)),
        ("text", "/text/preview_url", json!("yes")),
        ("audio", "/audio/voice", json!(1)),
        ("button", "A/buttons", json!({})),
        ("list", "A/sections/0/rows/0", json!("1")),
    ];
    let beyond =
        beyond.into_iter().map(|(name, pointer, to)| changed(name, pointer, to, "out_of_range", &path(pointer)));
    let no_number =
        no_number.into_iter().map(|(name, pointer, to)| changed(name, pointer, to, "wrong_type", &path(pointer)));
    let mut numbers: Vec<_> = beyond.chain(no_number).collect();
    for (name, pointer) in [("carousel", "A/cards/1/card_index"), ("carousel template", "C/0/cards/1/card_index")] {
        numbers.push(changed(name, pointer, json!(0), "invalid_value", &path(pointer)));
    }
    numbers
}

fn example(name: &str) -> Value {
    examples::good().into_iter().find(|(known, _)| *known == name).map(|(_, message)| message).unwrap()
}

fn missing(name: &str, pointer: &str) -> Wrong {
    missing_at(name, pointer, "missing_field", &path(pointer))
}

fn missing_at(name: &str, pointer: &str, code: &'static str, field: &str) -> Wrong {
    let mut message = example(name);
    let full = full(pointer);
    let (parent, key) = full.rsplit_once('/').unwrap();
    let removed = message.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    assert!(removed.is_some(), "{name} has no {full}");
    Wrong { message, code, field: field.to_owned() }
}

/// The example with another value at `pointer`, which may be new in its object or at the end of its list.
fn changed(name: &str, pointer: &str, to: Value, code: &'static str, field: &str) -> Wrong {
    let mut message = example(name);
    let full = full(pointer);
    let (parent, key) = full.rsplit_once('/').unwrap();
    match message.pointer_mut(parent).unwrap() {
        Value::Array(items) => {
            let at: usize = key.parse().unwrap();
            if at < items.len() { items[at] = to } else { items.push(to) }
        }
        object => object[key] = to,
    }
    Wrong { message, code, field: field.to_owned() }
}

fn value(message: &Value, pointer: &str) -> Value {
    message.pointer(&full(pointer)).unwrap().clone()
}

fn full(pointer: &str) -> String {
    match pointer.split_at_checked(1) {
        Some(("A", rest)) => format!("{A}{rest}"),
        Some(("C", rest)) => format!("{C}{rest}"),
        _ => pointer.to_owned(),
    }
}

/// The pointer as problems write it.
fn path(pointer: &str) -> String {
    let full = full(pointer);
    let mut path = String::new();
    for part in full.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) if path.is_empty() => path.push_str(part),
            Err(_) => path.push_str(&format!(".{part}")),
        }
    }
    path
}
