//! Edits, deletions and reactions: rows of their own that point to their message by the provider's id. What the message
//! shows is worked out from all of them whenever one of them or the message itself arrives, so that their order and
//! their number mean nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::{AccountId, MessageId, SenderId};
use domain::inbound::InboundContent;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::Inbound;
use crate::conn::Conn;
use crate::error::StoreError;
use crate::event::{self, MESSAGE_UPDATED, NewEvent};
use crate::message;
use crate::sql::Batch;
use crate::sql::Column::{Int, Text};
use crate::values;

/// What an edit does not change about a message.
const AROUND: [&str; 5] = ["context", "referral", "errors", "identity", "group_id"];

type Target = (AccountId, SenderId, String);

static FIND_CHANGES: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("target", Text)],
    "SELECT m.account_id, m.sender_id, m.target, m.id, m.kind, m.direction, m.content, m.created_at, m.external_id,
       m.deleted_at
     FROM input JOIN message m ON m.account_id = input.account_id AND m.sender_id = input.sender_id
       AND m.target = input.target
     WHERE m.kind IN ('edit', 'revoke')",
);

static FIND_TARGETS: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("target", Text)],
    "SELECT input.account_id, input.sender_id, input.target, m.id, m.direction, m.kind, m.content, m.excerpt, m.original,
       m.edited_at, m.deleted_at
     FROM input JOIN message_external_id e ON e.account_id = input.account_id AND e.sender_id = input.sender_id
       AND e.kind = 'wamid' AND e.value = input.target
     JOIN message m ON m.account_id = e.account_id AND m.id = e.message_id",
);

static WRITE: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("id", Int),
        ("kind", Text),
        ("content", Text),
        ("excerpt", Text),
        ("original", Text),
        ("edited_at", Int),
        ("deleted_at", Int),
    ],
    "UPDATE message SET kind = input.kind, content = input.content, excerpt = input.excerpt, original = input.original,
       edited_at = input.edited_at, deleted_at = input.deleted_at, version = message.version + 1
     FROM input WHERE message.account_id = input.account_id AND message.id = input.id
     RETURNING message.account_id, message.id, message.version",
);

static HIDE: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("deleted_at", Int)],
    "UPDATE message SET deleted_at = input.deleted_at, version = message.version + 1
     FROM input WHERE message.account_id = input.account_id AND message.id = input.id
     RETURNING message.account_id, message.id, message.version",
);

/// A row that points to a message.
#[derive(Clone, Debug)]
struct Change {
    id: MessageId,
    kind: String,
    direction: i64,
    content: String,
    at: Timestamp,
    external_id: Option<String>,
    deleted_at: Option<Timestamp>,
}

/// The message it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    kind: String,
    content: String,
    excerpt: String,
    original: Option<String>,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

/// Works out what the messages show that these lines are, or point to.
pub(super) async fn settle(conn: &mut Conn<'_>, lines: &[&Inbound], now: Timestamp) -> Result<(), StoreError> {
    let ours = lines.iter().map(|line| (line.account, line.sender, line.external_id.clone()));
    let pointed = |line: &&&Inbound| Some((line.account, line.sender, line.target.clone()?));
    // Reactions are read with the message; here it is enough that a page looks again. What was said to be changed
    // before them is shown so already, so that the thousandth reaction reads no more than the first.
    let (reactions, others): (Vec<&&Inbound>, Vec<&&Inbound>) = lines.iter().partition(|line| line.kind == "reaction");
    let reacted: BTreeSet<Target> = reactions.iter().filter_map(pointed).collect();
    let changes = find_changes(conn, &ours.chain(others.iter().filter_map(pointed)).collect()).await?;
    let targets: BTreeSet<&Target> = changes.keys().chain(&reacted).collect();
    let found = find_targets(conn, targets.into_iter()).await?;
    let (mut writes, mut hidden) = (Vec::new(), Vec::new());
    let mut touched: BTreeSet<(AccountId, MessageId)> =
        reacted.iter().filter_map(|target| Some((target.0, found.get(target)?.0))).collect();
    for (target, changes) in &changes {
        let known = found.get(target);
        // Whoever wrote a message may change it, and a stranger's edit would be a forgery; anybody may react to it.
        let is_theirs = |change: &&Change| known.is_none_or(|(_, direction, _)| *direction == change.direction);
        let counts = |change: &&Change| change.kind == "reaction" || is_theirs(change);
        let changes: Vec<&Change> = changes.iter().filter(counts).collect();
        let deleted_at = changes.iter().filter(|change| change.kind == "revoke").map(|change| change.at).min();
        let edits = || changes.iter().filter(|change| change.kind == "edit");
        if let Some(at) = deleted_at {
            let visible = edits().filter(|edit| edit.deleted_at != Some(at));
            hidden.extend(visible.map(|edit| values![target.0, edit.id, at]));
        }
        let Some((id, _, shown)) = known else { continue };
        let latest = edits().max_by_key(|edit| (edit.at, edit.external_id.clone()));
        let now_shown = shown.clone().with(latest.copied(), deleted_at);
        if now_shown != *shown {
            writes.push(now_shown.row(target.0, *id));
            touched.remove(&(target.0, *id));
        }
    }
    let touched: Vec<_> = touched.into_iter().collect();
    let mut changed = message::versions(conn.batch(&WRITE, &writes).await?)?;
    changed.extend(message::versions(conn.batch(&HIDE, &hidden).await?)?);
    changed.extend(message::touch_all(conn, &touched).await?);
    tell(conn, changed, now).await
}

/// Writes the events of messages that changed.
pub(super) async fn tell(
    conn: &mut Conn<'_>,
    changed: Vec<(AccountId, MessageId, i64)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let event = |(account, id, version)| NewEvent::message(account, MESSAGE_UPDATED, id, version);
    let events: Vec<NewEvent> = changed.into_iter().map(event).collect();
    event::insert_all(conn, &events, now).await
}

async fn find_changes(
    conn: &mut Conn<'_>,
    targets: &BTreeSet<Target>,
) -> Result<BTreeMap<Target, Vec<Change>>, StoreError> {
    let rows: Vec<_> = targets.iter().map(|(account, sender, id)| values![*account, *sender, id.as_str()]).collect();
    let mut found: BTreeMap<Target, Vec<Change>> = BTreeMap::new();
    for row in conn.batch(&FIND_CHANGES, &rows).await? {
        let mut row = row.reader();
        let target = (row.read()?, row.read()?, row.read()?);
        found.entry(target).or_default().push(Change {
            id: row.read()?,
            kind: row.read()?,
            direction: row.read()?,
            content: row.read()?,
            at: row.read()?,
            external_id: row.read()?,
            deleted_at: row.read()?,
        });
    }
    Ok(found)
}

async fn find_targets(
    conn: &mut Conn<'_>,
    targets: impl Iterator<Item = &Target>,
) -> Result<HashMap<Target, (MessageId, i64, Shown)>, StoreError> {
    let rows: Vec<_> = targets.map(|(account, sender, id)| values![*account, *sender, id.as_str()]).collect();
    let mut found = HashMap::new();
    for row in conn.batch(&FIND_TARGETS, &rows).await? {
        let mut row = row.reader();
        let target = (row.read()?, row.read()?, row.read()?);
        let (id, direction) = (row.read()?, row.read()?);
        let shown = Shown {
            kind: row.read()?,
            content: row.read()?,
            excerpt: row.read()?,
            original: row.read()?,
            edited_at: row.read()?,
            deleted_at: row.read()?,
        };
        found.insert(target, (id, direction, shown));
    }
    Ok(found)
}

impl Shown {
    fn with(mut self, edit: Option<&Change>, deleted_at: Option<Timestamp>) -> Self {
        self.deleted_at = deleted_at.or(self.deleted_at);
        let Some(edit) = edit else { return self };
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let InboundContent::Edit(new) = InboundContent::from(parse(&edit.content)) else { return self };
        let Some(content) = new.content else { return self };
        let original = self.original.clone().unwrap_or_else(|| {
            json!({"kind": self.kind, "content": parse(&self.content), "excerpt": self.excerpt}).to_string()
        });
        let mut object = Map::new();
        let before = parse(&self.content);
        for member in AROUND {
            if let Some(value) = before.get(member) {
                object.insert(member.to_owned(), value.clone());
            }
        }
        self.kind = content.kind().to_owned();
        self.excerpt = content.excerpt();
        if let Value::Object(new) = Value::from(content) {
            object.extend(new);
        }
        self.content = Value::Object(object).to_string();
        self.original = Some(original);
        self.edited_at = Some(edit.at);
        self
    }

    fn row(&self, account: AccountId, id: MessageId) -> Vec<crate::sql::Value> {
        values![
            account,
            id,
            self.kind.as_str(),
            self.content.as_str(),
            self.excerpt.as_str(),
            self.original.as_deref(),
            self.edited_at,
            self.deleted_at
        ]
    }
}
