//! The table of codes, spot by spot, and the rules around it.

use domain::refusal::RefusalKind::{
    self, Authentication, PairRate, Permanent, Policy, Recipient, SenderRate, Template, Transient,
};
use serde_json::json;

use crate::meta_cloud::codes::{CODES, SUBCODES};
use crate::meta_cloud::errors::{classify, is_unknown_outcome};
use crate::meta_cloud::wire::MetaError;

fn error(code: i64) -> MetaError {
    MetaError { code, ..MetaError::default() }
}

#[test]
fn codes_have_the_kind_of_the_documentation() {
    let table: &[(RefusalKind, &[i64])] = &[
        (Transient, &[1, 2, 131_000, 131_016, 131_057, 133_004, 133_015, 134_101, 2_494_100]),
        (SenderRate, &[4, 17, 32, 613, 80_007, 80_008, 130_429]),
        (PairRate, &[131_056]),
        (Authentication, &[0, 3, 10, 104, 190, 200, 250, 299, 131_005]),
        (
            Template,
            &[132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016, 132_018, 132_068, 132_069],
        ),
        (Recipient, &[1026, 130_403, 130_472, 131_021, 131_026, 131_062, 137_000]),
        (Policy, &[33, 368, 130_497, 131_030, 131_031, 131_037, 131_042, 131_044, 131_045, 131_047, 131_048, 131_049]),
        (Policy, &[131_050, 131_063, 131_064, 133_005, 133_010, 133_016, 138_012, 139_006, 147_004, 2_388_019]),
        (Permanent, &[100, 803, 131_008, 131_009, 131_014, 131_051, 131_052, 131_053, 131_055, 135_000, 139_103]),
    ];
    for (kind, codes) in table {
        for code in *codes {
            assert_eq!(classify(&error(*code)).kind, *kind, "{code}");
        }
    }
}

#[test]
fn every_row_speaks_to_people() {
    for row in CODES.iter().chain(SUBCODES.iter().map(|(_, row)| row)) {
        for sentence in [row.reason, row.remedy] {
            assert!(sentence.ends_with('.') && sentence.len() > 10, "{}: {sentence}", row.first);
            assert!(sentence.starts_with(char::is_uppercase), "{}: {sentence}", row.first);
        }
        assert!(row.first <= row.last, "{}", row.first);
    }
}

#[test]
fn no_code_stands_in_two_rows() {
    for row in CODES {
        let rows = CODES.iter().filter(|other| row.first <= other.last && other.first <= row.last);
        assert_eq!(rows.count(), 1, "{}", row.first);
    }
}

#[test]
fn exactly_five_codes_leave_the_outcome_open() {
    let open: Vec<i64> = (-10..3_000_000).filter(|code| is_unknown_outcome(*code)).collect();
    assert_eq!(open, [1, 2, 131_000, 131_016, 133_004]);
}

#[test]
fn an_unknown_code_keeps_the_words_of_meta() {
    let unknown =
        MetaError { title: Some("Something new".to_owned()), details: Some("It is new".to_owned()), ..error(131_999) };
    let failure = classify(&unknown);
    assert_eq!((failure.code.as_str(), failure.kind), ("131999", Permanent));
    assert_eq!(failure.reason, "WhatsApp refused the message with code 131999: Something new: It is new");
    assert_eq!(classify(&MetaError { is_transient: true, ..unknown }).kind, Transient);
    assert_eq!(classify(&error(-5)).reason, "WhatsApp refused the message with code -5: no words");
}

#[test]
fn a_known_code_wins_over_is_transient() {
    assert_eq!(classify(&MetaError { is_transient: true, ..error(190) }).kind, Authentication);
}

#[test]
fn subcodes_say_more() {
    let expired = MetaError { subcode: Some(463), ..error(190) };
    assert_eq!(classify(&expired).reason, "The access token has expired.");
    let other = MetaError { subcode: Some(999), ..error(190) };
    assert_eq!(classify(&other).reason, "The access token has expired or was withdrawn.");
    let no_right = MetaError { subcode: Some(33), ..error(100) };
    assert_eq!(classify(&no_right).kind, Authentication);
    let wrapped = MetaError { subcode: Some(2_388_024), ..error(100) };
    assert_eq!((classify(&wrapped).code.as_str(), classify(&wrapped).kind), ("100", Template));
    // 4 comes with 2446079 as a rule, which is no code of its own.
    assert_eq!(classify(&MetaError { subcode: Some(2_446_079), ..error(4) }).kind, SenderRate);
}

#[test]
fn details_are_quoted_where_they_name_the_cause() {
    let details =
        |code| MetaError { details: Some("body: number of localizable_params (1)".to_owned()), ..error(code) };
    let template = classify(&details(132_000)).reason;
    assert_eq!(
        template,
        "The template was filled with the wrong number of values. \
         WhatsApp says: body: number of localizable_params (1)"
    );
    let window = classify(&details(131_047)).reason;
    assert!(!window.contains("localizable"), "{window}");
    let long = MetaError { details: Some("é".repeat(5000)), ..error(100) };
    assert!(classify(&long).reason.chars().count() < 400);
}

#[test]
fn an_error_is_read_in_each_of_its_shapes() {
    let of_answer = json!({"message": "(#131056) pair rate limit hit", "type": "OAuthException", "code": 131_056,
        "error_data": {"messaging_product": "whatsapp", "details": "too many"}, "fbtrace_id": "A"});
    let read = MetaError::read(&of_answer).expect("a code");
    assert_eq!((read.code, read.details.as_deref()), (131_056, Some("too many")));
    assert_eq!(read.title.as_deref(), Some("(#131056) pair rate limit hit"));
    for (shape, details) in [
        (json!({"code": "100", "error_data": "plain"}), Some("plain")),
        (json!({"code": 100, "title": "t", "details": "at the top"}), Some("at the top")),
        (json!({"code": 100, "error_user_msg": "for people"}), Some("for people")),
        (json!({"code": 100, "title": "only this"}), None),
    ] {
        let read = MetaError::read(&shape).expect("a code");
        assert_eq!((read.code, read.details.as_deref()), (100, details), "{shape}");
    }
    assert_eq!(MetaError::read(&json!({"title": "no code"})), None);
    assert_eq!(MetaError::read(&json!("text")), None);
}
