//! What is known of senders at their providers; a property only moves forward in time.

use std::collections::{BTreeMap, HashMap};

use domain::ids::{AccountId, SenderId};
use domain::scope::AccountScope;
use domain::sender_state::{Observation, Property, Source, messages_per_second};

use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// Something observed about a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Whose.
    pub account: AccountId,
    /// Of which.
    pub sender: SenderId,
    /// What.
    pub observation: Observation,
}

static RECORD: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("property", Text), ("value", Text), ("at", Int), ("source", Text)],
    "INSERT INTO sender_state (account_id, sender_id, property, value, at, source)
     SELECT account_id, sender_id, property, value, at, source FROM input WHERE TRUE
     ON CONFLICT (account_id, sender_id, property) DO UPDATE
       SET value = excluded.value, at = excluded.at, source = excluded.source WHERE excluded.at >= sender_state.at
     RETURNING sender_id",
);

/// Records what was observed, unless something newer is known of that property; of several about one property the newest
/// counts, and of equals the last. Answers the senders of which something was recorded.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn record(conn: &mut Conn<'_>, observed: &[Observed]) -> Result<Vec<SenderId>, StoreError> {
    let mut newest: BTreeMap<(SenderId, Property), &Observed> = BTreeMap::new();
    for new in observed {
        let kept = newest.entry((new.sender, new.observation.property)).or_insert(new);
        if new.observation.at >= kept.observation.at {
            *kept = new;
        }
    }
    let rows: Vec<_> = newest
        .into_values()
        .map(|Observed { account, sender, observation: o }| {
            values![*account, *sender, o.property.as_str(), o.value.as_str(), o.at, o.source.as_str()]
        })
        .collect();
    let recorded = conn.batch(&RECORD, &rows).await?;
    let mut senders = recorded.iter().map(|row| row.reader().read()).collect::<Result<Vec<SenderId>, _>>()?;
    senders.sort_unstable();
    senders.dedup();
    Ok(senders)
}

const OF_ACCOUNT: Sql = Sql::same(
    "SELECT sender_id, property, value, at, source FROM sender_state WHERE account_id = $1 ORDER BY sender_id, property",
);
const OF_SENDER: Sql = Sql::same(
    "SELECT sender_id, property, value, at, source FROM sender_state WHERE account_id = $1 AND sender_id = $2
     ORDER BY property",
);

/// What is known of the account's senders.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_account(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
) -> Result<HashMap<SenderId, Vec<Observation>>, StoreError> {
    let mut known: HashMap<SenderId, Vec<Observation>> = HashMap::new();
    for row in conn.fetch(&OF_ACCOUNT, values![scope.account()]).await? {
        if let Some((sender, observation)) = observation(&row)? {
            known.entry(sender).or_default().push(observation);
        }
    }
    Ok(known)
}

/// What is known of one sender of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_sender(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    sender: SenderId,
) -> Result<Vec<Observation>, StoreError> {
    let rows = conn.fetch(&OF_SENDER, values![scope.account(), sender]).await?;
    let found: Result<Vec<_>, _> = rows.iter().map(observation).collect();
    Ok(found?.into_iter().flatten().map(|(_, observation)| observation).collect())
}

/// A property that a newer version wrote is passed over.
fn observation(row: &Row) -> Result<Option<(SenderId, Observation)>, StoreError> {
    let mut row = row.reader();
    let (sender, property): (SenderId, String) = (row.read()?, row.read()?);
    let Some(property) = Property::parse(&property) else { return Ok(None) };
    let (value, at, source) = (row.read()?, row.read()?, Source::from_stored(&row.read::<String>()?));
    Ok(Some((sender, Observation { property, value, at, source })))
}

const PACES: Sql = Sql::same(
    "SELECT s.id, t.value, p.value FROM sender s
     LEFT JOIN sender_state t ON t.account_id = s.account_id AND t.sender_id = s.id AND t.property = 'throughput'
     LEFT JOIN sender_state p ON p.account_id = s.account_id AND p.sender_id = s.id AND p.property = 'on_phone_app'
     ORDER BY s.id",
);

/// Every sender with the messages per second its provider gives it, `None` where that is not known: for the dispatcher,
/// every few seconds.
///
/// # Errors
/// As classified by [`StoreError`].
pub(crate) async fn paces(conn: &mut Conn<'_>) -> Result<Vec<(SenderId, Option<i64>)>, StoreError> {
    let rows = conn.fetch(&PACES, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (sender, level, app): (_, Option<String>, Option<String>) = (row.read()?, row.read()?, row.read()?);
            Ok((sender, messages_per_second(level.as_deref(), app.as_deref() == Some("true"))))
        })
        .collect()
}
