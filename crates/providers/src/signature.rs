//! `X-Hub-Signature-256`: HMAC-SHA256 over the exact bytes of a callback's body.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{HookHeaders, InvalidSignature};

/// Checks a callback's signature; in constant time, so that nobody can guess one byte by byte.
pub(crate) fn verify(
    secret: Option<&SecretString>,
    headers: &HookHeaders,
    body: &[u8],
) -> Result<(), InvalidSignature> {
    // With an empty key everybody could sign.
    let secret = secret.map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty());
    let secret = secret.ok_or(InvalidSignature::NoSecret)?;
    let given = headers.signature.as_deref().ok_or(InvalidSignature::Missing)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| InvalidSignature::NoSecret)?;
    mac.update(body);
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    if bool::from(expected.as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(InvalidSignature::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with `printf '%s' '{"a":"\u00e9\/"}' | openssl dgst -sha256 -hmac app-secret`.
    const BODY: &[u8] = br#"{"a":"\u00e9\/"}"#;
    const SIGNATURE: &str = "sha256=74ade2dbc107b784dbe37c9369793654ead1abae28a132732eb5f22592495a98";

    fn check(secret: Option<&str>, signature: Option<&str>, body: &[u8]) -> Result<(), InvalidSignature> {
        let secret = secret.map(SecretString::from);
        verify(secret.as_ref(), &HookHeaders { signature: signature.map(ToOwned::to_owned) }, body)
    }

    #[test]
    fn the_signature_over_the_exact_bytes_is_right() {
        assert_eq!(check(Some("app-secret"), Some(SIGNATURE), BODY), Ok(()));
        let serialised_again = "{\"a\":\"é/\"}".as_bytes();
        assert_eq!(check(Some("app-secret"), Some(SIGNATURE), serialised_again), Err(InvalidSignature::Wrong));
    }

    #[test]
    fn anything_else_is_wrong() {
        let upper = SIGNATURE.to_ascii_uppercase();
        let upper_digits = format!("sha256={}", &upper[7..]);
        let sha1 = SIGNATURE.replace("sha256", "sha1");
        for wrong in [&upper, &upper_digits, &sha1, "", "sha256=", &SIGNATURE[7..], &SIGNATURE[..70]] {
            assert_eq!(check(Some("app-secret"), Some(wrong), BODY), Err(InvalidSignature::Wrong), "{wrong}");
        }
        assert_eq!(check(Some("other"), Some(SIGNATURE), BODY), Err(InvalidSignature::Wrong));
    }

    #[test]
    fn without_signature_or_secret_nothing_is_proven() {
        assert_eq!(check(Some("app-secret"), None, BODY), Err(InvalidSignature::Missing));
        assert_eq!(check(None, Some(SIGNATURE), BODY), Err(InvalidSignature::NoSecret));
        assert_eq!(check(Some(""), Some(SIGNATURE), BODY), Err(InvalidSignature::NoSecret));
    }
}
