//! How far a message to a group came with each participant: one person's reading is not everybody's.

use domain::attempt::AttemptStatus;
use domain::ids::{AccountId, SenderId};
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// A message to a group reached a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The sender's owner.
    pub account: AccountId,
    /// Over which number.
    pub sender: SenderId,
    /// The provider's id of the message.
    pub external_id: String,
    /// The participant's id, else their number.
    pub participant: String,
    /// How far.
    pub status: AttemptStatus,
    /// When.
    pub at: Timestamp,
}

static RECORD: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("sender_id", Int),
        ("external_id", Text),
        ("participant", Text),
        ("status", Int),
        ("at", Int),
    ],
    "INSERT INTO recipient_status (account_id, sender_id, external_id, participant, status, at)
     SELECT account_id, sender_id, external_id, participant, status, MIN(at) FROM input WHERE TRUE
     GROUP BY account_id, sender_id, external_id, participant, status
     ON CONFLICT (account_id, sender_id, external_id, participant, status) DO UPDATE SET at = excluded.at
     WHERE excluded.at < recipient_status.at",
);

/// Keeps the earliest time of each status of each participant.
pub(crate) async fn record_all(conn: &mut Conn<'_>, receipts: &[(usize, &Receipt)]) -> Result<(), StoreError> {
    let mut rows: Vec<&Receipt> = receipts.iter().map(|(_, receipt)| *receipt).collect();
    rows.sort_by(|a, b| (a.account, a.sender, &a.external_id).cmp(&(b.account, b.sender, &b.external_id)));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|r| {
            let (id, participant) = (r.external_id.as_str(), r.participant.as_str());
            values![r.account, r.sender, id, participant, r.status.rank(), r.at]
        })
        .collect();
    conn.batch(&RECORD, &rows).await?;
    Ok(())
}

const OF_MESSAGE: Sql = Sql::same(
    "SELECT participant, MAX(status) FROM recipient_status
     WHERE account_id = $1 AND sender_id = $2 AND external_id = $3 GROUP BY participant ORDER BY participant",
);

/// How far a message came with each participant who is known of.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_message(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    sender: SenderId,
    external_id: &str,
) -> Result<Vec<(String, AttemptStatus)>, StoreError> {
    let rows = conn.fetch(&OF_MESSAGE, values![scope.account(), sender, external_id]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (participant, rank): (String, i64) = (row.read()?, row.read()?);
            let status = AttemptStatus::from_rank(rank);
            Ok((participant, status.ok_or_else(|| StoreError::Corrupt("an unknown status".to_owned()))?))
        })
        .collect()
}
