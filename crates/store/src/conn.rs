//! A connection of either engine behind one face, and rows read in the order of their columns.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, PgConnection, Row as _, SqliteConnection};

use crate::error::StoreError;
use crate::sql::{Batch, Column, Engine, Sql, Value, rows_as_json};

/// A connection, inside a transaction or not.
#[derive(Debug)]
pub enum Conn<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// Which database this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and reads all its rows.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn fetch(&mut self, sql: &Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(conn) => {
                let query = sqlx::query_with(sql.text(Engine::Sqlite), sqlite_arguments(values)?);
                Ok(query.fetch_all(&mut **conn).await?.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(conn) => {
                let query = sqlx::query_with(sql.text(Engine::Postgres), postgres_arguments(values)?);
                Ok(query.fetch_all(&mut **conn).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a statement and reads its first row, if any.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn fetch_optional(&mut self, sql: &Sql, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Runs a statement that answers exactly one row.
    ///
    /// # Errors
    /// As classified by [`StoreError`]; `Corrupt` when there is none.
    pub async fn fetch_one(&mut self, sql: &Sql, values: Vec<Value>) -> Result<Row, StoreError> {
        let row = self.fetch_optional(sql, values).await?;
        row.ok_or_else(|| StoreError::Corrupt("a row that must exist is missing".to_owned()))
    }

    /// Runs a statement; tells how many rows it changed.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn execute(&mut self, sql: &Sql, values: Vec<Value>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(conn) => {
                let query = sqlx::query_with(sql.text(Engine::Sqlite), sqlite_arguments(values)?);
                Ok(query.execute(&mut **conn).await?.rows_affected())
            }
            Self::Postgres(conn) => {
                let query = sqlx::query_with(sql.text(Engine::Postgres), postgres_arguments(values)?);
                Ok(query.execute(&mut **conn).await?.rows_affected())
            }
        }
    }

    /// Runs a statement made at run time, of nothing but this crate's own texts and numbers: table definitions, where
    /// parameters are not allowed.
    pub(crate) async fn execute_made(&mut self, text: String) -> Result<(), StoreError> {
        let query = AssertSqlSafe(text);
        match self {
            Self::Sqlite(conn) => sqlx::query(query).execute(&mut **conn).await.map(|_| ())?,
            Self::Postgres(conn) => sqlx::query(query).execute(&mut **conn).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Runs a set-based statement over `rows`, each with the batch's columns in order; no rows, no statement.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn batch(&mut self, batch: &'static Batch, rows: &[Vec<Value>]) -> Result<Vec<Row>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        rows.iter().try_for_each(|row| refuse_nul(row))?;
        match self {
            Self::Sqlite(conn) => {
                let mut arguments = SqliteArguments::default();
                let json = rows_as_json(rows).map_err(|error| StoreError::Statement(error.to_string()))?;
                arguments.add(json).map_err(encoding)?;
                let query = sqlx::query_with(batch.text(Engine::Sqlite), arguments);
                Ok(query.fetch_all(&mut **conn).await?.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(conn) => {
                let arguments = postgres_arrays(batch.columns(), rows)?;
                let query = sqlx::query_with(batch.text(Engine::Postgres), arguments);
                Ok(query.fetch_all(&mut **conn).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }
}

/// PostgreSQL's TEXT takes no NUL and SQLite's functions end at it: neither database gets one.
fn refuse_nul(values: &[Value]) -> Result<(), StoreError> {
    let holds_nul = |value: &Value| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
    if values.iter().any(holds_nul) {
        return Err(StoreError::Statement("a text holds a NUL".to_owned()));
    }
    Ok(())
}

fn encoding(error: sqlx::error::BoxDynError) -> StoreError {
    StoreError::Statement(error.to_string())
}

fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    refuse_nul(&values)?;
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(i64::from(value)),
        }
        .map_err(encoding)?;
    }
    Ok(arguments)
}

fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    refuse_nul(&values)?;
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(value),
        }
        .map_err(encoding)?;
    }
    Ok(arguments)
}

fn postgres_arrays(columns: &[(&str, Column)], rows: &[Vec<Value>]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for (index, (name, column)) in columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row.get(index));
        let mismatch = || StoreError::Statement(format!("column {name} of a batch has another type"));
        match column {
            Column::Int => {
                let cells = cells.map(|cell| match cell {
                    Some(Value::Int(value)) => Ok(*value),
                    _ => Err(mismatch()),
                });
                arguments.add(cells.collect::<Result<Vec<Option<i64>>, _>>()?)
            }
            Column::Text => {
                let cells = cells.map(|cell| match cell {
                    Some(Value::Text(value)) => Ok(value.clone()),
                    _ => Err(mismatch()),
                });
                arguments.add(cells.collect::<Result<Vec<Option<String>>, _>>()?)
            }
            Column::Bool => {
                let cells = cells.map(|cell| match cell {
                    Some(Value::Bool(value)) => Ok(*value),
                    _ => Err(mismatch()),
                });
                arguments.add(cells.collect::<Result<Vec<bool>, _>>()?)
            }
        }
        .map_err(encoding)?;
    }
    Ok(arguments)
}

/// A row of either engine.
#[derive(Debug)]
pub enum Row {
    /// SQLite.
    Sqlite(SqliteRow),
    /// PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// Reads the columns one after the other.
    #[must_use]
    pub const fn reader(&self) -> Reader<'_> {
        Reader { row: self, next: 0 }
    }
}

/// Reads a row's columns in the order of the statement.
#[derive(Debug)]
pub struct Reader<'r> {
    row: &'r Row,
    next: usize,
}

impl Reader<'_> {
    /// The next column.
    ///
    /// # Errors
    /// `Corrupt` when it has another type.
    pub fn read<T: Cell>(&mut self) -> Result<T, StoreError> {
        let index = self.next;
        self.next += 1;
        T::cell(self.row, index)
    }
}

/// What can be read from a column.
pub trait Cell: Sized {
    /// Reads column `index` of `row`.
    ///
    /// # Errors
    /// `Corrupt` when it has another type.
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError>;
}

impl Cell for i64 {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(match row {
            Row::Sqlite(row) => row.try_get(index)?,
            Row::Postgres(row) => row.try_get(index)?,
        })
    }
}

impl Cell for Option<i64> {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(match row {
            Row::Sqlite(row) => row.try_get(index)?,
            Row::Postgres(row) => row.try_get(index)?,
        })
    }
}

impl Cell for String {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(match row {
            Row::Sqlite(row) => row.try_get(index)?,
            Row::Postgres(row) => row.try_get(index)?,
        })
    }
}

impl Cell for Option<String> {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(match row {
            Row::Sqlite(row) => row.try_get(index)?,
            Row::Postgres(row) => row.try_get(index)?,
        })
    }
}

impl Cell for bool {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(match row {
            Row::Sqlite(row) => row.try_get::<i64, _>(index)? != 0,
            Row::Postgres(row) => row.try_get(index)?,
        })
    }
}

macro_rules! id_cells {
    ($($name:ident),+ $(,)?) => {$(
        impl Cell for domain::ids::$name {
            fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
                i64::cell(row, index).map(Self)
            }
        }

        impl Cell for Option<domain::ids::$name> {
            fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
                Ok(Option::<i64>::cell(row, index)?.map(domain::ids::$name))
            }
        }
    )+};
}

id_cells! {
    AccountId, UserId, SessionId, TokenId, SenderId, ContactId, ConversationId, MessageId, CallId, EventId, InletId, MediaId,
    Epoch,
}

impl Cell for domain::time::Timestamp {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        i64::cell(row, index).map(Self::from_micros)
    }
}

impl Cell for Option<domain::time::Timestamp> {
    fn cell(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(Option::<i64>::cell(row, index)?.map(domain::time::Timestamp::from_micros))
    }
}
