-- Media: what is known of each; the bytes are files in the data folder.

CREATE SEQUENCE media_id_seq;

-- A medium: received (`origin` 0), uploaded to us (1), or made by us in place of a link that leads nowhere (2). `state` 0
-- pending, 1 stored, 2 failed, 3 gone. `provider_sha256` is what the provider says of it, as it wrote it; `digest` is the
-- hexadecimal SHA-256 of what is stored, and names the file.
CREATE TABLE media (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    message_id BIGINT,
    sender_id BIGINT,
    provider_id TEXT COLLATE "C",
    provider_url TEXT COLLATE "C",
    provider_url_at BIGINT,
    provider_sha256 TEXT COLLATE "C",
    mime_type TEXT COLLATE "C",
    content_type TEXT COLLATE "C",
    filename TEXT COLLATE "C",
    state BIGINT NOT NULL,
    reason TEXT COLLATE "C",
    digest TEXT COLLATE "C",
    bytes BIGINT,
    created_at BIGINT NOT NULL,
    stored_at BIGINT,
    PRIMARY KEY (account_id, id)
);

-- A provider's id of a medium of ours, for one sender: it belongs to the number that uploaded it and expires.
CREATE TABLE media_upload (
    account_id BIGINT NOT NULL,
    media_id BIGINT NOT NULL,
    sender_id BIGINT NOT NULL,
    provider_id TEXT COLLATE "C" NOT NULL,
    uploaded_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, media_id, sender_id)
);

CREATE INDEX media_of_message ON media (account_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX media_by_digest ON media (account_id, digest) WHERE digest IS NOT NULL;
CREATE UNIQUE INDEX media_made ON media (account_id, digest) WHERE origin = 2;
CREATE INDEX media_upload_expiry ON media_upload (expires_at);
