//! Settings of the installation. Never a secret.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::values;

/// Short name of this installation, in every reference we give to a provider.
pub const INSTALLATION: &str = "installation";

const FIND: Sql = Sql::same("SELECT value FROM setting WHERE name = $1");
const PUT_FIRST: Sql = Sql::same("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");

/// The value of a setting; if it has none, `value` becomes it, whoever is first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_or_put(conn: &mut Conn<'_>, name: &str, value: &str) -> Result<String, StoreError> {
    conn.execute(&PUT_FIRST, values![name, value]).await?;
    conn.fetch_one(&FIND, values![name]).await?.reader().read()
}
