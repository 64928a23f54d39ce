use proptest::prelude::*;

use super::*;
use crate::refusal::RefusalKind;

fn evidence() -> impl Strategy<Value = Evidence> {
    (0_usize..8, 0_i64..50, 0_u8..3).prop_map(|(status, at, code)| {
        let status = AttemptStatus::ALL[status];
        let failure = (status == AttemptStatus::Failed && code > 0).then(|| Failure {
            code: code.to_string(),
            kind: RefusalKind::Recipient,
            reason: "not reachable".to_owned(),
            remedy: "another number".to_owned(),
        });
        Evidence { status, at: Timestamp::from_micros(at), failure }
    })
}

fn apply(evidence: &[Evidence]) -> AttemptState {
    evidence.iter().fold(AttemptState::new(AttemptStatus::Calling), AttemptState::on)
}

proptest! {
    #[test]
    fn any_order_and_any_doubles_end_at_the_maximum_with_the_earliest_times(
        (once, shuffled) in proptest::collection::vec(evidence(), 0..24).prop_flat_map(|reports| {
            let mut doubled = reports.clone();
            doubled.extend(reports.iter().step_by(2).cloned());
            (Just(reports), Just(doubled).prop_shuffle())
        })
    ) {
        let state = apply(&shuffled);
        prop_assert_eq!(&state, &apply(&once));

        let highest = once.iter().map(|e| e.status).max().unwrap_or(AttemptStatus::Calling);
        prop_assert_eq!(state.status, highest.max(AttemptStatus::Calling));

        let mut times = state.times;
        for status in AttemptStatus::ALL {
            let earliest = once.iter().filter(|e| e.status == status).map(|e| e.at).min();
            if let Some(slot) = times.slot(status) {
                prop_assert_eq!(*slot, earliest);
            }
        }
    }

    #[test]
    fn a_status_never_moves_backwards(reports in proptest::collection::vec(evidence(), 0..24)) {
        let mut state = AttemptState::new(AttemptStatus::Queued);
        for report in &reports {
            let before = state.status;
            state = state.on(report);
            prop_assert!(state.status >= before);
        }
    }

    #[test]
    fn a_reference_reads_back(account in any::<i64>(), message in any::<i64>(), number in 1_i64..99, node in "[a-z0-9]{8}") {
        let reference = AttemptReference {
            installation: node, account: AccountId(account), message: MessageId(message), number,
        };
        prop_assert_eq!(reference.to_string().parse(), Ok(reference));
    }
}

#[test]
fn read_without_delivered_counts_as_delivered() {
    let read = Evidence { status: AttemptStatus::Read, at: Timestamp::from_micros(7), failure: None };
    let state = AttemptState::new(AttemptStatus::Submitted).on(&read);
    assert_eq!(state.times.received(), Some(Timestamp::from_micros(7)));
}

#[test]
fn somebody_elses_reference_is_foreign() {
    for text in ["", "wp1", "order-77", "wp1.a.1.2", "wp1.a.1.2.3.4", "wp2.a.1.2.3", "wp1.a.x.2.3"] {
        assert_eq!(text.parse::<AttemptReference>(), Err(ForeignReference), "{text}");
    }
}
