use std::time::Duration;

use super::*;

#[test]
fn kinds_are_read_back() {
    for kind in ProviderKind::ALL {
        assert_eq!(ProviderKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(ProviderKind::parse("meta"), Some(ProviderKind::MetaCloud));
    assert_eq!(ProviderKind::parse("Meta"), None);
}

#[test]
fn a_whole_outcome_is_that_of_each_message() {
    let lost = Outcome::Unknown("lost".to_owned());
    assert_eq!(CallOutcome::Whole(lost.clone()).each(3), vec![lost; 3]);
}

#[test]
fn a_message_without_an_outcome_may_have_been_sent() {
    let sent = Outcome::Sent { external_ids: Vec::new(), status: AttemptStatus::Submitted };
    let outcomes = CallOutcome::Each(vec![sent.clone()]).each(2);
    assert_eq!(outcomes.first(), Some(&sent));
    assert!(matches!(outcomes.get(1), Some(Outcome::Unknown(_))));
    assert_eq!(CallOutcome::Each(vec![sent.clone(); 3]).each(1), vec![sent]);
}

#[test]
fn connect_gives_the_provider_that_was_asked_for() {
    let http = HttpClient::new(Duration::from_secs(8)).expect("an HTTP client");
    let sandbox = connect(Settings::Sandbox, &http);
    assert_eq!((sandbox.kind(), sandbox.capabilities().recipients_per_call), (ProviderKind::Sandbox, 1));
    let meta = connect(Settings::MetaCloud(meta_cloud::tests::settings("http://127.0.0.1:9")), &http);
    assert_eq!((meta.kind(), meta.capabilities().echoes_reference), (ProviderKind::MetaCloud, true));
    for secret in ["EAAsecret", "app-secret"] {
        assert!(!format!("{meta:?}").contains(secret), "{meta:?}");
    }
}

#[test]
fn the_sandbox_has_no_callbacks() {
    let error = decode_hook(ProviderKind::Sandbox, b"{}").expect_err("nothing to decode");
    assert_eq!(error.to_string(), "the sandbox makes no callbacks");
}
