//! What is shown with messages: the person, the message that was quoted, the reactions.

use std::collections::{BTreeSet, HashMap};

use domain::ids::{ContactId, MessageId, SenderId};
use domain::message::Direction;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use super::Message;
use crate::conn::Conn;
use crate::contact::{self, ContactView};
use crate::error::StoreError;
use crate::sql::Batch;
use crate::sql::Column::{Int, Text};
use crate::values;

/// What is shown with one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// With whom.
    pub contact: ContactView,
    /// The message it answers, reacts to or changes, where that one is known.
    pub quoted: Option<Quoted>,
    /// The present reactions to it, the oldest first.
    pub reactions: Vec<Reaction>,
}

/// A message that another one points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Its id.
    pub id: MessageId,
    /// One line of it; none if it was taken back.
    pub excerpt: Option<String>,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Whose: of the person, or of the business by other means.
    pub direction: &'static str,
    /// Of which contact, or to which.
    pub contact: ContactId,
    /// When.
    pub at: Timestamp,
}

static QUOTED: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("value", Text)],
    "SELECT e.sender_id, e.value, m.id, m.excerpt, m.deleted_at FROM input
     JOIN message_external_id e ON e.account_id = input.account_id AND e.sender_id = input.sender_id
       AND e.kind = 'wamid' AND e.value = input.value
     JOIN message m ON m.account_id = e.account_id AND m.id = e.message_id",
);

static REACTIONS: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("target", Text)],
    // A person has one reaction to a message: the last one, and none once it is taken back.
    "SELECT newest.sender_id, newest.target, newest.direction, newest.contact_id, newest.created_at, newest.excerpt FROM (
       SELECT m.sender_id, m.target, m.direction, m.contact_id, m.created_at, m.external_id, m.excerpt, ROW_NUMBER() OVER (
         PARTITION BY m.sender_id, m.target, m.direction, m.contact_id
         ORDER BY m.created_at DESC, m.external_id DESC) AS place
       FROM input JOIN message m ON m.account_id = input.account_id AND m.sender_id = input.sender_id
         AND m.target = input.target
       WHERE m.kind = 'reaction') newest
     WHERE newest.place = 1 AND newest.excerpt <> ''
     ORDER BY newest.created_at, newest.external_id",
);

/// What is shown with each of these messages, in their order.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn around(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    messages: &[Message],
) -> Result<Vec<Around>, StoreError> {
    let contacts = contact::describe_all(conn, scope, messages.iter().map(|message| message.contact)).await?;
    let quoted = quoted(conn, scope, messages).await?;
    let reactions = reactions(conn, scope, messages).await?;
    let at = |message: &Message, id: &Option<String>| Some((message.sender, id.clone()?));
    let around = messages.iter().map(|message| Around {
        contact: contacts.get(&message.contact).cloned().unwrap_or_default(),
        quoted: at(message, points_to(message)).and_then(|key| quoted.get(&key).cloned()),
        reactions: at(message, &message.external_id).and_then(|key| reactions.get(&key).cloned()).unwrap_or_default(),
    });
    Ok(around.collect())
}

const fn points_to(message: &Message) -> &Option<String> {
    if message.target.is_some() { &message.target } else { &message.context }
}

async fn quoted(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    messages: &[Message],
) -> Result<HashMap<(SenderId, String), Quoted>, StoreError> {
    let ids: BTreeSet<_> =
        messages.iter().filter_map(|message| Some((message.sender, points_to(message).as_deref()?))).collect();
    let rows: Vec<_> = ids.into_iter().map(|(sender, id)| values![scope.account(), sender, id]).collect();
    let mut found = HashMap::new();
    for row in conn.batch(&QUOTED, &rows).await? {
        let mut row = row.reader();
        let key = (row.read()?, row.read()?);
        let (id, excerpt, deleted_at) = (row.read()?, row.read()?, row.read::<Option<Timestamp>>()?);
        found.insert(key, Quoted { id, excerpt: deleted_at.is_none().then_some(excerpt) });
    }
    Ok(found)
}

async fn reactions(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    messages: &[Message],
) -> Result<HashMap<(SenderId, String), Vec<Reaction>>, StoreError> {
    let ids: BTreeSet<_> =
        messages.iter().filter_map(|message| Some((message.sender, message.external_id.as_deref()?))).collect();
    let rows: Vec<_> = ids.into_iter().map(|(sender, id)| values![scope.account(), sender, id]).collect();
    let mut found: HashMap<(SenderId, String), Vec<Reaction>> = HashMap::new();
    for row in conn.batch(&REACTIONS, &rows).await? {
        let mut row = row.reader();
        let key: (SenderId, String) = (row.read()?, row.read()?);
        let direction = match row.read::<i64>()? == Direction::Inbound as i64 {
            true => Direction::Inbound.as_str(),
            false => Direction::Outbound.as_str(),
        };
        let (contact, at): (ContactId, Timestamp) = (row.read()?, row.read()?);
        let emoji = row.read()?;
        found.entry(key).or_default().push(Reaction { emoji, direction, contact, at });
    }
    Ok(found)
}
