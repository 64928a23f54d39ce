//! Recorded callbacks with what they mean, and a decoded callback in plain words, to compare the two.
//!
//! Beside each `name.json` lies `name.expected.json`, written and checked by hand. [`view`] is written member by
//! member and shares nothing with the decoder, so that a member that is lost or renamed shows.

mod account;
mod content;
mod facts;
mod words;

use std::path::{Path, PathBuf};

use domain::inbound::{DecodedHook, HookItem};
use serde_json::{Value, json};

/// A recorded callback.
#[derive(Clone, Debug)]
pub struct HookFixture {
    /// Its path below `fixtures/meta`, without `.json`.
    pub name: String,
    /// The body as it was recorded.
    pub body: String,
    /// What it means, in the words of [`view`].
    pub expected: Value,
}

/// Every recorded callback of Meta's, by name.
///
/// # Panics
/// A fixture that cannot be read, or whose meaning nobody wrote down.
#[must_use]
pub fn meta() -> Vec<HookFixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let fixtures = paths.iter().map(|path| {
        let name = path.strip_prefix(&root).ok().and_then(Path::to_str).and_then(|name| name.strip_suffix(".json"));
        let expected = path.with_extension("expected.json");
        HookFixture {
            name: name.unwrap_or_else(|| panic!("{} has a name", path.display())).to_owned(),
            body: read(path),
            expected: serde_json::from_str(&read(&expected))
                .unwrap_or_else(|error| panic!("{} is JSON: {error}", expected.display())),
        }
    });
    fixtures.collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            collect(&path, paths);
        } else if name.ends_with(".json") && !name.ends_with(".expected.json") {
            paths.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A decoded callback in plain words. What is absent has no member.
#[must_use]
pub fn view(hook: &DecodedHook) -> Value {
    let facts: Vec<Value> = hook.items.iter().map(view_of).collect();
    json!({"facts": facts, "passed_over": hook.passed_over, "unknown": hook.unknown})
}

/// One fact in plain words.
#[must_use]
pub fn view_of(item: &HookItem) -> Value {
    facts::item(item)
}
