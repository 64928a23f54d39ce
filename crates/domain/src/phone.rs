//! Telephone numbers: what people type becomes E.164, or is refused with a reason.
//!
//! A library's validity is the wrong gate on its own: it calls real WhatsApp identities invalid (`+5215512345678`) and
//! takes Indian landlines for mobiles. So a number that carries its `+` needs only the shape of E.164, and a bare
//! national number must be valid in the default region, with India's own rule for mobiles.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, enums::Region as LibraryRegion};
use serde::{Deserialize, Serialize};

/// A number in E.164 form: `+` and 7 to 15 digits, the first not 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// Why a text is not a telephone number we can send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Nothing was given.
    #[error("the number is empty")]
    Empty,
    /// Letters or signs that no number has.
    #[error("the number contains characters that no telephone number has")]
    NotANumber,
    /// Outside 7 to 15 digits, country code included.
    #[error("a number with its country code has 7 to 15 digits")]
    WrongLength,
    /// No country begins with 0.
    #[error("a number after the + begins with a country code, which is never 0")]
    NoCountryCode,
    /// A national number that its country does not know.
    #[error("this is not a valid number in the account's region; write it with + and the country code")]
    NotInRegion,
}

/// The country a bare national number belongs to, as an ISO 3166 code such as `IN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    library: LibraryRegion,
    code: [u8; 2],
}

/// A text that is no region code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a two-letter country code such as IN")]
pub struct InvalidRegion;

impl Region {
    /// India, the default of the founding documents.
    pub const INDIA: Self = Self { library: LibraryRegion::IN, code: *b"IN" };

    /// Reads an ISO 3166 two-letter code.
    ///
    /// # Errors
    /// A text that names no region.
    pub fn parse(code: &str) -> Result<Self, InvalidRegion> {
        let library = code.parse::<LibraryRegion>().map_err(|_| InvalidRegion)?;
        let code = code.as_bytes().try_into().map_err(|_| InvalidRegion)?;
        Ok(Self { library, code })
    }

    /// The ISO 3166 two-letter code.
    #[must_use]
    pub fn code(self) -> String {
        self.code.iter().copied().map(char::from).collect()
    }
}

impl E164 {
    /// Reads what a person typed or a system sent; a bare national number belongs to `region`.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str, region: Region) -> Result<Self, InvalidPhone> {
        let trimmed = text.trim();
        let trimmed = trimmed.strip_prefix("tel:").unwrap_or(trimmed);
        if trimmed.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        if trimmed.chars().any(|c| !(c.is_ascii_digit() || "+ -().\u{a0}".contains(c))) {
            return Err(InvalidPhone::NotANumber);
        }
        let digits: String = trimmed.chars().filter(char::is_ascii_digit).collect();
        if let Some(international) = international_digits(trimmed, &digits, region) {
            return Self::from_digits(international);
        }
        national(trimmed, &digits, region)
    }

    /// From digits that begin with the country code, as Meta writes a `wa_id`.
    ///
    /// # Errors
    /// Anything but 7 to 15 digits, the first not 0.
    pub fn from_digits(digits: &str) -> Result<Self, InvalidPhone> {
        if digits.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidPhone::NotANumber);
        }
        if digits.starts_with('0') {
            return Err(InvalidPhone::NoCountryCode);
        }
        if !(7..=15).contains(&digits.len()) {
            return Err(InvalidPhone::WrongLength);
        }
        Ok(Self(format!("+{digits}")))
    }

    /// With the leading `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the `+`, as Meta wants it in a `wa_id`.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.get(1..).unwrap_or_default()
    }

    /// Two forms of one WhatsApp account share this key: Brazil's ninth digit, Mexico's and Argentina's mobile digit.
    /// It finds a contact; it is never an address.
    #[must_use]
    pub fn match_key(&self) -> String {
        let digits = self.digits();
        let (without, at) = match (digits.len(), digits.get(..3)) {
            (13, Some("521")) => (digits, 2),
            (13, Some("549")) => (digits, 2),
            (13, Some(prefix)) if prefix.starts_with("55") && digits.as_bytes().get(4) == Some(&b'9') => (digits, 4),
            _ => return digits.to_owned(),
        };
        let mut key = without.to_owned();
        key.remove(at);
        key
    }

    /// For logs: the country's digits and the last two, the rest starred.
    #[must_use]
    pub fn masked(&self) -> String {
        let head = self.0.get(..5).unwrap_or("+");
        let tail = self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default();
        format!("{head}{}{tail}", "*".repeat(self.0.len().saturating_sub(7)))
    }

    /// Grouped as its country writes it, for people.
    #[must_use]
    pub fn formatted(&self) -> String {
        PHONE_NUMBER_UTIL
            .parse(&self.0, None)
            .map(|number| number.format_as(PhoneNumberFormat::International).to_string())
            .unwrap_or_else(|_| self.0.clone())
    }
}

/// The digits after the country prefix sign, when the text carries its country: `+…`, `00…` where the region dials
/// abroad so, and India's twelve digits that begin with 91.
fn international_digits<'a>(text: &str, digits: &'a str, region: Region) -> Option<&'a str> {
    if text.starts_with('+') {
        // `+91 0 98765 43210`: the trunk zero has no place behind India's code.
        return Some(digits).filter(|d| !(region == Region::INDIA && d.starts_with("910")));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return Some(rest);
    }
    // By length and never by "strip a leading 91": 9123456789 is a ten-digit mobile.
    if region == Region::INDIA && digits.len() == 12 && digits.starts_with("91") {
        return Some(digits);
    }
    None
}

fn national(text: &str, digits: &str, region: Region) -> Result<E164, InvalidPhone> {
    if region == Region::INDIA {
        let subscriber = match digits.len() {
            10 => digits,
            11 => digits.strip_prefix('0').ok_or(InvalidPhone::NotInRegion)?,
            13 => digits.strip_prefix("091").or_else(|| digits.strip_prefix("910")).ok_or(InvalidPhone::NotInRegion)?,
            _ => return Err(InvalidPhone::NotInRegion),
        };
        return match subscriber.bytes().next() {
            Some(b'6'..=b'9') => E164::from_digits(&format!("91{subscriber}")),
            _ => Err(InvalidPhone::NotInRegion),
        };
    }
    let number = PHONE_NUMBER_UTIL.parse(text, Some(region.library)).map_err(|_| InvalidPhone::NotInRegion)?;
    if !number.is_valid() {
        return Err(InvalidPhone::NotInRegion);
    }
    E164::try_from(number.format_as(PhoneNumberFormat::E164).to_string())
}

impl TryFrom<String> for E164 {
    type Error = InvalidPhone;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhone::NoCountryCode)?;
        Self::from_digits(digits)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Masked, so that a debug print of a request cannot carry a number into a log.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({})", self.masked())
    }
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
