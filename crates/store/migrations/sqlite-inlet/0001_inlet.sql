-- The inlet of one day: raw callback bodies in a file of their own, so that an old day is dropped as a whole.
-- PostgreSQL has the same table in partitions (0001_first_tables.sql).
CREATE TABLE inlet (
    id INTEGER NOT NULL PRIMARY KEY,
    received_at INTEGER NOT NULL,
    route TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    encoding TEXT NOT NULL,
    state INTEGER NOT NULL,
    note TEXT
) STRICT;
CREATE INDEX inlet_pending ON inlet (id) WHERE state = 0;
CREATE INDEX inlet_odd ON inlet (id) WHERE state > 1;
