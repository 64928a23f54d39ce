//! Reading a provider's JSON with tolerance, and with a memory of what was read: what nobody asked for is found at the
//! end, so that nothing a provider says is lost in silence.
//!
//! A leaf is a scalar, or a list or object without members. A leaf counts as read when somebody could use it: a number
//! where a text was wanted is used, an object there is not. `null` and `""` say nothing, and asking for them is enough.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write;
use std::hash::{BuildHasherDefault, Hasher};

use serde_json::Value;

use crate::address::UserIdentifier;
use crate::phone::E164;
use crate::time::Timestamp;

/// Above this a number of seconds would lie in the year 5138: it counts milliseconds.
const SECONDS_MAX: i64 = 100_000_000_000;
/// And above this, milliseconds would.
const MILLISECONDS_MAX: i64 = SECONDS_MAX * 1000;
/// Names of members are cut here in paths.
const KEY_CHARS_MAX: usize = 64;

/// Which leaves of one document were read, by their addresses: the document is not changed while it is read.
#[derive(Debug, Default)]
pub struct ReadLog(RefCell<Vec<usize>>);

impl ReadLog {
    /// The document, read under this log.
    #[must_use]
    pub fn root<'v>(&'v self, value: &'v Value) -> Node<'v> {
        Node { value, log: Some(self) }
    }

    /// A place to go back to.
    #[must_use]
    pub fn place(&self) -> usize {
        self.0.borrow().len()
    }

    /// Forgets what was read since `place`: what was read in vain stays unread.
    pub fn rewind(&self, place: usize) {
        self.0.borrow_mut().truncate(place);
    }

    /// The paths of the leaves of `value` that nobody read, such as `entry[0].changes[0].value.messages[0].foo`.
    #[must_use]
    pub fn unread(&self, value: &Value) -> Vec<String> {
        let read = self.0.borrow().iter().copied().collect();
        let mut walk = Walk { read, path: Vec::new(), unread: Vec::new() };
        walk.visit(value);
        walk.unread
    }
}

/// Addresses are ours and differ in their middle bits: a multiplication spreads them, and nobody can make them collide.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

struct Walk<'v> {
    read: HashSet<usize, BuildHasherDefault<AddressHasher>>,
    path: Vec<Step<'v>>,
    unread: Vec<String>,
}

impl<'v> Walk<'v> {
    fn visit(&mut self, value: &'v Value) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (key, member) in members {
                    self.step(Step::Key(key), member);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    self.step(Step::Index(i), item);
                }
            }
            leaf => {
                if !self.read.contains(&address(leaf)) {
                    self.unread.push(path_text(&self.path));
                }
            }
        }
    }

    fn step(&mut self, step: Step<'v>, value: &'v Value) {
        self.path.push(step);
        self.visit(value);
        self.path.pop();
    }
}

fn path_text(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(i) => {
                let _ = write!(text, "[{i}]");
            }
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.extend(key.chars().take(KEY_CHARS_MAX));
            }
        }
    }
    text
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// A value of the document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'v> {
    value: &'v Value,
    log: Option<&'v ReadLog>,
}

impl<'v> Node<'v> {
    /// A value whose reading nobody remembers.
    #[must_use]
    pub const fn untracked(value: &'v Value) -> Self {
        Self { value, log: None }
    }

    /// The same value, looked at without leaving a trace.
    #[must_use]
    pub const fn peek(self) -> Self {
        Self { log: None, ..self }
    }

    /// The value as it is; nothing of it counts as read.
    #[must_use]
    pub const fn raw(self) -> &'v Value {
        self.value
    }

    /// The value as a document that is kept whole: everything in it counts as read.
    #[must_use]
    pub fn keep(self) -> Value {
        self.mark_all();
        self.value.clone()
    }

    /// A place in the log to go back to.
    #[must_use]
    pub fn place(self) -> usize {
        self.log.map_or(0, ReadLog::place)
    }

    /// Forgets what was read since `place`.
    pub fn rewind(self, place: usize) {
        if let Some(log) = self.log {
            log.rewind(place);
        }
    }

    fn mark(self) {
        if let Some(log) = self.log {
            log.0.borrow_mut().push(address(self.value));
        }
    }

    fn mark_all(self) {
        match self.value {
            Value::Object(members) if !members.is_empty() => members.values().for_each(|v| self.with(v).mark_all()),
            Value::Array(items) if !items.is_empty() => items.iter().for_each(|v| self.with(v).mark_all()),
            _ => self.mark(),
        }
    }

    const fn with(self, value: &'v Value) -> Self {
        Self { value, ..self }
    }

    /// Whether it has members or could have.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.value.is_object()
    }

    /// The names of its members.
    pub fn keys(self) -> impl Iterator<Item = &'v str> {
        self.value.as_object().into_iter().flat_map(|members| members.keys().map(String::as_str))
    }

    /// The member `key`; `null` counts as absent.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        let member = self.with(self.value.get(key)?);
        match member.value {
            Value::Null => {
                member.mark();
                None
            }
            Value::Object(members) if members.is_empty() => {
                member.mark();
                Some(member)
            }
            _ => Some(member),
        }
    }

    /// The elements of the list `key`; none if it is absent or no list.
    #[must_use]
    pub fn list(self, key: &str) -> Vec<Self> {
        let Some(list) = self.get(key) else { return Vec::new() };
        match list.value {
            Value::Array(items) if items.is_empty() => {
                list.mark();
                Vec::new()
            }
            Value::Array(items) => items.iter().map(|item| self.with(item)).collect(),
            _ => Vec::new(),
        }
    }

    /// The texts of the list `key`; a single text is a list of one.
    #[must_use]
    pub fn texts(self, key: &str) -> Vec<String> {
        match self.value.get(key) {
            Some(Value::Array(_)) => self.list(key).into_iter().filter_map(Self::as_text).collect(),
            _ => self.text(key).into_iter().collect(),
        }
    }

    /// This value as a text: see [`Self::text`].
    #[must_use]
    pub fn as_text(self) -> Option<String> {
        let text = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        self.mark();
        (!text.is_empty()).then_some(text)
    }

    /// The text at `key`; a number counts as its digits, and nothing counts as absent.
    #[must_use]
    pub fn text(self, key: &str) -> Option<String> {
        self.get(key)?.as_text()
    }

    /// The string at `key`, also an empty one; nothing else will do.
    #[must_use]
    pub fn string(self, key: &str) -> Option<String> {
        let member = self.get(key)?;
        let text = member.value.as_str()?;
        member.mark();
        Some(text.to_owned())
    }

    /// The text at `key` as `read` understands it; what it does not understand stays unread.
    fn parsed<T>(self, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let member = self.get(key)?;
        let found = read(member.value);
        if found.is_some() || member.value.as_str() == Some("") {
            member.mark();
        }
        found
    }

    /// The whole number at `key`, also where it is written as a string.
    #[must_use]
    pub fn integer(self, key: &str) -> Option<i64> {
        self.parsed(key, integer)
    }

    /// The number at `key`, also where it is written as a string.
    #[must_use]
    pub fn number(self, key: &str) -> Option<f64> {
        self.parsed(key, |value| match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        })
    }

    /// Yes or no at `key`.
    #[must_use]
    pub fn flag(self, key: &str) -> Option<bool> {
        self.parsed(key, |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// The instant at `key`, in seconds since 1970; milliseconds have been seen. Zero and less is no instant.
    #[must_use]
    pub fn time(self, key: &str) -> Option<Timestamp> {
        self.parsed(key, |value| match integer(value)? {
            seconds @ 1..=SECONDS_MAX => Some(Timestamp::from_seconds(seconds)),
            milliseconds @ 1..=MILLISECONDS_MAX => Some(Timestamp::from_micros(milliseconds * 1000)),
            _ => None,
        })
    }

    /// The telephone number at `key`: digits with their country code, in whatever way they are grouped.
    #[must_use]
    pub fn phone(self, key: &str) -> Option<E164> {
        self.parsed(key, |value| match value {
            Value::String(text) => phone(text),
            Value::Number(number) => phone(&number.to_string()),
            _ => None,
        })
    }

    /// The business-scoped user id at `key`.
    #[must_use]
    pub fn user_id(self, key: &str) -> Option<UserIdentifier> {
        self.parsed(key, |value| UserIdentifier::try_from(value.as_str()?.to_owned()).ok())
    }

    /// Whether the text at `key` is `expected`; any other stays unread.
    pub fn is(self, key: &str, expected: &str) -> bool {
        self.parsed(key, |value| (value.as_str() == Some(expected)).then_some(())).is_some()
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number as Meta writes it; `None` for what is none.
#[must_use]
pub fn phone(text: &str) -> Option<E164> {
    if text.chars().any(|c| !(c.is_ascii_digit() || "+ -().\u{a0}".contains(c))) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return E164::from_digits(text).ok();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    E164::from_digits(&digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_nobody_could_use_is_unread() {
        let document = json!({"id": 7, "name": {"first": "A", "last": "B"}, "none": null, "empty": [], "hollow": {},
            "list": ["x", 1, {"y": []}], "flag": "maybe", "when": "soon", "blank": "", "deep": {"a": [[0]]}});
        let log = ReadLog::default();
        let root = log.root(&document);
        assert_eq!(root.text("id").as_deref(), Some("7"));
        assert_eq!((root.text("name"), root.text("none"), root.text("blank")), (None, None, None));
        assert_eq!(root.get("name").and_then(|name| name.text("first")).as_deref(), Some("A"));
        assert_eq!((root.list("empty").len(), root.get("hollow").is_some()), (0, true));
        assert_eq!(root.texts("list"), ["x", "1"]);
        assert_eq!((root.flag("flag"), root.time("when")), (None, None));
        assert_eq!(root.peek().get("deep").map(Node::keep), Some(json!({"a": [[0]]})));
        assert_eq!(log.unread(&document), ["deep.a[0][0]", "flag", "list[2].y", "name.last", "when"]);
    }

    #[test]
    fn what_was_read_in_vain_is_unread_again() {
        let document = json!({"a": 1, "b": {"c": true}});
        let log = ReadLog::default();
        let root = log.root(&document);
        let _ = root.text("a");
        let place = root.place();
        let _ = root.get("b").map(Node::keep);
        assert_eq!(log.unread(&document), Vec::<String>::new());
        let log = ReadLog::default();
        let root = log.root(&document);
        let _ = root.text("a");
        assert_eq!(place, 1);
        let _ = root.get("b").map(Node::keep);
        root.rewind(place);
        assert_eq!(log.unread(&document), ["b.c"]);
    }

    #[test]
    fn numbers_come_in_many_forms() {
        let phones = ["16505551234", "+1 650-555-1234", "+1 (650) 555.1234"].map(phone);
        assert!(phones.iter().all(|found| found.as_ref().is_some_and(|found| found.as_str() == "+16505551234")));
        for none in ["", "0", "<WHATSAPP_USER_PHONE_NUMBER>", "US.1349", "1234567890123456"] {
            assert_eq!(phone(none), None);
        }
    }
}
