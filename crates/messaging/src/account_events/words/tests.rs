//! Every event of the reference, decoded as it comes.

use domain::inbound::HookFact;
use providers::{ProviderKind, decode_hook};
use serde_json::{Value, json};

use super::*;

fn described(field: &str, value: &Value) -> Words {
    let changes = json!([{"field": field, "value": value}]);
    let entry = json!([{"id": "102", "time": 1_795_168_800, "changes": changes}]);
    let body = json!({"object": "whatsapp_business_account", "entry": entry}).to_string();
    let decoded = decode_hook(ProviderKind::MetaCloud, body.as_bytes()).expect("decodable");
    match decoded.items.as_slice() {
        [item] => match &item.fact {
            HookFact::Account(event) => {
                let source = item.source.as_ref().expect("the value is kept");
                assert_eq!((source.field.as_str(), &source.value), (field, value));
                describe(event)
            }
            other => panic!("{field}: {other:?}"),
        },
        items => panic!("{field}: {items:?}"),
    }
}

/// Whatever calls somebody says what helps, and everything is a sentence.
fn check(field: &str, value: &Value, severity: Severity) -> Words {
    let words = described(field, value);
    assert_eq!(words.severity, severity, "{value}: {words:?}");
    assert!(words.severity == Info || words.remedy.is_some(), "{words:?}");
    assert!(words.sentence.starts_with(|c: char| c.is_uppercase() || "“@".contains(c)), "{words:?}");
    assert!(!words.sentence.contains("  ") && words.sentence.len() < 2_000, "{words:?}");
    words
}

fn template(event: &str, more: Value) -> Value {
    let mut value = json!({"event": event, "message_template_id": 1, "message_template_name": "order_ok",
        "message_template_language": "en-US", "reason": "NONE"});
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

#[test]
fn templates_status() {
    let field = "message_template_status_update";
    let events = [
        ("APPROVED", Info),
        ("REJECTED", Warning),
        ("PENDING", Info),
        ("PAUSED", Warning),
        ("DISABLED", Critical),
        ("IN_APPEAL", Info),
        ("PENDING_DELETION", Warning),
        ("DELETED", Warning),
        ("LIMIT_EXCEEDED", Warning),
        ("ARCHIVED", Info),
        ("UNARCHIVED", Info),
        ("LOCKED", Info),
        ("FLAGGED", Warning),
        ("REINSTATED", Info),
        ("HIBERNATING", Info),
    ];
    for (event, severity) in events {
        let words = check(field, &template(event, json!({})), severity);
        assert_eq!(words.event, event);
        assert!(words.sentence.starts_with("The template order_ok (en_US) "), "{words:?}");
    }
    let paused = json!({"other_info": {"title": "SECOND_PAUSE", "description": "Paused for low quality."}});
    let words = check(field, &template("PAUSED", paused), Warning);
    assert!(words.sentence.contains("six hours") && words.sentence.contains("Paused for low quality."), "{words:?}");
    let rejected = json!({"reason": "INVALID_FORMAT", "rejection_info": {"reason": "Two in a row", "recommendation": "Add words"}});
    let words = check(field, &template("REJECTED", rejected), Warning);
    assert_eq!(words.remedy.as_deref(), Some("Add words"));
    let again = check(field, &template("APPROVED", json!({"other_info": {"title": "UNPAUSE"}})), Info);
    assert!(again.sentence.contains("not paused"), "{again:?}");
}

#[test]
fn templates_otherwise() {
    let named = |value| template("", value);
    let quality = |score: &str| {
        let mut value = named(json!({"previous_quality_score": "GREEN", "new_quality_score": score}));
        value.as_object_mut().and_then(|value| value.remove("event"));
        value
    };
    for (score, severity) in [("GREEN", Info), ("YELLOW", Warning), ("RED", Warning), ("UNKNOWN", Info)] {
        check("message_template_quality_update", &quality(score), severity);
        // Meta's page prints the other field's name.
        check("message_template_status_update", &quality(score), severity);
    }
    check("message_template_components_update", &named(json!({"message_template_element": "Hi"})), Info);
    let notice =
        json!({"correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": 1_795_255_200});
    let words = check("template_category_update", &named(notice), Warning);
    assert!(words.sentence.contains("becomes MARKETING on 2026-11-21"), "{words:?}");
    let after = json!({"previous_category": "UTILITY", "new_category": "MARKETING"});
    let words = check("template_category_update", &named(after), Warning);
    assert!(words.sentence.contains("is MARKETING now, it was UTILITY"), "{words:?}");
    check(
        "template_category_update",
        &named(json!({"previous_category": "MARKETING", "new_category": "UTILITY"})),
        Info,
    );
    check("template_correct_category_detection", &named(json!({"correct_category": "MARKETING"})), Warning);
}

#[test]
fn numbers() {
    let quality =
        |event: &str| json!({"display_phone_number": "15550783881", "event": event, "current_limit": "TIER_10K"});
    let events = [
        ("ONBOARDING", Info),
        ("THROUGHPUT_UPGRADE", Info),
        ("FLAGGED", Warning),
        ("UNFLAGGED", Info),
        ("UPGRADE", Info),
        ("DOWNGRADE", Warning),
        ("NEW", Info),
    ];
    for (event, severity) in events {
        let words = check("phone_number_quality_update", &quality(event), severity);
        assert!(words.sentence.contains("10,000 people"), "{words:?}");
    }
    let name = |decision: &str| json!({"display_phone_number": "1", "decision": decision, "requested_verified_name": "Carmel", "rejection_reason": "NAME_X"});
    for (decision, severity) in
        [("APPROVED", Info), ("REJECTED", Warning), ("DEFERRED", Info), ("PENDING", Info), ("NEW", Info)]
    {
        assert!(check("phone_number_name_update", &name(decision), severity).sentence.contains("“Carmel”"));
    }
    for (event, severity) in
        [("PIN_CHANGED", Warning), ("PIN_RESET_REQUEST", Warning), ("PIN_REQUEST_SUCCESS", Warning), ("NEW", Info)]
    {
        check("security", &json!({"display_phone_number": "1", "event": event, "requester": "6"}), severity);
    }
    for field in ["business_username_update", "business_username_updates"] {
        for (status, severity) in [("approved", Info), ("reserved", Info), ("deleted", Warning), ("new", Info)] {
            check(field, &json!({"display_phone_number": "1", "username": "carmel", "status": status}), severity);
        }
    }
    let settings =
        json!({"type": "PHONE_NUMBER_SETTINGS", "phone_number_settings": {"phone_number_id": "1", "calling": {}}});
    check("account_settings_update", &settings, Info);
    let capability = json!({"max_daily_conversations_per_business": -1, "max_phone_numbers_per_business": 20});
    assert!(check("business_capability_update", &capability, Info).sentence.contains("any number of people"));
    check("business_capability_update", &json!({"max_phone_numbers_per_waba": 25}), Info);
    check("business_capability_update", &json!({"max_daily_conversation_per_phone": 2000}), Info);
}

#[test]
fn accounts() {
    let update = |event: &str, more: Value| {
        let mut value = json!({"event": event});
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
        value
    };
    let ban = |state: &str| json!({"ban_info": {"waba_ban_state": state, "waba_ban_date": "April 17, 2027"}});
    let shared = || json!({"waba_info": {"waba_id": "102", "owner_business_id": "6"}});
    let restriction = json!({"restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_795_255_200}]});
    let events = [
        ("ACCOUNT_DELETED", json!({}), Critical),
        ("ACCOUNT_VIOLATION", json!({"violation_info": {"violation_type": "ADULT"}}), Warning),
        ("ACCOUNT_RESTRICTION", restriction, Critical),
        ("DISABLED_UPDATE", ban("SCHEDULE_FOR_DISABLE"), Critical),
        ("DISABLED_UPDATE", ban("DISABLE"), Critical),
        ("DISABLED_UPDATE", ban("REINSTATE"), Info),
        ("DISABLED_UPDATE", ban("NEW"), Warning),
        ("PARTNER_ADDED", shared(), Info),
        ("PARTNER_REMOVED", shared(), Critical),
        (
            "PARTNER_REMOVED",
            json!({"phone_number": "1555", "disconnection_info": {"reason": "PRIMARY_INACTIVITY"}}),
            Critical,
        ),
        ("PARTNER_APP_INSTALLED", shared(), Info),
        ("PARTNER_APP_UNINSTALLED", shared(), Critical),
        (
            "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
            json!({"partner_client_certification_info": {"status": "APPROVED"}}),
            Info,
        ),
        (
            "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
            json!({"partner_client_certification_info": {"status": "REJECTED", "rejection_reasons": ["X"]}}),
            Warning,
        ),
        (
            "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
            json!({"auth_international_rate_eligibility": {"start_time": 1_795_255_200}}),
            Warning,
        ),
        ("BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", json!({"country": "IL"}), Info),
        ("VOLUME_BASED_PRICING_TIER_UPDATE", json!({"volume_tier_info": {"pricing_category": "UTILITY"}}), Info),
        ("AD_ACCOUNT_LINKED", json!({}), Info),
        ("MM_LITE_TERMS_SIGNED", json!({}), Info),
        ("ACCOUNT_OFFBOARDED", json!({}), Critical),
        ("ACCOUNT_RECONNECTED", json!({}), Info),
        ("SOMETHING_NEW", json!({}), Info),
    ];
    for (event, more, severity) in events {
        assert_eq!(check("account_update", &update(event, more), severity).event, event);
    }
    for (decision, severity) in
        [("APPROVED", Info), ("REJECTED", Critical), ("PENDING", Info), ("DEFERRED", Warning), ("NEW", Info)]
    {
        check("account_review_update", &json!({"decision": decision}), severity);
    }
}

#[test]
fn alerts_and_flows() {
    let alert = |kind: &str, severity: &str, status: &str| {
        let info = json!({"alert_severity": severity, "alert_status": status, "alert_type": kind, "alert_description": "It is so."});
        json!({"entity_type": "BUSINESS", "entity_id": "6", "alert_info": info})
    };
    for (told, severity) in [("CRITICAL", Critical), ("WARNING", Warning), ("INFORMATIONAL", Info)] {
        for kind in ["OBA_APPROVED", "OBA_REJECTED", "PROFILE_PICTURE_LOST", "SOMETHING_NEW"] {
            let words = check("account_alerts", &alert(kind, told, "ACTIVE"), severity);
            assert!(words.sentence.ends_with("WhatsApp says: It is so."), "{words:?}");
        }
    }
    for kind in ["DEFERRED", "FAILED", "NEED_MORE_INFO"] {
        let kind = format!("INCREASED_CAPABILITIES_ELIGIBILITY_{kind}");
        check("account_alerts", &alert(&kind, "WARNING", "NONE"), Info);
    }
    // A severity nobody knows counts as the kind's own; older versions have the members at the top.
    check("account_alerts", &json!({"alert_type": "OBA_REJECTED", "alert_severity": "LOUD"}), Warning);
    let flow = |event: &str, more: Value| {
        let mut value = json!({"event": event, "flow_id": "7", "message": "Said."});
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
        value
    };
    for (status, severity) in [("PUBLISHED", Info), ("THROTTLED", Warning), ("BLOCKED", Critical)] {
        check("flows", &flow("FLOW_STATUS_CHANGE", json!({"old_status": "DRAFT", "new_status": status})), severity);
    }
    for event in ["CLIENT_ERROR_RATE", "ENDPOINT_ERROR_RATE", "ENDPOINT_LATENCY", "ENDPOINT_AVAILABILITY", "NEW"] {
        check("flows", &flow(event, json!({"alert_state": "ACTIVATED"})), Warning);
        check("flows", &flow(event, json!({"alert_state": "DEACTIVATED"})), Info);
        check("flows", &flow(event, json!({})), Info);
    }
}

#[test]
fn long_words_are_cut() {
    let long = "x".repeat(100_000);
    let words = check("account_update", &json!({"event": long}), Info);
    assert!(words.sentence.len() < 600, "{}", words.sentence.len());
}
