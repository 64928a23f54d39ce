//! The part of a callback's body that concerns one message.

use serde_json::{Map, Value};

use super::wire;
use crate::HookPart;

/// Lists whose elements are about one message, or one call, each.
const LISTS: [&str; 4] = ["statuses", "messages", "message_echoes", "calls"];
/// Who is named in them.
const PEOPLE: [&str; 6] = ["from", "recipient_id", "to", "from_user_id", "recipient_user_id", "to_user_id"];

/// Keeps of each change what is about one message, and the contacts it names; all other entries go.
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
    let mut sieve = Sieve { ids, reference, found: 0, lost: false, people: Vec::new() };
    for list in LISTS {
        sieve.list(value.get_mut(list));
    }
    sieve.history(value.get_mut("history"));
    if !sieve.lost {
        return (sieve.found, false);
    }
    for list in LISTS.into_iter().chain(["history"]) {
        if value.get(list).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            value.remove(list);
        }
    }
    if let Some(contacts) = value.get_mut("contacts").and_then(Value::as_array_mut) {
        contacts.retain(|contact| {
            ["wa_id", "user_id"].iter().any(|key| text(contact, key).is_some_and(|id| sieve.people.contains(&id)))
        });
    }
    (sieve.found, true)
}

fn text(element: &Value, key: &str) -> Option<String> {
    element.get(key).and_then(Value::as_str).map(ToOwned::to_owned)
}

/// Lets through what is about one message, and notes who is named in it.
#[derive(Debug)]
struct Sieve<'a> {
    ids: &'a [&'a str],
    reference: &'a str,
    found: usize,
    lost: bool,
    people: Vec<String>,
}

impl Sieve<'_> {
    fn list(&mut self, list: Option<&mut Value>) {
        self.keep(list, Self::lets_through);
    }

    /// A thread names its person, so one with nothing about the message goes as a whole.
    fn history(&mut self, parts: Option<&mut Value>) {
        self.keep(parts, |sieve, part| {
            sieve.keep(part.get_mut("threads"), |sieve, thread| {
                sieve.keep(thread.get_mut("messages"), Self::lets_through)
            })
        });
    }

    /// Answers whether anything stays.
    fn keep(&mut self, list: Option<&mut Value>, mut stays: impl FnMut(&mut Self, &mut Value) -> bool) -> bool {
        let Some(elements) = list.and_then(Value::as_array_mut) else { return false };
        let before = elements.len();
        elements.retain_mut(|element| stays(self, element));
        self.lost |= elements.len() < before;
        !elements.is_empty()
    }

    fn lets_through(&mut self, element: &mut Value) -> bool {
        let named = text(element, "id").is_some_and(|id| self.ids.contains(&id.as_str()));
        let is_ours = || text(element, "biz_opaque_callback_data").is_some_and(|echo| echo.starts_with(self.reference));
        if !named && !is_ours() {
            return false;
        }
        self.found += 1;
        self.people.extend(PEOPLE.iter().filter_map(|key| text(element, key)));
        true
    }
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
    fn echoes_calls_and_old_messages_are_found_and_others_left_out() {
        let about = |id: &str, person: &str| json!({"id": id, "from": "155", "to": person, "type": "text"});
        let thread = |person: &str, messages: &[Value]| json!({"id": person, "messages": messages});
        let parts = |threads: &[Value]| json!([{"metadata": {"phase": 1}, "threads": threads}]);
        let (mine, more, others) = (about("x.A", "911"), about("x.B", "911"), about("x.C", "922"));
        for (list, alone, among) in [
            ("message_echoes", json!([mine]), json!([others, mine, more])),
            ("calls", json!([mine]), json!([mine, others])),
            (
                "history",
                parts(&[thread("911", std::slice::from_ref(&mine))]),
                parts(&[thread("922", std::slice::from_ref(&others)), thread("911", &[more.clone(), mine.clone()])]),
            ),
        ] {
            let find = |told: &Value, id: &str| {
                let contacts = json!([{"wa_id": "911", "user_id": "U1"}, {"wa_id": "922", "user_id": "U2"}]);
                let change = json!({"field": list, "value": {"contacts": contacts, list: told}});
                part(json!({"entry": [{"changes": [change]}]}).to_string().as_bytes(), &[id], "wp1.x.")
            };
            assert_eq!(find(&alone, "x.A"), Some(HookPart::Whole), "{list}");
            assert_eq!(find(&among, "x.Z"), None, "{list}");
            let Some(HookPart::Part(text)) = find(&among, "x.A") else { panic!("no part of {list}") };
            for (word, is_there) in
                [("x.A", true), ("U1", true), ("x.B", false), ("x.C", false), ("922", false), ("U2", false)]
            {
                assert_eq!(text.contains(word), is_there, "{list}: {word} in {text}");
            }
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
