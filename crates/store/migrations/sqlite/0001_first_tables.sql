-- The first tables. Times are microseconds since 1970 UTC, JSON is TEXT, booleans 0 or 1.

-- Where the next ids come from; PostgreSQL has sequences of the same names.
CREATE TABLE id_sequence (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO id_sequence (name, next) VALUES
    ('account_id_seq', 1),
    ('app_user_id_seq', 1),
    ('session_id_seq', 1),
    ('access_token_id_seq', 1),
    ('sender_id_seq', 1),
    ('contact_id_seq', 1),
    ('conversation_id_seq', 1),
    ('message_id_seq', 1),
    ('provider_call_id_seq', 1),
    ('event_id_seq', 1),
    ('job_id_seq', 1),
    ('audit_id_seq', 1);

-- Settings of the installation; never a secret.
CREATE TABLE setting (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT;

-- The tenant. `live` false: every send goes to the sandbox.
CREATE TABLE account (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    default_region TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    language TEXT NOT NULL,
    live INTEGER NOT NULL CHECK (live IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

-- A person who signs in. E-mail addresses are stored in lower case.
CREATE TABLE app_user (
    id INTEGER NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    super_admin INTEGER NOT NULL CHECK (super_admin IN (0, 1)),
    language TEXT,
    time_zone TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (email)
) STRICT;

-- Who may work in which account, as what.
CREATE TABLE account_user (
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;

-- A signed-in browser; the cookie's token is stored as its SHA-256.
CREATE TABLE session (
    id INTEGER NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL,
    token_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_agent TEXT,
    UNIQUE (token_hash)
) STRICT;

-- A token of the native API, stored as its SHA-256.
CREATE TABLE access_token (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    UNIQUE (token_hash)
) STRICT;

-- A business number on a provider. `pace_group` shares limits and decides the shard.
CREATE TABLE sender (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    provider TEXT NOT NULL,
    phone TEXT,
    number_id TEXT NOT NULL,
    business_account_id TEXT,
    pace_group TEXT NOT NULL,
    shard INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (provider, number_id)
) STRICT;

-- The person on the other side.
CREATE TABLE contact (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

-- What a contact is known by. `match_key` finds the person, whichever of two forms of a number is used; `value` is the
-- address to send to.
CREATE TABLE contact_identity (
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    match_key TEXT NOT NULL,
    value TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, match_key)
) STRICT, WITHOUT ROWID;

-- A thread with one contact on one sender; `number` is what people see, per account, with gaps.
CREATE TABLE conversation (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    created_at INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    last_inbound_at INTEGER,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, number)
) STRICT;

-- Per-account numbers, such as those of conversations.
CREATE TABLE account_counter (
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

-- Every send and every receive, whoever asked for it. `direction` 0 inbound, 1 outbound; `status` as in domain's
-- MessageStatus; `content` is Meta's own object; `version` grows with every change.
CREATE TABLE message (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    conversation_id INTEGER,
    direction INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    class INTEGER NOT NULL,
    status INTEGER NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    address_kind TEXT NOT NULL,
    address TEXT NOT NULL,
    reference TEXT,
    context TEXT,
    external_id TEXT,
    failure TEXT,
    created_at INTEGER NOT NULL,
    send_at INTEGER,
    expires_at INTEGER,
    submitted_at INTEGER,
    sent_at INTEGER,
    failed_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    replied_at INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT;

-- The providers' ids of a message; they arrive late, and one message may have several. A wamid holds a phone number:
-- personal data.
CREATE TABLE message_external_id (
    account_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    attempt INTEGER,
    PRIMARY KEY (account_id, sender_id, kind, value)
) STRICT, WITHOUT ROWID;

-- One HTTP request to a provider: the exact payload without secrets, and what came back.
CREATE TABLE provider_call (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    provider TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    path TEXT NOT NULL,
    payload TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    http_status INTEGER,
    answer TEXT,
    note TEXT,
    PRIMARY KEY (account_id, id)
) STRICT;

-- One message's part in one call. `status` is the rank of domain's AttemptStatus and only grows.
CREATE TABLE attempt (
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    call_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    status INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    submitted_at INTEGER,
    sent_at INTEGER,
    failed_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    failure TEXT,
    PRIMARY KEY (account_id, message_id, number)
) STRICT, WITHOUT ROWID;

-- Messages that are due to be sent, one row each until it is settled. `state` 0 waiting, 1 calling, 2 unknown.
CREATE TABLE outbox (
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    batch_key TEXT,
    PRIMARY KEY (account_id, message_id)
) STRICT, WITHOUT ROWID;

-- Statuses of provider ids that no message has yet; they wait for their message.
CREATE TABLE early_status (
    account_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    status INTEGER NOT NULL,
    at INTEGER NOT NULL,
    failure TEXT,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, sender_id, kind, value, status, at)
) STRICT, WITHOUT ROWID;

-- Every change of state, for readers with a cursor. `xact` orders commits on PostgreSQL, where an id can become visible
-- after a larger one; on SQLite the one writer makes ids enough.
CREATE TABLE event (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    xact INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    visibility TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Work to be done outside a request. `state` 0 waiting, 1 running, 2 failed for good; done rows are deleted.
CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    unique_key TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (kind, unique_key)
) STRICT;

-- When recurring work is due next.
CREATE TABLE schedule (
    name TEXT NOT NULL,
    every_seconds INTEGER NOT NULL,
    next_run_at INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

-- One run per schedule and occurrence, whoever starts it.
CREATE TABLE schedule_run (
    name TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    report TEXT,
    PRIMARY KEY (name, occurrence)
) STRICT, WITHOUT ROWID;

-- Which node owns which shard; `epoch` grows with every change of owner.
CREATE TABLE shard_lease (
    shard INTEGER NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- A caller's key for a send; holds for 24 hours.
CREATE TABLE idempotency (
    account_id INTEGER NOT NULL,
    surface TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, surface, key)
) STRICT, WITHOUT ROWID;

-- Administrative and autonomous acts.
CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    origin TEXT
) STRICT;

CREATE INDEX account_user_by_user ON account_user (user_id);
CREATE INDEX sender_by_account ON sender (account_id, id);
CREATE INDEX contact_identity_by_contact ON contact_identity (account_id, contact_id);
CREATE UNIQUE INDEX conversation_open ON conversation (account_id, sender_id, contact_id) WHERE open;
CREATE INDEX message_by_time ON message (account_id, created_at, id);
CREATE INDEX message_by_contact ON message (account_id, contact_id, created_at, id);
CREATE INDEX outbox_ready ON outbox (shard, sender_id, lane, due_at, message_id) WHERE state = 0;
CREATE INDEX outbox_claimed ON outbox (shard, epoch) WHERE state = 1;
CREATE INDEX outbox_expiry ON outbox (expires_at) WHERE state = 0;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX early_status_by_age ON early_status (received_at);
CREATE INDEX job_ready ON job (run_at) WHERE state = 0;
CREATE INDEX audit_by_account ON audit (account_id, id);

CREATE INDEX event_by_cursor ON event (account_id, xact, id);
