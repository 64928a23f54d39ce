-- People by all their names, what people do to messages, and messages that were written elsewhere (I5, I6).

-- Who somebody is now: `name_at` and `username_at` tell when they were last told. `merged_into` leads to the contact that
-- turned out to be the same person; only those without it are people.
ALTER TABLE contact ADD COLUMN name_at INTEGER;
ALTER TABLE contact ADD COLUMN username TEXT;
ALTER TABLE contact ADD COLUMN username_at INTEGER;
ALTER TABLE contact ADD COLUMN merged_into INTEGER;

-- The earliest time at which somebody was seen under an identity, and the latest at which a change of number gave it to
-- them, where one did.
ALTER TABLE contact_identity ADD COLUMN seen_at INTEGER;
ALTER TABLE contact_identity ADD COLUMN taken_at INTEGER;

-- Numbers that people gave up: until then the number was this contact's, whoever has it now.
CREATE TABLE former_identity (
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    match_key TEXT NOT NULL,
    until INTEGER NOT NULL,
    value TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, match_key, until)
) STRICT, WITHOUT ROWID;

-- The thread that goes on for this one, after two contacts were merged.
ALTER TABLE conversation ADD COLUMN merged_into INTEGER;

-- `origin`: where it was written, if not here: `phone_app`, `other_application`, `history`. `target`: the provider's id of
-- the message that it reacts to, edits or takes back. `original`: what it said before it was edited, as a JSON object.
-- `billing`: what the provider says about its price, as a JSON object. `writer_id`: the user id of whoever wrote it from a
-- number, so that lines from a number that passed to somebody else can be told apart.
ALTER TABLE message ADD COLUMN origin TEXT;
ALTER TABLE message ADD COLUMN target TEXT;
ALTER TABLE message ADD COLUMN group_id TEXT;
ALTER TABLE message ADD COLUMN original TEXT;
ALTER TABLE message ADD COLUMN edited_at INTEGER;
ALTER TABLE message ADD COLUMN deleted_at INTEGER;
ALTER TABLE message ADD COLUMN billing TEXT;
ALTER TABLE message ADD COLUMN writer_id TEXT;
ALTER TABLE early_status ADD COLUMN billing TEXT;

-- How far a message to a group came with each participant.
CREATE TABLE recipient_status (
    account_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    participant TEXT NOT NULL,
    status INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, sender_id, external_id, participant, status)
) STRICT, WITHOUT ROWID;

-- What people chose to hear: never changed, only added to; `kind` and `match_key` are the identity they chose under.
CREATE TABLE consent_event (
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    match_key TEXT NOT NULL,
    category TEXT NOT NULL,
    at INTEGER NOT NULL,
    value TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    detail TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, match_key, category, at, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_merged ON contact (account_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX former_identity_by_contact ON former_identity (account_id, contact_id);
CREATE INDEX conversation_by_contact ON conversation (account_id, contact_id);
CREATE INDEX message_by_target ON message (account_id, sender_id, target) WHERE target IS NOT NULL;
CREATE INDEX consent_event_by_contact ON consent_event (account_id, contact_id);
