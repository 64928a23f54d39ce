-- What is known of a number at its provider, one row per property: the value in the provider's words, when it held, and
-- whether a callback told it or the provider was asked. A property only moves forward in time.
CREATE TABLE sender_state (
    account_id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    property TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, sender_id, property)
);

CREATE SEQUENCE account_event_id_seq;

-- What providers told about accounts, numbers and templates. `fingerprint` is of the business account, the time, the
-- field and the value, since these deliveries have no id; `sender_id` is empty where it concerns all of the account.
CREATE TABLE account_event (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    sender_id BIGINT,
    business_account_id TEXT COLLATE "C",
    field TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    severity TEXT COLLATE "C" NOT NULL,
    sentence TEXT COLLATE "C" NOT NULL,
    remedy TEXT COLLATE "C",
    value TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, fingerprint)
);

-- Message templates as the provider has them; nothing here is ours. Each group of columns has a time of its own, and
-- `seen_at` is when the template was last listed or told of: what a whole listing does not show is deleted.
CREATE TABLE template (
    account_id BIGINT NOT NULL,
    business_account_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    provider_id TEXT COLLATE "C",
    status TEXT COLLATE "C",
    rejected_reason TEXT COLLATE "C",
    advice TEXT COLLATE "C",
    status_at BIGINT NOT NULL,
    category TEXT COLLATE "C",
    correct_category TEXT COLLATE "C",
    category_changes_at BIGINT,
    category_at BIGINT NOT NULL,
    quality TEXT COLLATE "C",
    quality_at BIGINT NOT NULL,
    parameter_format TEXT COLLATE "C",
    components TEXT COLLATE "C",
    components_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    synced_at BIGINT,
    changed_at BIGINT,
    PRIMARY KEY (account_id, business_account_id, name, language)
);

-- How the last reading of a business account's templates went.
CREATE TABLE template_sync (
    account_id BIGINT NOT NULL,
    business_account_id TEXT COLLATE "C" NOT NULL,
    began_at BIGINT NOT NULL,
    finished_at BIGINT,
    problem TEXT COLLATE "C",
    PRIMARY KEY (account_id, business_account_id)
);

CREATE INDEX account_event_by_time ON account_event (account_id, at, id);
CREATE INDEX template_by_name ON template (account_id, name, language, business_account_id);
CREATE INDEX template_by_provider_id ON template (account_id, business_account_id, provider_id);
