//! The part of a callback's body that concerns one message.

use serde_json::{Map, Value};

use super::wire;
use crate::HookPart;

/// Keeps of each change the statuses and messages of one message, and the contacts they name; all other entries go.
pub(crate) fn part(body: &[u8], ids: &[&str], reference: &str) -> Option<HookPart> {
    let mut root = wire::parse(body).ok()?;
    let (mut kept, mut dropped) = (0, false);
    for entry in root.get_mut("entry")?.as_array_mut()? {
        let Some(changes) = entry.get_mut("changes").and_then(Value::as_array_mut) else { continue };
        let before = changes.len();
        changes.retain_mut(|change| {
            let Some(value) = change.get_mut("value").and_then(Value::as_object_mut) else { return false };
            let (found, lost) = narrow(value, ids, reference);
            kept += found;
            dropped |= lost;
            found > 0
        });
        dropped |= changes.len() < before;
    }
    if kept == 0 {
        return None;
    }
    if !dropped {
        return Some(HookPart::Whole);
    }
    let entries = root.get_mut("entry")?.as_array_mut()?;
    entries.retain(|entry| entry.get("changes").and_then(Value::as_array).is_some_and(|changes| !changes.is_empty()));
    Some(HookPart::Part(root.to_string()))
}

/// Answers how many elements stay and whether any went.
fn narrow(value: &mut Map<String, Value>, ids: &[&str], reference: &str) -> (usize, bool) {
    let text = |element: &Value, key: &str| element.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let (mut found, mut lost, mut people) = (0, false, Vec::new());
    for list in ["statuses", "messages"] {
        let Some(elements) = value.get_mut(list).and_then(Value::as_array_mut) else { continue };
        let before = elements.len();
        elements.retain(|element| {
            let named = text(element, "id").is_some_and(|id| ids.contains(&id.as_str()));
            named || text(element, "biz_opaque_callback_data").is_some_and(|echo| echo.starts_with(reference))
        });
        found += elements.len();
        lost |= elements.len() < before;
        people.extend(elements.iter().flat_map(|e| [text(e, "from"), text(e, "recipient_id")]).flatten());
        people.extend(elements.iter().flat_map(|e| [text(e, "from_user_id"), text(e, "recipient_user_id")]).flatten());
    }
    if !lost {
        return (found, false);
    }
    for list in ["statuses", "messages"] {
        if value.get(list).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            value.remove(list);
        }
    }
    if let Some(contacts) = value.get_mut("contacts").and_then(Value::as_array_mut) {
        contacts.retain(|contact| {
            ["wa_id", "user_id"].iter().any(|key| text(contact, key).is_some_and(|id| people.contains(&id)))
        });
    }
    (found, true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(statuses: &Value) -> String {
        let value = json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"},
            "contacts": [{"wa_id": "911", "profile": {"name": "Asha"}}, {"wa_id": "922", "profile": {"name": "Hari"}}],
            "statuses": statuses});
        json!({"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": [
            {"field": "messages", "value": value}]}]})
        .to_string()
    }

    #[test]
    fn others_messages_are_left_out() {
        let mine = json!({"id": "wamid.A", "status": "sent", "recipient_id": "911"});
        let echo = json!({"id": "wamid.C", "status": "read", "biz_opaque_callback_data": "wp1.main.1.7.2"});
        let others = json!({"id": "wamid.B", "status": "sent", "recipient_id": "922",
            "biz_opaque_callback_data": "wp1.main.1.70.1"});
        let find = |body: &str| part(body.as_bytes(), &["wamid.A"], "wp1.main.1.7.");
        assert_eq!(find(&body(&json!([mine]))), Some(HookPart::Whole));
        assert_eq!(find(&body(&json!([mine, echo]))), Some(HookPart::Whole));
        let Some(HookPart::Part(text)) = find(&body(&json!([others, mine, echo]))) else { panic!("no part") };
        for (word, is_there) in
            [("wamid.A", true), ("wamid.C", true), ("Asha", true), ("wamid.B", false), ("Hari", false)]
        {
            assert_eq!(text.contains(word), is_there, "{word} in {text}");
        }
        assert_eq!(find(&body(&json!([others]))), None);
        for odd in ["", "[]", "{}", "{\"entry\": 7}", "{\"entry\": [{\"changes\": [{}, 7]}, 8]}"] {
            assert_eq!(find(odd), None, "{odd}");
        }
    }

    #[test]
    fn another_change_of_the_same_body_is_left_out() {
        let mut root: Value = serde_json::from_str(&body(&json!([{"id": "wamid.A"}]))).expect("JSON");
        let secret = json!({"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}});
        root["entry"][0]["changes"].as_array_mut().expect("a list").push(secret);
        let Some(HookPart::Part(text)) = part(root.to_string().as_bytes(), &["wamid.A"], "wp1.x.") else {
            panic!("no part")
        };
        assert!(text.contains("wamid.A") && !text.contains("VERIFIED_ACCOUNT"), "{text}");
    }
}
