//! Any well-formed message, as Meta's own object.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Not blank, at most so long, of any script.
fn text(chars_max: usize) -> impl Strategy<Value = String> {
    let chars = prop_oneof![4 => "[a-zA-Z0-9 .,]".boxed(), 1 => "[אבגשلमी😀é\n]".boxed()];
    vec(chars, 1..=chars_max.min(40)).prop_map(|chars| {
        let text = chars.concat();
        if text.trim().is_empty() { "x".to_owned() } else { text }
    })
}

/// As [`text`], but what a parameter of a template takes.
fn line(chars_max: usize) -> impl Strategy<Value = String> {
    text(chars_max).prop_map(|text| {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() { "x".to_owned() } else { line }
    })
}

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_-]{1,40}"
}

/// The members that are there.
fn object(members: Vec<(&'static str, Option<Value>)>) -> Value {
    Value::Object(members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

fn some<T: Into<Value>>(value: T) -> Option<Value> {
    Some(value.into())
}

fn source() -> impl Strategy<Value = (&'static str, String)> {
    prop_oneof![
        id().prop_map(|id| ("id", id)),
        "https?://[a-z]{1,20}\\.example/[a-z0-9?=]{0,20}".prop_map(|link| ("link", link)),
    ]
}

fn medium(kind: &'static str, in_header: bool) -> BoxedStrategy<Value> {
    (source(), option::of(text(1024)), option::of(id()), option::of(any::<bool>()))
        .prop_map(move |((key, source), caption, filename, voice)| {
            let takes_caption = !in_header && matches!(kind, "image" | "video" | "document");
            object(vec![
                (key, some(source)),
                ("caption", caption.filter(|_| takes_caption).map(Value::from)),
                ("filename", filename.filter(|_| kind == "document").map(Value::from)),
                ("voice", voice.filter(|_| kind == "audio").map(Value::from)),
            ])
        })
        .boxed()
}

/// `{"type": kind, kind: medium}`
fn typed_medium(kinds: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::sample::select(kinds)
        .prop_flat_map(|kind| medium(kind, true).prop_map(move |medium| json!({"type": kind, kind: medium})))
}

fn location() -> impl Strategy<Value = Value> {
    let degrees = |limit: i32| {
        let number = (-limit * 1_000_000..=limit * 1_000_000).prop_map(|micro| f64::from(micro) / 1e6);
        (number, any::<bool>())
            .prop_map(|(number, as_text)| if as_text { json!(number.to_string()) } else { json!(number) })
    };
    (degrees(90), degrees(180), option::of(text(100)), option::of(text(100))).prop_map(
        |(north, east, name, address)| {
            object(vec![
                ("latitude", Some(north)),
                ("longitude", Some(east)),
                ("name", name.map(Value::from)),
                ("address", address.map(Value::from)),
            ])
        },
    )
}

/// An object of texts, the first of which is always there.
fn texts(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    (text(100), vec(option::of(text(100)), keys.len() - 1)).prop_map(move |(first, rest)| {
        let values = std::iter::once(Some(first)).chain(rest);
        object(keys.iter().copied().zip(values.map(|value| value.map(Value::from))).collect())
    })
}

fn contact() -> impl Strategy<Value = Value> {
    let list = |keys| option::of(vec(texts(keys), 0..3));
    (
        texts(&["formatted_name", "last_name", "middle_name", "suffix", "prefix"]),
        (list(&["phone", "type", "wa_id"]), list(&["email", "type"]), list(&["url", "type"])),
        list(&["street", "city", "state", "zip", "country", "country_code", "type"]),
        option::of(texts(&["company", "department", "title"])),
        option::of((1900..2100_i16, 1..=12_i8, 1..=28_i8)),
    )
        .prop_map(|(mut name, (phones, emails, urls), addresses, org, birthday)| {
            name["first_name"] = json!("Ana");
            let list = |list: Option<Vec<Value>>| list.map(Value::from);
            object(vec![
                ("name", Some(name)),
                ("phones", list(phones)),
                ("emails", list(emails)),
                ("urls", list(urls)),
                ("addresses", list(addresses)),
                ("org", org),
                ("birthday", birthday.map(|(year, month, day)| json!(format!("{year:04}-{month:02}-{day:02}")))),
            ])
        })
}

fn reaction() -> impl Strategy<Value = Value> {
    (id(), proptest::sample::select(vec!["", "👍", "❤️", "1️⃣", "👩‍👩‍👧"]))
        .prop_map(|(id, emoji)| json!({"message_id": id, "emoji": emoji}))
}

fn data() -> impl Strategy<Value = Value> {
    let members = proptest::collection::btree_map(
        id(),
        prop_oneof![any::<i32>().prop_map(Value::from), text(20).prop_map(Value::from)],
        1..4,
    );
    members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// Ids or titles of which none is there twice.
fn numbered(base: &str, i: usize, chars_max: usize) -> String {
    let number = i.to_string();
    let kept: String = base.trim().chars().take(chars_max - number.len()).collect();
    format!("{kept}{number}")
}

fn replies(kind: &'static str, count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Value> {
    vec((id(), line(20)), count).prop_map(move |buttons| {
        let button = |(i, (id, title)): (usize, (String, String))| {
            json!({"type": kind, kind: {"id": numbered(&id, i, 256), "title": numbered(&title, i, 20)}})
        };
        buttons.into_iter().enumerate().map(button).collect()
    })
}

fn link() -> impl Strategy<Value = Value> {
    text(20).prop_map(
        |shown| json!({"name": "cta_url", "parameters": {"display_text": shown, "url": "https://waypost.example/a"}}),
    )
}

fn sections(key: &'static str, item: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    (vec((line(24), vec(item, 1..=3)), 1..=3), any::<bool>()).prop_map(move |(sections, titled)| {
        let several = sections.len() > 1;
        let section = |(title, items): (String, Vec<Value>)| {
            object(vec![("title", (several || titled).then(|| json!(title))), (key, Some(json!(items)))])
        };
        sections.into_iter().map(section).collect()
    })
}

fn rows() -> impl Strategy<Value = Value> {
    let row = (line(24), option::of(text(72))).prop_map(|(title, description)| {
        object(vec![("id", some("")), ("title", some(title)), ("description", description.map(Value::from))])
    });
    sections("rows", row.boxed()).prop_map(|mut sections| {
        let rows =
            sections.as_array_mut().into_iter().flatten().flat_map(|s| s["rows"].as_array_mut().into_iter().flatten());
        rows.enumerate().for_each(|(i, row)| row["id"] = json!(numbered("row", i, 200)));
        sections
    })
}

fn products() -> impl Strategy<Value = Value> {
    sections("product_items", id().prop_map(|id| json!({"product_retailer_id": id})).boxed())
}

fn flow() -> impl Strategy<Value = Value> {
    let payload =
        (id(), option::of(data())).prop_map(|(screen, data)| object(vec![("screen", some(screen)), ("data", data)]));
    let action = prop_oneof![
        option::of(payload).prop_map(|payload| (Some("navigate"), payload)),
        Just((Some("data_exchange"), None)),
        Just((None, None)),
    ];
    let reference = prop_oneof![id().prop_map(|id| ("flow_id", id)), text(100).prop_map(|name| ("flow_name", name))];
    (
        reference,
        "[a-zA-Z ]{0,29}!",
        option::of(id()),
        option::of(proptest::sample::select(vec!["draft", "published"])),
        action,
    )
        .prop_map(|((key, reference), cta, token, mode, (action, payload))| {
            object(vec![
                ("flow_message_version", some("3")),
                (key, some(reference)),
                ("flow_cta", some(cta)),
                ("flow_token", token.map(Value::from)),
                ("mode", mode.map(Value::from)),
                ("flow_action", action.map(Value::from)),
                ("flow_action_payload", payload),
            ])
        })
}

fn cards() -> impl Strategy<Value = Value> {
    let action = prop_oneof![link(), replies("quick_reply", 1..=3).prop_map(|buttons| json!({"buttons": buttons})),];
    let card = (typed_medium(&["image", "video"]), option::of(line(160)));
    (action, vec(card, 2..=10), any::<bool>()).prop_map(|(action, cards, as_text)| {
        let card = |(i, (header, body)): (usize, (Value, Option<String>))| {
            object(vec![
                ("card_index", Some(index(i, as_text))),
                ("type", some("cta_url")),
                ("header", Some(header)),
                ("body", body.map(|text| json!({"text": text}))),
                ("action", Some(action.clone())),
            ])
        };
        json!({"cards": cards.into_iter().enumerate().map(card).collect::<Vec<_>>()})
    })
}

fn index(position: usize, as_text: bool) -> Value {
    if as_text { json!(position.to_string()) } else { json!(position) }
}

fn order_details() -> impl Strategy<Value = Value> {
    let amount = (0..100_000_i32).prop_map(|value| json!({"value": value, "offset": 100})).boxed();
    let item = (id(), line(60), amount.clone(), 1..9_i32).prop_map(
        |(id, name, amount, quantity)| json!({"retailer_id": id, "name": name, "amount": amount, "quantity": quantity}),
    );
    (id(), amount, vec(item, 1..3), option::of(data())).prop_map(|(id, amount, items, extra)| {
        let settings = extra.map(|extra| json!([{"type": "payment_gateway", "payment_gateway": extra}]));
        let order = json!({"status": "pending", "items": items, "subtotal": amount, "tax": amount});
        let parameters = vec![
            ("reference_id", some(id)),
            ("type", some("digital-goods")),
            ("currency", some("INR")),
            ("payment_settings", settings),
            ("total_amount", Some(amount.clone())),
            ("order", Some(order)),
        ];
        json!({"name": "review_and_pay", "parameters": object(parameters)})
    })
}

fn action() -> impl Strategy<Value = (&'static str, Value)> {
    let named = |name: &'static str| Just(json!({"name": name})).boxed();
    let address = option::of(texts(&["name", "phone_number", "in_pin_code", "city"])).prop_map(|values| {
        json!({"name": "address_message", "parameters": object(vec![("country", some("IN")), ("values", values)])})
    });
    let catalog = option::of(id()).prop_map(|id| {
        let parameters = id.map(|id| json!({"thumbnail_product_retailer_id": id}));
        object(vec![("name", some("catalog_message")), ("parameters", parameters)])
    });
    let order = (id(), option::of(text(120))).prop_map(|(id, description)| {
        let order = object(vec![("status", some("shipped")), ("description", description.map(Value::from))]);
        json!({"name": "review_order", "parameters": {"reference_id": id, "order": order}})
    });
    let kinds: Vec<(&'static str, BoxedStrategy<Value>)> = vec![
        ("button", replies("reply", 1..=3).prop_map(|buttons| json!({"buttons": buttons})).boxed()),
        ("list", (line(20), rows()).prop_map(|(button, rows)| json!({"button": button, "sections": rows})).boxed()),
        ("cta_url", link().boxed()),
        ("location_request_message", named("send_location")),
        ("flow", flow().prop_map(|flow| json!({"name": "flow", "parameters": flow})).boxed()),
        ("product", (id(), id()).prop_map(|(c, p)| json!({"catalog_id": c, "product_retailer_id": p})).boxed()),
        ("product_list", (id(), products()).prop_map(|(c, s)| json!({"catalog_id": c, "sections": s})).boxed()),
        ("catalog_message", catalog.boxed()),
        ("carousel", cards().boxed()),
        ("address_message", address.boxed()),
        ("call_permission_request", named("call_permission_request")),
        ("request_contact_info", named("request_contact_info")),
        ("order_status", order.boxed()),
        ("order_details", order_details().boxed()),
    ];
    proptest::sample::select(kinds).prop_flat_map(|(kind, action)| action.prop_map(move |action| (kind, action)))
}

fn interactive() -> impl Strategy<Value = Value> {
    let text_header = text(60).prop_map(|text| json!({"type": "text", "text": text})).boxed();
    let any_header = prop_oneof![text_header.clone(), typed_medium(&["image", "video", "document"])];
    (action(), text_header, option::of(any_header), (any::<bool>(), any::<bool>()), text(1024), option::of(text(60)))
        .prop_map(|((kind, action), text_header, any_header, (with_header, with_body), body, footer)| {
            let header = match kind {
                "button" | "cta_url" | "flow" | "address_message" | "order_details" => any_header,
                "list" => with_header.then_some(text_header),
                "product_list" => Some(text_header),
                _ => None,
            };
            let has_body = with_body || !matches!(kind, "product" | "call_permission_request");
            object(vec![
                ("type", some(kind)),
                ("header", header),
                ("body", has_body.then(|| json!({"text": body}))),
                ("footer", footer.filter(|_| kind != "carousel").map(|text| json!({"text": text}))),
                ("action", Some(action)),
            ])
        })
}

fn text_parameter(chars_max: usize) -> impl Strategy<Value = Value> {
    line(chars_max).prop_map(|text| json!({"type": "text", "text": text}))
}

fn header() -> impl Strategy<Value = Value> {
    let product = (id(), id()).prop_map(|(product, catalog)| {
        json!({"type": "product", "product": {"product_retailer_id": product, "catalog_id": catalog}})
    });
    let parameter = prop_oneof![
        text_parameter(60),
        typed_medium(&["image", "video", "gif", "document"]),
        location().prop_map(|location| json!({"type": "location", "location": location})),
        product,
    ];
    parameter.prop_map(|parameter| json!({"type": "header", "parameters": [parameter]}))
}

fn body() -> impl Strategy<Value = Value> {
    let currency = (line(20), any::<i32>(), any::<bool>()).prop_map(|(shown, amount, as_text)| {
        let amount = if as_text { json!(amount.to_string()) } else { json!(amount) };
        json!({"type": "currency", "currency": {"fallback_value": shown, "code": "INR", "amount_1000": amount}})
    });
    let time = (line(20), option::of(1..=7_i64), option::of(0..=23_i64)).prop_map(|(shown, day, hour)| {
        let members = vec![
            ("fallback_value", some(shown)),
            ("day_of_week", day.map(Value::from)),
            ("hour", hour.map(Value::from)),
            ("calendar", some("GREGORIAN")),
        ];
        json!({"type": "date_time", "date_time": object(members)})
    });
    let positional =
        vec(prop_oneof![2 => text_parameter(1024).boxed(), 1 => currency.boxed(), 1 => time.boxed()], 1..5);
    let named = vec(text_parameter(1024), 1..5).prop_map(|mut parameters| {
        for (i, parameter) in parameters.iter_mut().enumerate() {
            parameter["parameter_name"] = json!(format!("name_{i}"));
        }
        parameters
    });
    prop_oneof![positional, named].prop_map(|parameters| json!({"type": "body", "parameters": parameters}))
}

fn button() -> impl Strategy<Value = Value> {
    let action = |action: Value| json!({"type": "action", "action": action});
    let flow = (option::of(id()), option::of(data()))
        .prop_filter("an empty action is none", |(token, data)| token.is_some() || data.is_some())
        .prop_map(move |(token, data)| {
            Some(action(object(vec![("flow_token", token.map(Value::from)), ("flow_action_data", data)])))
        });
    let mpm = (option::of(id()), products()).prop_map(move |(thumbnail, sections)| {
        let thumbnail = thumbnail.map(Value::from);
        Some(action(object(vec![("thumbnail_product_retailer_id", thumbnail), ("sections", Some(sections))])))
    });
    let catalog = option::of(id().prop_map(move |id| action(json!({"thumbnail_product_retailer_id": id}))));
    let kinds: Vec<(&'static str, BoxedStrategy<Option<Value>>)> = vec![
        ("quick_reply", text(256).prop_map(|payload| Some(json!({"type": "payload", "payload": payload}))).boxed()),
        ("url", text_parameter(100).prop_map(Some).boxed()),
        ("copy_code", line(15).prop_map(|code| Some(json!({"type": "coupon_code", "coupon_code": code}))).boxed()),
        ("flow", prop_oneof![flow, Just(None)].boxed()),
        ("catalog", catalog.boxed()),
        ("CATALOG", Just(None).boxed()),
        ("mpm", mpm.boxed()),
        ("request_contact_info", Just(None).boxed()),
    ];
    (proptest::sample::select(kinds), any::<bool>()).prop_flat_map(|((kind, parameter), as_text)| {
        parameter.prop_map(move |parameter| {
            object(vec![
                ("type", some("button")),
                ("sub_type", some(kind)),
                ("index", Some(index(0, as_text))),
                ("parameters", parameter.map(|parameter| json!([parameter]))),
            ])
        })
    })
}

/// The buttons, each with its place.
fn buttons() -> impl Strategy<Value = Vec<Value>> {
    vec(button(), 0..4).prop_map(|mut buttons| {
        for (i, button) in buttons.iter_mut().enumerate() {
            let as_text = button["index"].is_string();
            button["index"] = index(i, as_text);
        }
        buttons
    })
}

fn template_cards() -> impl Strategy<Value = Value> {
    let card = (medium("image", true), option::of(body()));
    (vec(card, 2..=10), buttons()).prop_map(|(cards, buttons)| {
        let card = |(i, (image, body)): (usize, (Value, Option<Value>))| {
            let header = json!({"type": "header", "parameters": [{"type": "image", "image": image}]});
            let components: Vec<Value> = std::iter::once(header).chain(body).chain(buttons.clone()).collect();
            json!({"card_index": i, "components": components})
        };
        json!({"type": "carousel", "cards": cards.into_iter().enumerate().map(card).collect::<Vec<_>>()})
    })
}

fn template() -> impl Strategy<Value = Value> {
    let offer = (1..i64::MAX).prop_map(|end| {
        let parameter = json!({"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": end}});
        json!({"type": "limited_time_offer", "parameters": [parameter]})
    });
    let parts = (option::of(header()), option::of(body()), option::of(offer), option::of(template_cards()), buttons());
    ("[a-z0-9_]{1,30}", "[a-z]{2}_[A-Z]{2}", any::<bool>(), parts).prop_map(
        |(name, code, policy, (header, body, offer, cards, buttons))| {
            let components: Vec<Value> =
                header.into_iter().chain(body).chain(offer).chain(cards).chain(buttons).collect();
            let policy = policy.then(|| json!("deterministic"));
            object(vec![
                ("name", some(name)),
                ("language", Some(object(vec![("code", some(code)), ("policy", policy)]))),
                ("components", (!components.is_empty()).then(|| json!(components))),
            ])
        },
    )
}

/// Any well-formed message: `type` and the member of that name.
pub(super) fn message() -> impl Strategy<Value = Value> {
    let text = (text(4096), option::of(any::<bool>()))
        .prop_map(|(body, preview)| object(vec![("body", some(body)), ("preview_url", preview.map(Value::from))]));
    let kinds: Vec<(&'static str, BoxedStrategy<Value>)> = vec![
        ("text", text.boxed()),
        ("image", medium("image", false)),
        ("video", medium("video", false)),
        ("audio", medium("audio", false)),
        ("document", medium("document", false)),
        ("sticker", medium("sticker", false)),
        ("location", location().boxed()),
        ("contacts", vec(contact(), 1..4).prop_map(Value::from).boxed()),
        ("reaction", reaction().boxed()),
        ("interactive", interactive().boxed()),
        ("interactive", interactive().boxed()),
        ("template", template().boxed()),
        ("template", template().boxed()),
    ];
    proptest::sample::select(kinds)
        .prop_flat_map(|(kind, body)| body.prop_map(move |body| json!({"type": kind, kind: body})))
}
