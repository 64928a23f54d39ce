-- What is known of a number at its provider, one row per property: the value in the provider's words, when it held, and
-- whether a callback told it or the provider was asked. A property only moves forward in time.
CREATE TABLE sender_state (
    account_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    property TEXT NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (account_id, sender_id, property)
) STRICT, WITHOUT ROWID;

INSERT INTO id_sequence (name, next) VALUES ('account_event_id_seq', 1);

-- What providers told about accounts, numbers and templates. `fingerprint` is of the business account, the time, the
-- field and the value, since these deliveries have no id; `sender_id` is empty where it concerns all of the account.
CREATE TABLE account_event (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sender_id INTEGER,
    business_account_id TEXT,
    field TEXT NOT NULL,
    event TEXT NOT NULL,
    severity TEXT NOT NULL,
    sentence TEXT NOT NULL,
    remedy TEXT,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, fingerprint)
) STRICT, WITHOUT ROWID;

-- Message templates as the provider has them; nothing here is ours. Each group of columns has a time of its own, and
-- `seen_at` is when the template was last listed or told of: what a whole listing does not show is deleted.
CREATE TABLE template (
    account_id INTEGER NOT NULL,
    business_account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    provider_id TEXT,
    status TEXT,
    rejected_reason TEXT,
    advice TEXT,
    status_at INTEGER NOT NULL,
    category TEXT,
    correct_category TEXT,
    category_changes_at INTEGER,
    category_at INTEGER NOT NULL,
    quality TEXT,
    quality_at INTEGER NOT NULL,
    parameter_format TEXT,
    components TEXT,
    components_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    synced_at INTEGER,
    changed_at INTEGER,
    PRIMARY KEY (account_id, business_account_id, name, language)
) STRICT, WITHOUT ROWID;

-- How the last reading of a business account's templates went.
CREATE TABLE template_sync (
    account_id INTEGER NOT NULL,
    business_account_id TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    finished_at INTEGER,
    problem TEXT,
    PRIMARY KEY (account_id, business_account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_event_by_time ON account_event (account_id, at, id);
CREATE INDEX template_by_name ON template (account_id, name, language, business_account_id);
CREATE INDEX template_by_provider_id ON template (account_id, business_account_id, provider_id);
