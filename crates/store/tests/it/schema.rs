//! The two schemas are one: read back from both databases and compared.

use std::collections::BTreeSet;

use anyhow::Result;
use store::Store;
use store::conn::Row;
use store::pools::Pools;
use store::sql::Sql;
use testkit::engine::{Engine, TestDatabase};

use crate::support::{NOW, pools, settings};

/// What one database has and the other does not, with the reason.
const EXCEPTIONS: [&str; 4] = [
    // sqlx's own book of migrations.
    "_sqlx_migrations",
    // PostgreSQL has sequences.
    "id_sequence",
    // SQLite has files by day, each with this table; PostgreSQL has partitions.
    "inlet",
    "inlet_",
];

/// One line per fact, so that a difference is read at once.
type Facts = BTreeSet<String>;

async fn opened(engine: Engine) -> Result<Option<(TestDatabase, Pools)>> {
    let Some(db) = TestDatabase::named(engine, "schema").await else { return Ok(None) };
    Store::open(&settings(&db), NOW).await?.close().await;
    let pools = pools(&db).await?;
    Ok(Some((db, pools)))
}

async fn facts(pools: &Pools, sql: &'static str, read: impl Fn(&Row) -> Result<String>) -> Result<Facts> {
    let mut reading = pools.read().await?;
    let rows = reading.conn().fetch(&Sql::same(sql), Vec::new()).await?;
    let all: Facts = rows.iter().map(read).collect::<Result<_>>()?;
    Ok(all.into_iter().filter(|fact| !is_exception(fact)).collect())
}

fn is_exception(fact: &str) -> bool {
    let table = fact.split([' ', '.']).next().unwrap_or_default();
    let named = |name: &str| table == name || (name.ends_with('_') && table.starts_with(name));
    EXCEPTIONS.iter().any(|name| named(name))
}

fn three(row: &Row) -> Result<String> {
    let mut row = row.reader();
    let (table, column, rest): (String, String, String) = (row.read()?, row.read()?, row.read()?);
    Ok(format!("{table}.{column} {rest}"))
}

fn index(row: &Row) -> Result<String> {
    let mut row = row.reader();
    let (table, kind, name): (String, String, String) = (row.read()?, row.read()?, row.read()?);
    let (columns, predicate): (String, Option<String>) = (row.read()?, row.read()?);
    let predicate = predicate.unwrap_or_default().replace(['(', ')'], "");
    Ok(format!("{table} {kind} {name}: {columns} {}", predicate.trim()).trim_end().to_owned())
}

// A boolean of PostgreSQL is an integer here that a check keeps to 0 and 1.
const SQLITE_COLUMNS: &str = "SELECT t.name, c.name,
  CASE WHEN instr(t.sql, 'CHECK (' || c.name || ' IN (0, 1))') > 0 THEN 'BOOLEAN' ELSE c.type END
  || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' NOT NULL' ELSE '' END
  FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::TEXT, column_name::TEXT,
  CASE data_type WHEN 'bigint' THEN 'INTEGER' ELSE upper(data_type) END
  || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
  FROM information_schema.columns WHERE table_schema = 'public'";

// Names matter where a migration gave them; those of constraints are the database's own.
const SQLITE_INDEXES: &str = "SELECT i.tbl_name,
  CASE WHEN l.origin = 'pk' THEN 'primary' WHEN l.\"unique\" THEN 'unique' ELSE 'index' END,
  CASE WHEN l.origin = 'c' THEN i.name ELSE '' END,
  (SELECT group_concat(c.name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c),
  CASE WHEN l.partial THEN substr(i.sql, instr(i.sql, ' WHERE ') + 7) END
  FROM sqlite_schema i JOIN pragma_index_list(i.tbl_name) l ON l.name = i.name WHERE i.type = 'index'
  UNION ALL
  -- An INTEGER PRIMARY KEY is the table itself, and so is a table WITHOUT ROWID; neither has a row as an index.
  SELECT t.name, 'primary', '',
    (SELECT group_concat(c.name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk) c),
    NULL
  FROM sqlite_schema t WHERE t.type = 'table'
    AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) l JOIN sqlite_schema i ON i.name = l.name
                    WHERE l.origin = 'pk')";
const POSTGRES_INDEXES: &str = "SELECT t.relname::TEXT,
  CASE WHEN x.indisprimary THEN 'primary' WHEN x.indisunique THEN 'unique' ELSE 'index' END,
  CASE WHEN k.oid IS NULL THEN i.relname::TEXT ELSE '' END,
  (SELECT string_agg(a.attname::TEXT, ', ' ORDER BY n.place) FROM unnest(x.indkey) WITH ORDINALITY AS n (attnum, place)
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = n.attnum),
  pg_get_expr(x.indpred, x.indrelid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  LEFT JOIN pg_constraint k ON k.conindid = i.oid
  WHERE t.relnamespace = 'public'::REGNAMESPACE";

const SEQUENCES: &str = "SELECT sequencename::TEXT FROM pg_sequences WHERE sequencename <> 'inlet_id_seq'";
const ID_SEQUENCES: &str = "SELECT name FROM id_sequence";

const OTHER_COLLATIONS: &str = "SELECT c.relname::TEXT, a.attname::TEXT, l.collname::TEXT FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l ON l.oid = a.attcollation
  WHERE c.relnamespace = 'public'::REGNAMESPACE AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND l.collname <> 'C'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_tables_columns_keys_and_indexes() -> Result<()> {
    let Some((_postgres_db, postgres)) = opened(Engine::Postgres).await? else { return Ok(()) };
    let Some((_sqlite_db, sqlite)) = opened(Engine::Sqlite).await? else { return Ok(()) };

    let columns = facts(&sqlite, SQLITE_COLUMNS, three).await?;
    assert!(columns.contains("message.simulated BOOLEAN NOT NULL"), "{columns:?}");
    assert_same(&columns, &facts(&postgres, POSTGRES_COLUMNS, three).await?);

    let indexes = facts(&sqlite, SQLITE_INDEXES, index).await?;
    assert!(
        indexes.contains("conversation unique conversation_open: account_id, sender_id, contact_id open"),
        "{indexes:?}"
    );
    assert_same(&indexes, &facts(&postgres, POSTGRES_INDEXES, index).await?);

    let name = |row: &Row| Ok(row.reader().read::<String>()?);
    assert_same(&facts(&sqlite, ID_SEQUENCES, name).await?, &facts(&postgres, SEQUENCES, name).await?);

    let collated = facts(&postgres, OTHER_COLLATIONS, three).await?;
    assert_eq!(collated, Facts::new(), "texts are compared byte by byte on both databases");
    Ok(())
}

fn assert_same(sqlite: &Facts, postgres: &Facts) {
    let only_sqlite: Vec<_> = sqlite.difference(postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(sqlite).collect();
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty() && !sqlite.is_empty(),
        "only SQLite has {only_sqlite:#?}, only PostgreSQL has {only_postgres:#?}"
    );
}
