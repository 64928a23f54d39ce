use super::*;

#[test]
fn a_messages_status_follows_its_newest_attempt_and_keeps_a_delivery_of_any() {
    use AttemptStatus as A;
    use MessageStatus as M;
    assert_eq!(M::Failed.on(A::Queued, true), M::Queued);
    assert_eq!(M::Queued.on(A::Failed, false), M::Queued);
    assert_eq!(M::Calling.on(A::Delivered, false), M::Delivered);
    assert_eq!(M::Read.on(A::Delivered, true), M::Read);
    assert_eq!(M::Delivered.on(A::Read, false), M::Read);
    assert_eq!(M::Delivered.on(A::Failed, true), M::Delivered);
}

#[test]
fn stored_numbers_and_names_read_back() {
    for status in MessageStatus::ALL {
        assert_eq!(MessageStatus::from_code(status.code()), Some(status));
        assert_eq!(MessageStatus::parse(status.as_str()), Some(status));
    }
    for class in Class::ALL {
        assert_eq!(Class::from_stored(class as i64), Some(class));
        assert_eq!(Class::parse(class.as_str()), Some(class));
    }
}
