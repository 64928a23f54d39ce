//! Statuses that arrive before their message's id is known: kept, and applied when it is.

use domain::attempt::{AttemptStatus, Evidence};
use domain::ids::{AccountId, InletId, SenderId};
use domain::time::Timestamp;

use super::evidence::Finding;
use crate::call::{AttemptKey, NewExternalId};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::message::{failure_from, failure_text};
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::trace::Source;
use crate::values;

/// A status without its message.
#[derive(Clone, Debug)]
pub(super) struct EarlyStatus<'a> {
    pub account: AccountId,
    pub sender: SenderId,
    pub kind: &'a str,
    pub value: &'a str,
    pub evidence: &'a Evidence,
    pub billing: Option<&'a str>,
    pub inlet: Option<InletId>,
}

static KEEP: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("sender_id", Int),
        ("kind", Text),
        ("value", Text),
        ("status", Int),
        ("at", Int),
        ("failure", Text),
        ("billing", Text),
        ("received_at", Int),
        ("inlet_id", Int),
    ],
    "INSERT INTO early_status (account_id, sender_id, kind, value, status, at, failure, billing, received_at, inlet_id)
     SELECT account_id, sender_id, kind, value, status, at, failure, billing, received_at, inlet_id FROM input WHERE TRUE
     ON CONFLICT (account_id, sender_id, kind, value, status, at) DO NOTHING",
);

/// Keeps statuses until their message is known.
pub(super) async fn keep_all(
    conn: &mut Conn<'_>,
    statuses: &[EarlyStatus<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<_> = statuses
        .iter()
        .map(|s| {
            let failure = failure_text(s.evidence.failure.as_ref());
            let (status, at, inlet) = (s.evidence.status.rank(), s.evidence.at, s.inlet.map(|id| id.0));
            values![s.account, s.sender, s.kind, s.value, status, at, failure, s.billing, now, inlet]
        })
        .collect();
    conn.batch(&KEEP, &rows).await?;
    Ok(())
}

static TAKE: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("kind", Text), ("value", Text)],
    "DELETE FROM early_status WHERE (account_id, sender_id, kind, value)
       IN (SELECT account_id, sender_id, kind, value FROM input)
     RETURNING sender_id, kind, value, status, at, failure, billing, inlet_id",
);

/// Takes the statuses that waited for these ids.
pub(super) async fn take_all(conn: &mut Conn<'_>, ids: &[NewExternalId]) -> Result<Vec<Finding>, StoreError> {
    let rows: Vec<_> = ids.iter().map(|id| values![id.account, id.sender, id.kind, id.value.as_str()]).collect();
    let mut findings = Vec::new();
    for row in conn.batch(&TAKE, &rows).await? {
        let mut row = row.reader();
        let (sender, kind, value): (SenderId, String, String) = (row.read()?, row.read()?, row.read()?);
        let status = AttemptStatus::from_rank(row.read()?);
        let (at, failure, billing) = (row.read()?, failure_from(row.read()?)?, row.read()?);
        let source = Source::EarlyCallback(row.read()?);
        let owner = ids.iter().find(|id| id.sender == sender && id.kind == kind && id.value == value);
        if let (Some(NewExternalId { account, message, attempt: Some(number), .. }), Some(status)) = (owner, status) {
            let key = AttemptKey { account: *account, message: *message, number: *number };
            let evidence = vec![(source, Evidence { status, at, failure })];
            let finding =
                Finding { key, sender, evidence, external_id: None, requeued: false, ends_call: false, billing };
            findings.push(finding);
        }
    }
    Ok(findings)
}

const DELETE_OLD: Sql = Sql::same("DELETE FROM early_status WHERE received_at < $1");

/// Forgets statuses that waited since before `before`: their message was sent by another system on the same account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_before(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute(&DELETE_OLD, values![before]).await
}
