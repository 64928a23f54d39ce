//! What is known of a business number at its provider: properties in the provider's words, each with its own time.

use crate::time::Timestamp;

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident => $text:literal),+ $(,)?) => {
        /// Something that is known of a number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Property {
            $($(#[$doc])* $name),+
        }

        impl Property {
            /// Every property.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As stored and answered.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),+
                }
            }
        }
    };
}

properties! {
    /// The name people see. It may be one that was not approved.
    VerifiedName => "verified_name",
    /// The number as the provider writes it.
    DisplayPhone => "display_phone",
    /// How the name was decided about: `APPROVED`, `DECLINED`, `PENDING_REVIEW`, and in callbacks `REJECTED`, `DEFERRED`.
    NameStatus => "name_status",
    /// The name that was asked for.
    RequestedName => "requested_name",
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`, `NA`.
    Quality => "quality",
    /// `STANDARD`, `HIGH`, `NOT_APPLICABLE`.
    Throughput => "throughput",
    /// `true` where the number also lives in the WhatsApp Business app, which fixes its pace.
    OnPhoneApp => "on_phone_app",
    /// How many people may be written to first in 24 hours: `TIER_250`, `TIER_UNLIMITED`, or a bare number.
    MessagingLimit => "messaging_limit",
    /// `CONNECTED`, `BANNED`, `FLAGGED` and so on; only `CONNECTED` can send.
    Status => "status",
    /// What became of its account last: `ACCOUNT_RESTRICTION`, `PARTNER_REMOVED` and so on.
    Standing => "standing",
    /// What may not be done for a while: a JSON list of `{"kind", "until"}`, with `until` in microseconds or null.
    Restrictions => "restrictions",
    /// `SCHEDULE_FOR_DISABLE`, `DISABLE`, `REINSTATE`.
    Ban => "ban",
    /// The kind of the last violation, such as `ADULT`.
    Violation => "violation",
    /// `APPROVED`, `REJECTED`, `PENDING`, `DEFERRED`.
    Review => "review",
    /// `AVAILABLE`, `LIMITED`, `BLOCKED`.
    Health => "health",
    /// Why the health is not the best, in the provider's words.
    HealthNote => "health_note",
    /// `CLOUD_API`, `ON_PREMISE`, `NOT_APPLICABLE`.
    Platform => "platform",
    /// `LIVE`, `SANDBOX`.
    AccountMode => "account_mode",
    /// Whether the code sent to the number was entered: `VERIFIED`, `NOT_VERIFIED`, `EXPIRED`.
    CodeVerification => "code_verification",
    /// `true` for an official business account.
    Official => "official",
    /// `true` where a two-step PIN is set.
    PinSet => "pin_set",
    /// What happened to the two-step PIN last: `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_REQUEST_SUCCESS`.
    Security => "security",
    /// The username, without `@`.
    Username => "username",
    /// `approved`, `reserved`, `deleted`.
    UsernameStatus => "username_status",
    /// The number's settings as the provider writes them, as JSON.
    Settings => "settings",
}

impl Property {
    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|property| property.as_str() == text)
    }
}

/// How something became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The provider told it by itself.
    Callback,
    /// The provider was asked.
    Asked,
}

impl Source {
    /// As stored and answered.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Asked => "asked",
        }
    }

    /// Reads [`Self::as_str`]; what nobody wrote counts as asked.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        if text == "callback" { Self::Callback } else { Self::Asked }
    }
}

/// One property as it was at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What.
    pub property: Property,
    /// In the provider's words.
    pub value: String,
    /// When it held.
    pub at: Timestamp,
    /// How it became known.
    pub source: Source,
}

/// Messages per second of a level of throughput, inbound and outbound together; `None` where the provider's documentation
/// names no figure. A number that also lives in the phone's app has a pace of its own, whatever its level.
#[must_use]
pub fn messages_per_second(level: Option<&str>, on_phone_app: bool) -> Option<i64> {
    match level {
        Some("NOT_APPLICABLE") => None,
        _ if on_phone_app => Some(20),
        Some("STANDARD") => Some(80),
        Some("HIGH") => Some(1000),
        _ => None,
    }
}

/// A limit as a tier: callbacks write the bare number where asking answers a tier. What is neither stays as it is.
#[must_use]
pub fn limit_tier(text: &str) -> String {
    let tier = match text {
        "-1" => "TIER_UNLIMITED",
        "50" => "TIER_50",
        "250" => "TIER_250",
        "1000" => "TIER_1K",
        "2000" => "TIER_2K",
        "10000" => "TIER_10K",
        "100000" => "TIER_100K",
        other => other,
    };
    tier.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_back() {
        for property in Property::ALL {
            assert_eq!(Property::parse(property.as_str()), Some(*property));
        }
        assert_eq!(Property::parse("colour"), None);
        for source in [Source::Callback, Source::Asked] {
            assert_eq!(Source::from_stored(source.as_str()), source);
        }
    }

    #[test]
    fn a_pace_follows_from_level_and_app() {
        let pace = messages_per_second;
        assert_eq!((pace(Some("STANDARD"), false), pace(Some("HIGH"), false)), (Some(80), Some(1000)));
        assert_eq!((pace(Some("HIGH"), true), pace(None, true)), (Some(20), Some(20)));
        assert_eq!(
            (pace(Some("NOT_APPLICABLE"), true), pace(Some("ULTRA"), false), pace(None, false)),
            (None, None, None)
        );
    }

    #[test]
    fn numbers_become_tiers() {
        assert_eq!((limit_tier("2000"), limit_tier("-1")), ("TIER_2K".to_owned(), "TIER_UNLIMITED".to_owned()));
        assert_eq!((limit_tier("TIER_10K"), limit_tier("777")), ("TIER_10K".to_owned(), "777".to_owned()));
    }
}
