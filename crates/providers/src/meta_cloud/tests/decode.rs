//! What recorded deliveries mean.

use domain::attempt::{AttemptStatus, Evidence};
use domain::inbound::{DecodedHook, HookFact, HookItem, StatusReport};
use domain::refusal::{Failure, RefusalKind};
use domain::time::Timestamp;
use testkit::hooks;

use super::*;
use crate::meta_cloud::decode;

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

pub(super) fn decoded(body: &str) -> DecodedHook {
    decode(body.as_bytes()).expect("Meta's shape")
}

/// The one fact of a delivery in which nothing is left over.
pub(super) fn only(body: &str) -> HookItem {
    let mut hook = decoded(body);
    assert_eq!((hook.items.len(), &hook.passed_over, &hook.unknown), (1, &Vec::new(), &Vec::new()));
    hook.items.remove(0)
}

pub(super) fn status_of(item: HookItem) -> StatusReport {
    match item.fact {
        HookFact::Status(report) => *report,
        other => panic!("no status: {other:?}"),
    }
}

#[test]
fn every_recorded_delivery_means_what_is_written_beside_it() {
    let fixtures = hooks::meta();
    assert!(fixtures.len() >= 66, "{} fixtures", fixtures.len());
    let mut wrong = Vec::new();
    for fixture in fixtures {
        let seen = hooks::view(&decoded(&fixture.body));
        if seen != fixture.expected {
            wrong.push(format!("{}:\n{seen:#}\nexpected:\n{:#}", fixture.name, fixture.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn statuses_are_evidence() {
    let evidence = |name: &str| status_of(only(&fixture(name))).evidence(at("2026-01-01T00:00:00Z"));
    let expected = |status, time| Some(Evidence { status, at: at(time), failure: None });
    assert_eq!(evidence("message_status.sent"), expected(AttemptStatus::Sent, "2023-10-25T20:49:05Z"));
    assert_eq!(evidence("message_status.read"), expected(AttemptStatus::Read, "2023-07-15T00:20:58Z"));
    assert_eq!(evidence("status_delivered_bsuid_only"), expected(AttemptStatus::Delivered, "2025-06-15T23:27:53Z"));
    let tracked = status_of(only(&fixture("message_status.with_tracker")));
    assert_eq!(tracked.reference.as_deref(), Some("some data"));
}

#[test]
fn a_failure_says_why() {
    let failure = Failure {
        code: "130472".to_owned(),
        kind: RefusalKind::Recipient,
        reason: "Meta holds back marketing messages to this person as part of an experiment.".to_owned(),
        remedy: "Do not send it again; reach this person another way if it matters.".to_owned(),
    };
    let report = status_of(only(&fixture("message_status.failed")));
    assert_eq!(report.failure, Some(failure));
}

#[test]
fn one_participants_receipt_is_not_that_of_a_group() {
    let hook = decoded(&fixture("group_statuses_aggregated"));
    assert_eq!(hook.items.len(), 3);
    for item in hook.items {
        assert_eq!(status_of(item).evidence(at("2026-01-01T00:00:00Z")), None);
    }
}
