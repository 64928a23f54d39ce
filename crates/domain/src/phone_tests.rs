use proptest::prelude::*;

use super::*;

fn india(text: &str) -> Result<String, InvalidPhone> {
    E164::parse(text, Region::INDIA).map(String::from)
}

#[test]
fn every_written_form_of_an_indian_mobile_is_one_number() {
    for text in [
        "9876543210",
        "09876543210",
        "919876543210",
        "+919876543210",
        "00919876543210",
        "+91 98765 43210",
        "+91-98765-43210",
        "0091 98765 43210",
        "+91 0 98765 43210",
        "tel:+919876543210",
        "98765 43210",
        "0919876543210",
    ] {
        assert_eq!(india(text).as_deref(), Ok("+919876543210"), "{text}");
    }
}

#[test]
fn ten_digits_that_begin_with_91_are_national() {
    assert_eq!(india("9123456789").as_deref(), Ok("+919123456789"));
}

#[test]
fn what_is_no_number_is_refused_with_its_reason() {
    for (text, reason) in [
        ("", InvalidPhone::Empty),
        ("anonymous", InvalidPhone::NotANumber),
        ("sip:1006@pbx", InvalidPhone::NotANumber),
        ("a@b.example", InvalidPhone::NotANumber),
        ("987654321", InvalidPhone::NotInRegion),
        ("15558897024", InvalidPhone::NotInRegion),
        ("5876543210", InvalidPhone::NotInRegion),
        ("+0123456789", InvalidPhone::NoCountryCode),
        ("+12345", InvalidPhone::WrongLength),
        ("+1234567890123456", InvalidPhone::WrongLength),
    ] {
        assert_eq!(india(text), Err(reason), "{text}");
    }
}

#[test]
fn numbers_of_other_countries_keep_their_zeros() {
    for text in ["+390612345678", "+2250545123456", "+24106031234", "+15558897024", "+5215512345678"] {
        assert_eq!(india(text).as_deref(), Ok(text));
    }
    let israel = Region::parse("IL").expect("a region");
    assert_eq!(E164::parse("054-555-0128", israel).map(String::from).as_deref(), Ok("+972545550128"));
    assert_eq!(E164::parse("12", israel), Err(InvalidPhone::NotInRegion));
}

#[test]
fn two_forms_of_one_account_share_a_match_key() {
    for (left, right) in
        [("+5511961234567", "+551161234567"), ("+5215512345678", "+525512345678"), ("+5491123456789", "+541123456789")]
    {
        let [left, right] = [left, right].map(|text| E164::parse(text, Region::INDIA).expect("a number").match_key());
        assert_eq!(left, right);
    }
}

#[test]
fn a_debug_print_does_not_tell_the_number() {
    let number = E164::parse("+919876543210", Region::INDIA).expect("a number");
    assert_eq!(format!("{number:?}"), "E164(+9198******10)");
}

proptest! {
    #[test]
    fn parsing_is_idempotent_and_never_panics(text in "\\PC{0,24}") {
        if let Ok(number) = E164::parse(&text, Region::INDIA) {
            prop_assert_eq!(E164::parse(number.as_str(), Region::INDIA), Ok(number.clone()));
            prop_assert!((8..=16).contains(&number.as_str().len()));
        }
    }

    #[test]
    fn every_indian_mobile_survives_each_prefix(subscriber in "[6-9][0-9]{9}", prefix in "|0|91|\\+91|0091|\\+91 0") {
        prop_assert_eq!(india(&format!("{prefix}{subscriber}")), Ok(format!("+91{subscriber}")));
    }
}
