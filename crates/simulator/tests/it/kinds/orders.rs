//! Orders that are paid in WhatsApp, which only some countries have.

use serde_json::json;

use super::{Case, case};

pub fn orders() -> Vec<Case> {
    let header = json!({"type": "text", "text": "h"});
    let amount = json!({"value": 21000, "offset": 100});
    let status = json!({"type": "interactive", "interactive": {"type": "order_status", "body": {"text": "b"},
        "footer": {"text": "f"}, "action": {"name": "review_order", "parameters": {"reference_id": "o-1",
            "order": {"status": "shipped", "description": "d"}}}}});
    let details = json!({"type": "interactive", "interactive": {"type": "order_details", "header": header,
        "body": {"text": "b"}, "footer": {"text": "f"}, "action": {"name": "review_and_pay", "parameters": {
            "reference_id": "o-1", "type": "digital-goods", "currency": "INR", "payment_configuration": "c",
            "payment_settings": [{"type": "upi_vpa"}], "total_amount": amount, "order": {"status": "pending",
                "subtotal": amount, "tax": amount, "expiration": {"timestamp": "1795600000", "description": "d"},
                "items": [{"retailer_id": "sku-1", "name": "Tea", "amount": amount, "quantity": 1}]}}}}});
    let parameters = |rest: &str| -> &'static str { format!("/interactive/action/parameters/{rest}").leak() };
    vec![
        Case {
            required: vec![(parameters("reference_id"), 131_008), (parameters("order/status"), 131_008)],
            limits: vec![("/interactive/footer/text", 60)],
            wrong: vec![
                ("/interactive/header", header, 131_009),
                (parameters("order/status"), json!("eaten"), 100),
                ("/interactive/action/name", json!("review_and_pay"), 100),
            ],
            ..case("order status", status)
        },
        Case {
            required: vec![
                ("/interactive/body", 131_008),
                (parameters("reference_id"), 131_008),
                (parameters("type"), 131_008),
                (parameters("currency"), 131_008),
                (parameters("total_amount"), 131_008),
                (parameters("total_amount/value"), 131_008),
                (parameters("total_amount/offset"), 131_008),
                (parameters("order"), 131_008),
                (parameters("order/status"), 131_008),
                (parameters("order/subtotal"), 131_008),
                (parameters("order/items"), 131_008),
                (parameters("order/items/0/name"), 131_008),
                (parameters("order/items/0/amount"), 131_008),
                (parameters("order/items/0/quantity"), 131_008),
            ],
            limits: vec![("/interactive/footer/text", 60), (parameters("order/items/0/name"), 60)],
            wrong: vec![
                (parameters("type"), json!("services"), 100),
                (parameters("currency"), json!("EUR"), 100),
                (parameters("total_amount/offset"), json!(1000), 131_009),
                (parameters("total_amount/value"), json!(-1), 100),
                (parameters("order/status"), json!("shipped"), 100),
                (parameters("order/items"), json!([]), 131_009),
                (parameters("order/items/0/quantity"), json!(0), 131_009),
            ],
            free: vec![parameters("payment_settings")],
            ..case("order details", details)
        },
    ]
}
