//! When a message may be sent: from its due time to its expiry, and what may be asked for.

use std::time::Duration;

use serde_json::Value;

use crate::fields::{FieldError, Fields};
use crate::time::Timestamp;

/// How far ahead something may be scheduled, and how long after its due time it may expire: 366 days, a year's
/// anniversary also in a leap year.
pub const AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// From when to when a message may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Not before; `None` at once.
    pub due_at: Option<Timestamp>,
    /// Not after.
    pub expires_at: Timestamp,
}

impl Plan {
    /// Of a new message. A due time that is past means at once; the default expiry counts from the due time.
    ///
    /// # Errors
    /// `out_of_range` at `send_at` or `expires_at`.
    pub fn new(
        send_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<Self, FieldError> {
        let due_at = send_at.filter(|at| *at > now);
        let start = due_at.unwrap_or(now);
        let plan = Self { due_at, expires_at: expires_at.unwrap_or_else(|| start.plus(lifetime)) };
        plan.check(now)?;
        Ok(plan)
    }

    fn check(self, now: Timestamp) -> Result<(), FieldError> {
        let start = self.due_at.unwrap_or(now);
        if start > now.plus(AHEAD_MAX) {
            return Err(out_of_range("send_at", "must lie within the next 366 days"));
        }
        if self.expires_at <= start {
            return Err(out_of_range("expires_at", "the message would expire before it could be sent"));
        }
        if self.expires_at > start.plus(AHEAD_MAX) {
            return Err(out_of_range("expires_at", "must lie within 366 days after the message is due"));
        }
        Ok(())
    }
}

/// Another due time or expiry for a message that is scheduled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The new due time.
    pub send_at: Option<Timestamp>,
    /// The new expiry; without one it moves with the due time.
    pub expires_at: Option<Timestamp>,
}

impl Change {
    /// Reads the body of `PATCH /v1/messages/{id}`.
    ///
    /// # Errors
    /// The first field that is missing, unknown or wrong.
    pub fn read(body: &Value) -> Result<Self, FieldError> {
        let mut fields = Fields::of(body, "")?;
        let send_at = fields.optional_time("send_at")?;
        let expires_at = fields.optional_time("expires_at")?;
        fields.finish()?;
        if send_at.is_none() && expires_at.is_none() {
            return Err(FieldError::new("missing_field", "send_at", "give `send_at`, `expires_at`, or both"));
        }
        Ok(Self { send_at, expires_at })
    }

    /// What becomes of a message that is due at `due_at` and expires at `expires_at`.
    ///
    /// # Errors
    /// `out_of_range`: a due time that is not ahead, or too far, or an expiry that is not behind it.
    pub fn of(self, due_at: Timestamp, expires_at: Timestamp, now: Timestamp) -> Result<Plan, FieldError> {
        let due = self.send_at.unwrap_or(due_at);
        if self.send_at.is_some_and(|at| at <= now) {
            return Err(out_of_range("send_at", "must lie in the future; cancel what is not to be sent"));
        }
        // Whoever moves a message by a day means its expiry too.
        let expires_at = self.expires_at.unwrap_or_else(|| due.plus(expires_at.since(due_at)));
        let plan = Plan { due_at: Some(due), expires_at };
        plan.check(now)?;
        Ok(plan)
    }
}

fn out_of_range(field: &str, detail: &str) -> FieldError {
    FieldError::new("out_of_range", field, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_168_800);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn the_default_expiry_counts_from_the_due_time() {
        let later = NOW.plus(DAY);
        let plan = |send_at| Plan::new(send_at, None, DAY, NOW).expect("a plan");
        assert_eq!(plan(None), Plan { due_at: None, expires_at: later });
        assert_eq!(plan(Some(later)), Plan { due_at: Some(later), expires_at: later.plus(DAY) });
        assert_eq!(plan(Some(NOW)).due_at, None, "what is due now is not scheduled");
    }

    #[test]
    fn times_that_make_no_sense_are_named() {
        let at = |days: i32| if days < 0 { NOW.minus(DAY * days.unsigned_abs()) } else { NOW.plus(DAY * days as u32) };
        let wrong = |send_at: Option<i32>, expires_at: Option<i32>| {
            let plan = Plan::new(send_at.map(at), expires_at.map(at), DAY, NOW);
            plan.err().map(|error| (error.code, error.field))
        };
        let out = |field: &str| Some(("out_of_range", field.to_owned()));
        assert_eq!(wrong(Some(366), None), None);
        assert_eq!(wrong(Some(367), None), out("send_at"));
        assert_eq!(wrong(None, Some(-1)), out("expires_at"));
        assert_eq!(wrong(Some(2), Some(2)), out("expires_at"));
        assert_eq!(wrong(Some(2), Some(1)), out("expires_at"));
        assert_eq!(wrong(Some(2), Some(368)), None);
        assert_eq!(wrong(Some(2), Some(369)), out("expires_at"));
    }

    #[test]
    fn an_expiry_moves_with_its_due_time() {
        let (due, expires) = (NOW.plus(DAY), NOW.plus(DAY * 3));
        let moved = Change { send_at: Some(NOW.plus(DAY * 5)), expires_at: None };
        let plan = moved.of(due, expires, NOW).expect("a plan");
        assert_eq!((plan.due_at, plan.expires_at), (Some(NOW.plus(DAY * 5)), NOW.plus(DAY * 7)));
        let shortened = Change { send_at: None, expires_at: Some(NOW.plus(DAY * 2)) };
        let plan = shortened.of(due, expires, NOW).expect("a plan");
        assert_eq!((plan.due_at, plan.expires_at), (Some(due), NOW.plus(DAY * 2)));
        for (change, field) in [
            (Change { send_at: Some(NOW), expires_at: None }, "send_at"),
            (Change { send_at: Some(NOW.plus(DAY * 367)), expires_at: None }, "send_at"),
            (Change { send_at: None, expires_at: Some(due) }, "expires_at"),
        ] {
            let error = change.of(due, expires, NOW).expect_err(field);
            assert_eq!((error.code, error.field.as_str()), ("out_of_range", field));
        }
    }

    #[test]
    fn a_change_names_what_it_changes() {
        let wrong = |body: Value| Change::read(&body).map_err(|error| (error.code, error.field));
        assert_eq!(wrong(json!({})), Err(("missing_field", "send_at".to_owned())));
        assert_eq!(wrong(json!({"send_at": "soon"})), Err(("invalid_time", "send_at".to_owned())));
        assert_eq!(wrong(json!({"sendat": "2026-11-20T18:00:00Z"})), Err(("unknown_field", "sendat".to_owned())));
        let change = wrong(json!({"send_at": "2026-11-20T18:00:00Z", "expires_at": null})).expect("a change");
        assert_eq!((change.send_at, change.expires_at), (Timestamp::parse("2026-11-20T18:00:00Z").ok(), None));
    }
}
