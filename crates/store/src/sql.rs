//! One SQL text for both databases, and the two places where texts may differ: [`Sql::split`] and [`Batch`].

use std::sync::OnceLock;

/// The two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

/// A statement.
#[derive(Debug)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// One text, in the subset that both databases share. A bound limit is written `LIMIT $n + 0`: SQLite looks at a bare
    /// one while it plans, and plans anew at every execution.
    #[must_use]
    pub const fn same(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }

    /// Two texts side by side, where they must differ.
    #[must_use]
    pub const fn split(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The text for `engine`.
    #[must_use]
    pub const fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer, or none.
    Int(Option<i64>),
    /// A text, or none.
    Text(Option<String>),
    /// A boolean.
    Bool(bool),
}

macro_rules! value_from {
    ($($type:ty => $value:ident => $make:expr),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $make
            }
        }
    )+};
}

value_from! {
    i64 => value => Self::Int(Some(value)),
    Option<i64> => value => Self::Int(value),
    String => value => Self::Text(Some(value)),
    &str => value => Self::Text(Some(value.to_owned())),
    Option<String> => value => Self::Text(value),
    Option<&str> => value => Self::Text(value.map(ToOwned::to_owned)),
    bool => value => Self::Bool(value),
    domain::time::Timestamp => value => Self::Int(Some(value.as_micros())),
    Option<domain::time::Timestamp> => value => Self::Int(value.map(domain::time::Timestamp::as_micros)),
    domain::ids::AccountId => value => Self::Int(Some(value.0)),
    domain::ids::UserId => value => Self::Int(Some(value.0)),
    domain::ids::SessionId => value => Self::Int(Some(value.0)),
    domain::ids::TokenId => value => Self::Int(Some(value.0)),
    domain::ids::SenderId => value => Self::Int(Some(value.0)),
    domain::ids::ContactId => value => Self::Int(Some(value.0)),
    domain::ids::ConversationId => value => Self::Int(Some(value.0)),
    Option<domain::ids::ConversationId> => value => Self::Int(value.map(|id| id.0)),
    Option<domain::ids::AccountId> => value => Self::Int(value.map(|id| id.0)),
    domain::ids::MessageId => value => Self::Int(Some(value.0)),
    domain::ids::CallId => value => Self::Int(Some(value.0)),
    domain::ids::InletId => value => Self::Int(Some(value.0)),
    domain::ids::MediaId => value => Self::Int(Some(value.0)),
    Option<domain::ids::MessageId> => value => Self::Int(value.map(|id| id.0)),
    Option<domain::ids::SenderId> => value => Self::Int(value.map(|id| id.0)),
    domain::ids::Epoch => value => Self::Int(Some(value.0)),
}

/// The parameters of a statement, each turned into a [`Value`].
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}

/// Type of a batch's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// BIGINT, INTEGER.
    Int,
    /// TEXT.
    Text,
    /// BOOLEAN, INTEGER 0-1.
    Bool,
}

/// A set-based statement for many rows at once. Its text reads the rows from a table named `input`, which is
/// `json_each` of one parameter on SQLite and UNNEST of one array per column on PostgreSQL.
#[derive(Debug)]
pub struct Batch {
    columns: &'static [(&'static str, Column)],
    sqlite: &'static str,
    postgres: &'static str,
    rendered: OnceLock<(&'static str, &'static str)>,
}

impl Batch {
    /// A statement over `input(columns…)`.
    #[must_use]
    pub const fn new(columns: &'static [(&'static str, Column)], text: &'static str) -> Self {
        Self::split(columns, text, text)
    }

    /// Two texts over `input(columns…)`, where they must differ.
    #[must_use]
    pub const fn split(
        columns: &'static [(&'static str, Column)],
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Self {
        Self { columns, sqlite, postgres, rendered: OnceLock::new() }
    }

    /// The whole text for `engine`.
    pub(crate) fn text(&self, engine: Engine) -> &'static str {
        // Batches are statics, so what is leaked here is leaked once and is as bounded as their number.
        let render = || (&*self.render_sqlite().leak(), &*self.render_postgres().leak());
        let (sqlite, postgres) = *self.rendered.get_or_init(render);
        match engine {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
        }
    }

    /// The columns' types, in order.
    pub(crate) const fn columns(&self) -> &'static [(&'static str, Column)] {
        self.columns
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    fn render_sqlite(&self) -> String {
        let picks: Vec<String> = (0..self.columns.len()).map(|i| format!("value ->> {i}")).collect();
        let (names, picks, text) = (self.names(), picks.join(", "), self.sqlite);
        format!("WITH input({names}) AS MATERIALIZED (SELECT {picks} FROM json_each($1)) {text}")
    }

    fn render_postgres(&self) -> String {
        let arrays: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, (_, column))| {
                let array = match column {
                    Column::Int => "BIGINT[]",
                    Column::Text => "TEXT[]",
                    Column::Bool => "BOOLEAN[]",
                };
                format!("${}::{array}", i + 1)
            })
            .collect();
        let (names, arrays, text) = (self.names(), arrays.join(", "), self.postgres);
        format!("WITH input AS (SELECT * FROM UNNEST({arrays}) AS rows({names})) {text}")
    }
}

/// Rows as the one JSON parameter of SQLite, written piece by piece: a tree of JSON values would copy every text first.
pub(crate) fn rows_as_json(rows: &[Vec<Value>]) -> Result<String, serde_json::Error> {
    let mut json = String::with_capacity(rows.len() * 256);
    json.push('[');
    for (i, row) in rows.iter().enumerate() {
        json.push_str(if i == 0 { "[" } else { ",[" });
        for (j, value) in row.iter().enumerate() {
            if j > 0 {
                json.push(',');
            }
            match value {
                Value::Int(None) | Value::Text(None) => json.push_str("null"),
                Value::Int(Some(value)) => json.push_str(&value.to_string()),
                Value::Text(Some(value)) => json.push_str(&serde_json::to_string(value)?),
                Value::Bool(value) => json.push(if *value { '1' } else { '0' }),
            }
        }
        json.push(']');
    }
    json.push(']');
    Ok(json)
}
