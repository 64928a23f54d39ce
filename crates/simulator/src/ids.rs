//! Ids as Meta makes them, from the simulator's own random numbers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::Rng;
use rand::rngs::StdRng;

/// Who wrote the message an id is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    Business,
    Customer,
}

/// A message id. The customer's number stands in it, as in Meta's: the bytes are
/// `1C 18 <len> <digits> 15 02 00 <11|12> 18 <len> <hex text> 00`.
pub(crate) fn wamid(rng: &mut StdRng, digits: &str, writer: Writer) -> Arc<str> {
    let unique: [u8; 10] = rng.random();
    let unique = hex::encode_upper(unique);
    let mut bytes = vec![0x1c, 0x18, u8::try_from(digits.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(digits.as_bytes());
    bytes.extend_from_slice(&[0x15, 0x02, 0x00]);
    bytes.push(match writer {
        Writer::Business => 0x11,
        Writer::Customer => 0x12,
    });
    bytes.extend_from_slice(&[0x18, u8::try_from(unique.len()).unwrap_or(u8::MAX)]);
    bytes.extend_from_slice(unique.as_bytes());
    bytes.push(0);
    format!("wamid.{}", STANDARD.encode(bytes)).into()
}

/// The support reference in every error.
pub(crate) fn trace(rng: &mut StdRng) -> String {
    let bytes: [u8; 16] = rng.random();
    format!("A{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A decimal object id.
pub(crate) fn object(rng: &mut StdRng) -> String {
    rng.random_range(1_000_000_000_000_000_u64..9_999_999_999_999_999).to_string()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_message_id_has_the_observed_layout() {
        let id = wamid(&mut StdRng::seed_from_u64(1), "16505551234", Writer::Business);
        assert!(id.starts_with("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBQ"), "{id}");
        let bytes = STANDARD.decode(id.trim_start_matches("wamid.")).expect("base64");
        assert_eq!(bytes.len(), 3 + 11 + 4 + 2 + 20 + 1);
        assert_eq!(bytes.last(), Some(&0));
    }
}
