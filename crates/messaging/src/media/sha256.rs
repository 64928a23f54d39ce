//! A SHA-256 as providers write it: Meta's callbacks have base64, its answers hexadecimal.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

const BYTES: usize = 32;

/// The digest in lower-case hexadecimal; `None` where the text is none of the forms.
#[must_use]
pub fn to_hex(text: &str) -> Option<String> {
    let text = text.trim();
    // 64 hexadecimal digits are base64 too, of 48 bytes; so the length decides.
    let bytes = if text.len() == 2 * BYTES {
        hex::decode(text).ok()?
    } else {
        [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|form| form.decode(text).ok())?
    };
    (bytes.len() == BYTES).then(|| hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_one_digest() {
        let hexadecimal = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for text in [
            hexadecimal,
            &hexadecimal.to_uppercase(),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            " 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        ] {
            assert_eq!(to_hex(text).as_deref(), Some(hexadecimal), "{text}");
        }
        for text in ["", "abc", "zz", "aGVsbG8=", &hexadecimal[..62]] {
            assert_eq!(to_hex(text), None, "{text}");
        }
    }
}
