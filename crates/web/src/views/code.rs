//! What machines say to each other, ready to be read: requests, answers, bodies of callbacks.

use serde::de::IgnoredAny;

use crate::catalogue::Catalogue;

/// The text of a code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Indented where it is JSON, else as it is; bytes that are no UTF-8 show as U+FFFD.
    pub text: String,
    /// How large the whole is, such as `58.6 KB`.
    pub size: String,
    /// How much of it is shown, where that is not everything.
    pub shown: Option<String>,
}

impl Code {
    /// The first `bytes_max` bytes of what is shown of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8], bytes_max: usize, catalogue: &Catalogue) -> Self {
        let json = std::str::from_utf8(bytes).ok().filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        let (text, is_cut) = match json {
            Some(json) => indented(json, bytes_max),
            None => beginning(bytes, bytes_max),
        };
        let shown = is_cut.then(|| size(bytes_max, catalogue));
        Self { text, size: size(bytes.len(), catalogue), shown }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// How large something is, as people read it.
pub(crate) fn size(bytes: usize, catalogue: &Catalogue) -> String {
    if bytes < 1024 {
        return catalogue.tf("size.bytes", &[("count", bytes.to_string().as_str())]);
    }
    let tenths = (bytes * 10).div_ceil(1024);
    let count =
        if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) };
    catalogue.tf("size.kilobytes", &[("count", count.as_str())])
}

fn beginning(bytes: &[u8], bytes_max: usize) -> (String, bool) {
    let Some(first) = bytes.get(..bytes_max).filter(|first| first.len() < bytes.len()) else {
        return (String::from_utf8_lossy(bytes).into_owned(), false);
    };
    // The cut may go through a character.
    (String::from_utf8_lossy(first).trim_end_matches('\u{FFFD}').to_owned(), true)
}

/// Valid JSON with a line for each member. Nothing else changes: reading and writing it again would reorder members
/// and round numbers, and this is the place where people look for the exact request.
fn indented(json: &str, bytes_max: usize) -> (String, bool) {
    let mut text = String::with_capacity(json.len().min(bytes_max));
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut last = ' ';
    for c in json.chars() {
        if text.len() > bytes_max {
            break;
        }
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            text.push(c);
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let (opened, closes) = (matches!(last, '{' | '['), matches!(c, '}' | ']'));
        depth -= usize::from(closes && depth > 0);
        // Empty ones stay on their line.
        if last == ',' || opened != closes {
            line(&mut text, depth);
        }
        text.push(c);
        if c == ':' {
            text.push(' ');
        }
        depth += usize::from(matches!(c, '{' | '['));
        in_string = c == '"';
        last = c;
    }
    let is_cut = text.len() > bytes_max;
    if is_cut {
        text.truncate(text.floor_char_boundary(bytes_max));
    }
    (text, is_cut)
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8], bytes_max: usize) -> Code {
        Code::new(bytes, bytes_max, Catalogue::get("en"))
    }

    #[test]
    fn json_is_indented_and_nothing_else() {
        let body = r#"{"z":1.50, "a":[{},[ ],"x,{\\\"y:"],"big":123456789012345678901,"z":"תודה"}"#;
        let expected = "{\n  \"z\": 1.50,\n  \"a\": [\n    {},\n    [],\n    \"x,{\\\\\\\"y:\"\n  ],\n  \
                        \"big\": 123456789012345678901,\n  \"z\": \"תודה\"\n}";
        let shown = code(body.as_bytes(), 4096);
        assert_eq!(shown.text, expected);
        assert_eq!((shown.size, shown.shown), (format!("{} B", body.len()), None));
        for scalar in ["\"a b\"", "12", "null", "[]"] {
            assert_eq!(code(scalar.as_bytes(), 99).text, scalar);
        }
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        for body in ["", "a = {b", "{\"a\":}", "<b>no</b>\n\n"] {
            assert_eq!(code(body.as_bytes(), 99).text, body);
        }
        assert_eq!(code(b"\xFFab\xC3\x28", 99).text, "\u{FFFD}ab\u{FFFD}(");
        assert!(code(b"", 99).is_empty());
    }

    #[test]
    fn only_the_beginning_of_much_is_shown() {
        let text = "é".repeat(40_000);
        let shown = code(text.as_bytes(), 65_535);
        assert_eq!((shown.text.len(), shown.size.as_str()), (65_534, "78.2 KB"));
        assert_eq!(shown.shown.as_deref(), Some("64 KB"));
        let json = format!("[\"{text}\"]");
        assert_eq!(code(json.as_bytes(), 1_024).text.len(), 1_023);
        // Indentation grows with the depth, and the depth with whatever somebody sends.
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let shown = code(deep.as_bytes(), 65_536);
        assert_eq!((shown.text.len(), shown.shown.as_deref()), (65_536, Some("64 KB")));
        assert_eq!(code(&[b'a'; 100], 100).shown, None);
    }
}
