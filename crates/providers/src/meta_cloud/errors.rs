//! The one classifier for answers and callbacks.
//!
//! "Branch on `code`, then `error_subcode`, then `is_transient`; never on HTTP status or text": Meta's published
//! statuses and the observed ones disagree, and its wording changes.

use std::time::Duration;

use domain::refusal::{Failure, RefusalKind};

use super::codes::{CODES, Row, SUBCODES};
use super::wire::MetaError;

/// Meta's details are quoted up to this length.
const QUOTE_CHARS_MAX: usize = 300;
/// From here on a subcode is a code of its own, which Meta wraps in 100.
const OWN_SUBCODE_MIN: i64 = 1_000_000;

/// The template does not exist in that language, or is not approved in it.
pub(super) const TEMPLATE_UNKNOWN: &str = "132001";

/// Says what an error means. An unknown code is permanent for its message and keeps Meta's words, unless Meta itself
/// calls it transient.
pub(super) fn classify(error: &MetaError) -> Failure {
    match row(error.code, error.subcode) {
        Some(row) => Failure {
            code: error.code.to_string(),
            kind: row.kind,
            reason: with_details(row, error.details.as_deref()),
            remedy: row.remedy.to_owned(),
        },
        None => unknown(error),
    }
}

/// Whether a message may have gone out although Meta answered with this code.
pub(super) const fn is_unknown_outcome(code: i64) -> bool {
    matches!(code, 1 | 2 | 131_000 | 131_016 | 133_004)
}

/// Whether Meta refuses before it looks at the message, so that sending it again cannot send it twice.
pub(super) const fn is_limit(code: i64) -> bool {
    matches!(code, 4 | 80_007 | 130_429 | 131_056)
}

/// Whether the code is a limit of the app or the business account, which the usage headers tell the end of.
pub(super) const fn is_account_limit(code: i64) -> bool {
    matches!(code, 4 | 17 | 32 | 613 | 80_007 | 80_008)
}

/// Whether the code says for certain what became of a message, whatever HTTP status it came with.
pub(super) fn is_certain(error: &MetaError) -> bool {
    !is_unknown_outcome(error.code) && row(error.code, error.subcode).is_some()
}

/// How long Meta's documentation says to wait.
pub(super) const fn documented_wait(code: i64) -> Option<Duration> {
    match code {
        131_057 | 2_494_100 => Some(Duration::from_secs(60)),
        133_015 => Some(Duration::from_secs(5 * 60)),
        134_101 => Some(Duration::from_secs(10 * 60)),
        _ => None,
    }
}

/// The failure of a callback that says `failed` and not why.
pub(super) fn without_reason() -> Failure {
    Failure {
        code: "no_reason".to_owned(),
        kind: RefusalKind::Permanent,
        reason: "WhatsApp reported that the message was not delivered, and gave no reason.".to_owned(),
        remedy: "Try again later, or another way to reach this person.".to_owned(),
    }
}

/// The failure of an answer without a code: a proxy's page, most likely.
pub(super) fn without_code(http_status: u16) -> Failure {
    Failure {
        code: format!("http_{http_status}"),
        kind: if http_status == 429 { RefusalKind::SenderRate } else { RefusalKind::Permanent },
        reason: format!("The request was refused with HTTP status {http_status}, and not in WhatsApp's own words."),
        remedy: "Check the address of the Graph API in the settings, and what stands between it and Waypost."
            .to_owned(),
    }
}

fn row(code: i64, subcode: Option<i64>) -> Option<Row> {
    let of_subcode = subcode.and_then(|subcode| {
        let pair = SUBCODES.iter().find(|(of, row)| *of == code && row.first == subcode).map(|(_, row)| *row);
        pair.or_else(|| if subcode >= OWN_SUBCODE_MIN { of_code(subcode) } else { None })
    });
    of_subcode.or_else(|| of_code(code))
}

fn of_code(code: i64) -> Option<Row> {
    CODES.iter().find(|row| (row.first..=row.last).contains(&code)).copied()
}

fn with_details(row: Row, details: Option<&str>) -> String {
    match details.map(quote) {
        Some(details) if row.quotes_details && !details.is_empty() => {
            format!("{} WhatsApp says: {details}", row.reason)
        }
        _ => row.reason.to_owned(),
    }
}

fn unknown(error: &MetaError) -> Failure {
    let words: Vec<String> = [&error.title, &error.details].into_iter().flatten().map(|text| quote(text)).collect();
    let words = if words.is_empty() { "no words".to_owned() } else { words.join(": ") };
    Failure {
        code: error.code.to_string(),
        kind: if error.is_transient { RefusalKind::Transient } else { RefusalKind::Permanent },
        reason: format!("WhatsApp refused the message with code {}: {words}", error.code),
        remedy: "Look the code up in Meta's documentation of the Cloud API.".to_owned(),
    }
}

fn quote(text: &str) -> String {
    text.trim().chars().take(QUOTE_CHARS_MAX).collect()
}
