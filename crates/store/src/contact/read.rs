//! Contacts as they are read.

use std::collections::{BTreeSet, HashMap};

use domain::address::IdentityKind;
use domain::ids::ContactId;
use domain::scope::AccountScope;

use super::{change, merge};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Batch;
use crate::sql::Column::Int;
use crate::values;

/// A contact, for whoever reads messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactView {
    /// What they call themselves.
    pub name: Option<String>,
    /// Their number now, in E.164.
    pub phone: Option<String>,
    /// Their business-scoped user id now.
    pub user_id: Option<String>,
    /// The name they adopted on WhatsApp.
    pub username: Option<String>,
    /// For a group: its id at the provider.
    pub group: Option<String>,
}

static DESCRIBE: Batch = Batch::new(
    &[("account_id", Int), ("id", Int)],
    "SELECT c.id, c.name, c.username, i.kind, i.value FROM input
     JOIN contact c ON c.account_id = input.account_id AND c.id = input.id
     LEFT JOIN contact_identity i ON i.account_id = c.account_id AND i.contact_id = c.id
     ORDER BY c.id, COALESCE(i.seen_at, i.created_at), i.value",
);

/// What is known about contacts; of several numbers the one they were seen under first most lately.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn describe_all(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    contacts: impl Iterator<Item = ContactId>,
) -> Result<HashMap<ContactId, ContactView>, StoreError> {
    let contacts: BTreeSet<ContactId> = contacts.collect();
    let rows: Vec<_> = contacts.into_iter().map(|id| values![scope.account(), id]).collect();
    let mut views: HashMap<ContactId, ContactView> = HashMap::new();
    for row in conn.batch(&DESCRIBE, &rows).await? {
        let mut row = row.reader();
        let view = views.entry(row.read()?).or_default();
        (view.name, view.username) = (row.read()?, row.read()?);
        let (kind, value): (Option<String>, Option<String>) = (row.read()?, row.read()?);
        match kind.as_deref().and_then(IdentityKind::parse) {
            Some(IdentityKind::Phone) => view.phone = value,
            Some(IdentityKind::UserId) => view.user_id = value,
            Some(IdentityKind::Group) => view.group = value,
            Some(IdentityKind::ParentUserId | IdentityKind::Username) | None => {}
        }
    }
    Ok(views)
}

/// The contact that this id stands for: another one, if the two turned out to be one person.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(conn: &mut Conn<'_>, scope: &AccountScope, id: ContactId) -> Result<ContactId, StoreError> {
    merge::follow(conn, scope.account(), id).await
}

/// The contact that has an identity now, else whoever gave it up last.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_by_identity(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    kind: IdentityKind,
    match_key: &str,
) -> Result<Option<ContactId>, StoreError> {
    change::owner(conn, scope.account(), (kind, match_key)).await
}
