-- The first tables. Times are microseconds since 1970 UTC, JSON is TEXT, booleans 0 or 1 in SQLite's twin of this file.

-- Where the next ids come from; SQLite has a table of the same names.
CREATE SEQUENCE account_id_seq;
CREATE SEQUENCE app_user_id_seq;
CREATE SEQUENCE session_id_seq;
CREATE SEQUENCE access_token_id_seq;
CREATE SEQUENCE sender_id_seq;
CREATE SEQUENCE contact_id_seq;
CREATE SEQUENCE conversation_id_seq;
CREATE SEQUENCE message_id_seq;
CREATE SEQUENCE provider_call_id_seq;
CREATE SEQUENCE event_id_seq;
CREATE SEQUENCE job_id_seq;
CREATE SEQUENCE audit_id_seq;

-- Settings of the installation; never a secret.
CREATE TABLE setting (
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);

-- The tenant. `live` false: every send goes to the sandbox.
CREATE TABLE account (
    id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    default_region TEXT COLLATE "C" NOT NULL,
    time_zone TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    live BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

-- A person who signs in. E-mail addresses are stored in lower case.
CREATE TABLE app_user (
    id BIGINT NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    super_admin BOOLEAN NOT NULL,
    language TEXT COLLATE "C",
    time_zone TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email)
);

-- Who may work in which account, as what.
CREATE TABLE account_user (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);

-- A signed-in browser; the cookie's token is stored as its SHA-256.
CREATE TABLE session (
    id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT COLLATE "C",
    PRIMARY KEY (id),
    UNIQUE (token_hash)
);

-- A token of the native API, stored as its SHA-256.
CREATE TABLE access_token (
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (id),
    UNIQUE (token_hash)
);

-- A business number on a provider. `pace_group` shares limits and decides the shard.
CREATE TABLE sender (
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C",
    number_id TEXT COLLATE "C" NOT NULL,
    business_account_id TEXT COLLATE "C",
    pace_group TEXT COLLATE "C" NOT NULL,
    shard BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (provider, number_id)
);

-- The person on the other side.
CREATE TABLE contact (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);

-- What a contact is known by. `match_key` finds the person, whichever of two forms of a number is used; `value` is the
-- address to send to.
CREATE TABLE contact_identity (
    account_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    match_key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    contact_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, match_key)
);

-- A thread with one contact on one sender; `number` is what people see, per account, with gaps.
CREATE TABLE conversation (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    open BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    last_inbound_at BIGINT,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, number)
);

-- Per-account numbers, such as those of conversations.
CREATE TABLE account_counter (
    account_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
);

-- Every send and every receive, whoever asked for it. `direction` 0 inbound, 1 outbound; `status` as in domain's
-- MessageStatus; `content` is Meta's own object; `version` grows with every change.
CREATE TABLE message (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    conversation_id BIGINT,
    direction BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    content TEXT COLLATE "C" NOT NULL,
    excerpt TEXT COLLATE "C" NOT NULL,
    class BIGINT NOT NULL,
    status BIGINT NOT NULL,
    version BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    simulated BOOLEAN NOT NULL,
    address_kind TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C",
    context TEXT COLLATE "C",
    external_id TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    send_at BIGINT,
    expires_at BIGINT,
    submitted_at BIGINT,
    sent_at BIGINT,
    failed_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    replied_at BIGINT,
    PRIMARY KEY (account_id, id)
);

-- The providers' ids of a message; they arrive late, and one message may have several. A wamid holds a phone number:
-- personal data.
CREATE TABLE message_external_id (
    account_id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    message_id BIGINT NOT NULL,
    attempt BIGINT,
    PRIMARY KEY (account_id, sender_id, kind, value)
);

-- One HTTP request to a provider: the exact payload without secrets, and what came back.
CREATE TABLE provider_call (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    http_status BIGINT,
    answer TEXT COLLATE "C",
    note TEXT COLLATE "C",
    PRIMARY KEY (account_id, id)
);

-- One message's part in one call. `status` is the rank of domain's AttemptStatus and only grows.
CREATE TABLE attempt (
    account_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    call_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    status BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    submitted_at BIGINT,
    sent_at BIGINT,
    failed_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    failure TEXT COLLATE "C",
    PRIMARY KEY (account_id, message_id, number)
);

-- Messages that are due to be sent, one row each until it is settled. `state` 0 waiting, 1 calling, 2 unknown.
CREATE TABLE outbox (
    account_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    lane BIGINT NOT NULL,
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    batch_key TEXT COLLATE "C",
    PRIMARY KEY (account_id, message_id)
);

-- Statuses of provider ids that no message has yet; they wait for their message.
CREATE TABLE early_status (
    account_id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    status BIGINT NOT NULL,
    at BIGINT NOT NULL,
    failure TEXT COLLATE "C",
    received_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, sender_id, kind, value, status, at)
);

-- Every change of state, for readers with a cursor. `xact` orders commits on PostgreSQL, where an id can become visible
-- after a larger one; on SQLite the one writer makes ids enough.
CREATE TABLE event (
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    xact BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    visibility TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

-- Work to be done outside a request. `state` 0 waiting, 1 running, 2 failed for good; done rows are deleted.
CREATE TABLE job (
    id BIGINT NOT NULL,
    account_id BIGINT,
    kind TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    unique_key TEXT COLLATE "C" NOT NULL,
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (kind, unique_key)
);

-- When recurring work is due next.
CREATE TABLE schedule (
    name TEXT COLLATE "C" NOT NULL,
    every_seconds BIGINT NOT NULL,
    next_run_at BIGINT NOT NULL,
    PRIMARY KEY (name)
);

-- One run per schedule and occurrence, whoever starts it.
CREATE TABLE schedule_run (
    name TEXT COLLATE "C" NOT NULL,
    occurrence BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    report TEXT COLLATE "C",
    PRIMARY KEY (name, occurrence)
);

-- Which node owns which shard; `epoch` grows with every change of owner.
CREATE TABLE shard_lease (
    shard BIGINT NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (shard)
);

-- A caller's key for a send; holds for 24 hours.
CREATE TABLE idempotency (
    account_id BIGINT NOT NULL,
    surface TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    message_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, surface, key)
);

-- Administrative and autonomous acts.
CREATE TABLE audit (
    id BIGINT NOT NULL,
    account_id BIGINT,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    details TEXT COLLATE "C" NOT NULL,
    origin TEXT COLLATE "C",
    PRIMARY KEY (id)
);

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

-- Filled by the database, so that no writer can forget it.
ALTER TABLE event ALTER COLUMN xact SET DEFAULT (pg_current_xact_id()::TEXT::BIGINT);
CREATE INDEX event_by_cursor ON event (account_id, xact, id);

-- The inlet: raw callback bodies, in partitions by day (made ahead by the node), so that old days are dropped whole.
-- The default partition takes what no day was made for; nothing is ever refused for want of a partition.
CREATE SEQUENCE inlet_id_seq;
CREATE TABLE inlet (
    id BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    headers TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    encoding TEXT COLLATE "C" NOT NULL,
    state BIGINT NOT NULL,
    note TEXT COLLATE "C",
    PRIMARY KEY (id, received_at)
) PARTITION BY RANGE (received_at);
CREATE TABLE inlet_default PARTITION OF inlet DEFAULT;
CREATE INDEX inlet_pending ON inlet (id) WHERE state = 0;
CREATE INDEX inlet_odd ON inlet (id) WHERE state > 1;
