//! The fields of a plain form as the members `POST /_control/inbound` takes, so that both go one way.

use serde_json::{Map, Value, json};

/// The catalogue of a basket that names none.
const CATALOG: &str = "194836987003835";
/// What every product costs on this phone: the simulator has no catalogue to look it up in.
const PRICE: f64 = 25.0;
const CURRENCY: &str = "USD";

/// Members that are numbers or yes and no; a form has nothing but texts.
const TYPED: [&str; 6] = ["latitude", "longitude", "accept", "permanent", "voice", "retry"];

/// The members of a message. Fields that were left blank are not there.
///
/// # Errors
/// In words, which field is not what it should be.
pub(super) fn members(digits: &str, fields: Vec<(String, String)>) -> Result<Map<String, Value>, String> {
    let mut members = Map::new();
    let mut items = Vec::new();
    let mut card = Map::new();
    let mut referral = Map::new();
    members.insert("from".into(), json!(digits));
    for (name, value) in fields {
        if value.trim().is_empty() {
            continue;
        }
        if let Some(id) = name.strip_prefix("quantity:") {
            let quantity: u32 = value.trim().parse().map_err(|_| format!("the quantity of {id} is a whole number"))?;
            if quantity > 0 {
                items.push(json!({
                    "product_retailer_id": id, "quantity": quantity, "item_price": PRICE, "currency": CURRENCY,
                }));
            }
        } else if let Some(name) = name.strip_prefix("contact:") {
            card.insert(name.to_owned(), json!(value));
        } else if let Some(name) = name.strip_prefix("referral:") {
            referral.insert(name.to_owned(), json!(value));
        } else if name == "number" {
            members.insert("phone_number_id".into(), json!(value));
        } else if TYPED.contains(&name.as_str()) {
            let typed = serde_json::from_str::<Value>(value.trim());
            let typed = typed.map_err(|_| format!("{name} is a number, true or false"))?;
            members.insert(name, typed);
        } else {
            members.insert(name, json!(value));
        }
    }
    if !items.is_empty() {
        members.insert("items".into(), json!(items));
    }
    if members.get("type") == Some(&json!("order")) && !members.contains_key("catalog_id") {
        members.insert("catalog_id".into(), json!(CATALOG));
    }
    if !card.is_empty() {
        members.insert("contacts".into(), json!([contact(&card)]));
    }
    if !referral.is_empty() {
        members.insert("referral".into(), Value::Object(referral));
    }
    Ok(members)
}

fn contact(fields: &Map<String, Value>) -> Value {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let mut card = json!({"name": {"formatted_name": name, "first_name": first}});
    if !last.is_empty() {
        card["name"]["last_name"] = json!(last);
    }
    let phone = text("phone");
    if !phone.is_empty() {
        let digits = crate::world::digits_of(phone);
        card["phones"] = json!([{"phone": phone, "wa_id": digits, "type": "CELL"}]);
    }
    card
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, &str)]) -> Result<Value, String> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        members("123", fields).map(Value::Object)
    }

    #[test]
    fn blank_fields_are_left_out_and_numbers_are_numbers() {
        let place = of(&[("type", "location"), ("latitude", "32.8"), ("longitude", " 35 "), ("name", " ")]);
        assert_eq!(place, Ok(json!({"from": "123", "type": "location", "latitude": 32.8, "longitude": 35})));
        assert_eq!(of(&[("latitude", "north")]), Err("latitude is a number, true or false".to_owned()));
    }

    #[test]
    fn a_basket_holds_what_was_counted() {
        let order = of(&[("type", "order"), ("quantity:A", "2"), ("quantity:B", "0")]).expect("members");
        let item = json!({"product_retailer_id": "A", "quantity": 2, "item_price": 25.0, "currency": "USD"});
        assert_eq!((&order["items"], &order["catalog_id"]), (&json!([item]), &json!(CATALOG)));
        assert!(of(&[("quantity:A", "many")]).is_err());
    }

    #[test]
    fn a_card_has_a_name_in_parts() {
        let card = of(&[("contact:name", "Noa Levi"), ("contact:phone", "+972 50 1")]).expect("members");
        assert_eq!(
            card["contacts"],
            json!([{"name": {"formatted_name": "Noa Levi", "first_name": "Noa", "last_name": "Levi"},
                    "phones": [{"phone": "+972 50 1", "wa_id": "972501", "type": "CELL"}]}])
        );
    }
}
