//! One good message of each kind, with every field that it may have.

use serde_json::{Value, json};

/// Name and message.
pub fn good() -> Vec<(&'static str, Value)> {
    let mut good = plain();
    good.extend(
        interactive().into_iter().map(|(name, body)| (name, json!({"type": "interactive", "interactive": body}))),
    );
    good.extend(templates().into_iter().map(|(name, body)| (name, json!({"type": "template", "template": body}))));
    good
}

/// Other ways to write them, which are as good: numbers as texts, and a footer where the first have none.
pub fn also_good() -> Vec<(String, Value)> {
    let mut good = Vec::new();
    let mut with = |name: &str, pointer: &str, value: Value| {
        let (_, mut message) = self::good().into_iter().find(|(found, _)| *found == name).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        message.pointer_mut(parent).unwrap()[key] = value;
        good.push((format!("{name} with {pointer}"), message));
    };
    for name in ["location_request_message", "call_permission_request", "request_contact_info"] {
        with(name, "/interactive/footer", json!({"text": "Carmel View"}));
    }
    with("carousel", "/interactive/action/cards/0/card_index", json!("0"));
    with("carousel template", "/template/components/0/cards/0/card_index", json!("0"));
    with("positional", "/template/components/1/parameters/1/currency/amount_1000", json!("25000"));
    let end = "/template/components/0/parameters/0/limited_time_offer/expiration_time_ms";
    with("limited-time offer", end, json!("1795600000000"));
    with("order_details", "/interactive/action/parameters/total_amount/value", json!("21000"));
    good
}

fn plain() -> Vec<(&'static str, Value)> {
    vec![
        ("text", json!({"type": "text", "text": {"body": "https://waypost.example", "preview_url": true}})),
        ("image", json!({"type": "image", "image": {"link": "https://files.example/a.jpg", "caption": "The room"}})),
        ("video", json!({"type": "video", "video": {"id": "1376223850470844", "caption": "The view"}})),
        ("audio", json!({"type": "audio", "audio": {"id": "1376223850470845", "voice": true}})),
        (
            "document",
            json!({"type": "document",
            "document": {"id": "1376223850470846", "filename": "order.pdf", "caption": "Receipt"}}),
        ),
        ("sticker", json!({"type": "sticker", "sticker": {"link": "https://files.example/a.webp"}})),
        (
            "location",
            json!({"type": "location",
            "location": {"latitude": 32.8, "longitude": "34.98", "name": "Carmel View", "address": "1 Panorama Road"}}),
        ),
        (
            "contacts",
            json!({"type": "contacts", "contacts": [{
            "name": {"formatted_name": "Dr Ana B. Lev Jr", "first_name": "Ana", "last_name": "Lev", "middle_name": "B.",
                "prefix": "Dr", "suffix": "Jr"},
            "phones": [{"phone": "+972 54 555 0128", "type": "WORK", "wa_id": "972545550128"}],
            "emails": [{"email": "ana@carmelview.example", "type": "WORK"}],
            "urls": [{"url": "https://carmelview.example", "type": "WORK"}],
            "addresses": [{"street": "1 Panorama Road", "city": "Haifa", "state": "HA", "zip": "3100000",
                "country": "Israel", "country_code": "il", "type": "WORK"}],
            "org": {"company": "Carmel View", "department": "Front desk", "title": "Manager"},
            "birthday": "1990-12-31"}]}),
        ),
        ("reaction", json!({"type": "reaction", "reaction": {"message_id": "wamid.HBgL", "emoji": "👍"}})),
        ("reaction taken back", json!({"type": "reaction", "reaction": {"message_id": "wamid.HBgL", "emoji": ""}})),
    ]
}

fn interactive() -> Vec<(&'static str, Value)> {
    let image = json!({"type": "image", "image": {"link": "https://files.example/a.jpg"}});
    let title = json!({"type": "text", "text": "Your stay"});
    let body = json!({"text": "What would you like?"});
    let footer = json!({"text": "Carmel View"});
    let link = json!({"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://waypost.example/a"}});
    let items = json!([{"product_retailer_id": "sku-1"}, {"product_retailer_id": "sku-2"}]);
    let card = |i: usize| json!({"card_index": i, "type": "cta_url", "header": image, "body": {"text": "A room"}, "action": link});
    vec![
        (
            "button",
            json!({"type": "button", "header": image, "body": body, "footer": footer, "action": {"buttons": [
            {"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
            {"type": "reply", "reply": {"id": "no", "title": "No"}}]}}),
        ),
        (
            "list",
            json!({"type": "list", "header": title, "body": body, "footer": footer,
            "action": {"button": "Menu", "sections": [
                {"title": "Food", "rows": [{"id": "1", "title": "Breakfast", "description": "From 7"}]},
                {"title": "Rooms", "rows": [{"id": "2", "title": "Towels"}]}]}}),
        ),
        ("cta_url", json!({"type": "cta_url", "header": title, "body": body, "footer": footer, "action": link})),
        (
            "location_request_message",
            json!({"type": "location_request_message", "body": body,
            "action": {"name": "send_location"}}),
        ),
        (
            "flow",
            json!({"type": "flow", "header": title, "body": body, "footer": footer, "action": {"name": "flow",
            "parameters": {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Check in", "flow_token": "t",
                "mode": "draft", "flow_action": "navigate",
                "flow_action_payload": {"screen": "FIRST", "data": {"room": 512}}}}}),
        ),
        (
            "product",
            json!({"type": "product", "body": body, "footer": footer,
            "action": {"catalog_id": "1", "product_retailer_id": "sku-1"}}),
        ),
        (
            "product_list",
            json!({"type": "product_list", "header": title, "body": body, "footer": footer,
            "action": {"catalog_id": "1", "sections": [
                {"title": "A", "product_items": items}, {"title": "B", "product_items": items}]}}),
        ),
        (
            "catalog_message",
            json!({"type": "catalog_message", "body": body, "footer": footer,
            "action": {"name": "catalog_message", "parameters": {"thumbnail_product_retailer_id": "sku-1"}}}),
        ),
        ("carousel", json!({"type": "carousel", "body": body, "action": {"cards": [card(0), card(1)]}})),
        (
            "address_message",
            json!({"type": "address_message", "header": title, "body": body, "footer": footer,
            "action": {"name": "address_message", "parameters": {"country": "IN",
                "values": {"name": "Asha", "in_pin_code": "400063"},
                "saved_addresses": [{"id": "home", "value": {"city": "Mumbai"}}],
                "validation_errors": {"in_pin_code": "We do not deliver there"}}}}),
        ),
        (
            "call_permission_request",
            json!({"type": "call_permission_request", "body": body,
            "action": {"name": "call_permission_request"}}),
        ),
        (
            "request_contact_info",
            json!({"type": "request_contact_info", "body": body,
            "action": {"name": "request_contact_info"}}),
        ),
        (
            "order_status",
            json!({"type": "order_status", "body": body, "footer": footer, "action": {"name": "review_order",
            "parameters": {"reference_id": "order-77", "order": {"status": "shipped", "description": "On its way"}}}}),
        ),
        (
            "order_details",
            json!({"type": "order_details", "header": image, "body": body, "footer": footer, "action": {
                "name": "review_and_pay", "parameters": {"reference_id": "order-77", "type": "digital-goods",
                    "currency": "INR", "payment_settings": [{"type": "upi_vpa"}],
                    "total_amount": {"value": 21000, "offset": 100},
                    "order": {"status": "pending", "subtotal": {"value": 21000, "offset": 100},
                        "items": [{"name": "Tea", "amount": {"value": 21000, "offset": 100}, "quantity": 1}]}}}}),
        ),
    ]
}

fn templates() -> Vec<(&'static str, Value)> {
    let language = json!({"policy": "deterministic", "code": "en_US"});
    let filled = |name: &str, components: Value| json!({"name": name, "language": language, "components": components});
    let header = |parameter: Value| json!({"type": "header", "parameters": [parameter]});
    let action = |sub_type: &str, action: Value| {
        json!([{"type": "button", "sub_type": sub_type, "index": "0",
            "parameters": [{"type": "action", "action": action}]}])
    };
    let image = header(json!({"type": "image", "image": {"link": "https://files.example/a.jpg"}}));
    let reply = json!({"type": "button", "sub_type": "quick_reply", "index": 0,
        "parameters": [{"type": "payload", "payload": "YES-77"}]});
    let card = |i: usize| json!({"card_index": i, "components": [image, reply]});
    vec![
        ("template", json!({"name": "hello_world", "language": language})),
        (
            "positional",
            filled(
                "positional",
                json!([
            header(json!({"type": "document", "document": {"id": "1376223850470846", "filename": "bill.pdf"}})),
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"},
                {"type": "currency", "currency": {"fallback_value": "$25", "code": "USD", "amount_1000": 25000}},
                {"type": "date_time", "date_time": {"fallback_value": "Friday", "day_of_week": 5, "month": 2}}]},
            reply,
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "A-1"}]},
            {"type": "button", "sub_type": "copy_code", "index": "2",
                "parameters": [{"type": "coupon_code", "coupon_code": "25OFF"}]}]),
            ),
        ),
        (
            "named",
            filled(
                "named",
                json!([
            header(json!({"type": "text", "parameter_name": "title", "text": "Hello"})),
            {"type": "body", "parameters": [{"type": "text", "parameter_name": "who", "text": "Ana"},
                {"type": "text", "parameter_name": "order_no", "text": "A-1"}]}]),
            ),
        ),
        (
            "location header",
            filled(
                "location_header",
                json!([header(json!({"type": "location",
            "location": {"latitude": "32.8", "longitude": 34.98, "name": "Carmel View"}}))]),
            ),
        ),
        (
            "product header",
            filled(
                "product_header",
                json!([header(json!({"type": "product",
            "product": {"product_retailer_id": "sku-1", "catalog_id": "1"}}))]),
            ),
        ),
        (
            "flow button",
            filled("flow_button", action("flow", json!({"flow_token": "t", "flow_action_data": {"room": 512}}))),
        ),
        (
            "catalog button",
            filled("catalog_button", action("CATALOG", json!({"thumbnail_product_retailer_id": "sku-1"}))),
        ),
        (
            "mpm button",
            filled(
                "mpm_button",
                action(
                    "mpm",
                    json!({"thumbnail_product_retailer_id": "sku-1", "sections": [
            {"title": "A", "product_items": [{"product_retailer_id": "sku-1"}]}]}),
                ),
            ),
        ),
        (
            "contact button",
            filled("contact_button", json!([{"type": "button", "sub_type": "request_contact_info", "index": 0}])),
        ),
        ("carousel template", filled("cards", json!([{"type": "carousel", "cards": [card(0), card(1)]}]))),
        (
            "limited-time offer",
            filled(
                "offer",
                json!([{"type": "limited_time_offer", "parameters": [
            {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1_795_600_000_000_i64}}]}]),
            ),
        ),
    ]
}
