-- Media: what is known of each; the bytes are files in the data folder.

INSERT INTO id_sequence (name, next) VALUES ('media_id_seq', 1);

-- A medium: received (`origin` 0), uploaded to us (1), or made by us in place of a link that leads nowhere (2). `state` 0
-- pending, 1 stored, 2 failed, 3 gone. `provider_sha256` is what the provider says of it, as it wrote it; `digest` is the
-- hexadecimal SHA-256 of what is stored, and names the file.
CREATE TABLE media (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    message_id INTEGER,
    sender_id INTEGER,
    provider_id TEXT,
    provider_url TEXT,
    provider_url_at INTEGER,
    provider_sha256 TEXT,
    mime_type TEXT,
    content_type TEXT,
    filename TEXT,
    state INTEGER NOT NULL,
    reason TEXT,
    digest TEXT,
    bytes INTEGER,
    created_at INTEGER NOT NULL,
    stored_at INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT;

-- A provider's id of a medium of ours, for one sender: it belongs to the number that uploaded it and expires.
CREATE TABLE media_upload (
    account_id INTEGER NOT NULL,
    media_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, media_id, sender_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX media_of_message ON media (account_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX media_by_digest ON media (account_id, digest) WHERE digest IS NOT NULL;
CREATE UNIQUE INDEX media_made ON media (account_id, digest) WHERE origin = 2;
CREATE INDEX media_upload_expiry ON media_upload (expires_at);
