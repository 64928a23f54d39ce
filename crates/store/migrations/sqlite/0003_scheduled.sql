-- Scheduled sends wait in the outbox in `state` 3 until they are due, out of the dispatcher's sight; what is needed to
-- explain a message is kept beside what it explains.

ALTER TABLE outbox ADD COLUMN schedule_key TEXT;
ALTER TABLE outbox ADD COLUMN schedule_print TEXT;
UPDATE outbox SET state = 3 WHERE state = 0 AND attempts = 0 AND EXISTS (
    SELECT 1 FROM message m WHERE m.account_id = outbox.account_id AND m.id = outbox.message_id AND m.status = 10);

CREATE UNIQUE INDEX outbox_schedule_key ON outbox (account_id, schedule_key) WHERE state = 3 AND schedule_key IS NOT NULL;
CREATE INDEX outbox_scheduled ON outbox (account_id, due_at, message_id) WHERE state = 3;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 3;

-- Each piece of evidence about the attempt as it came to be known, one JSON object per line.
ALTER TABLE attempt ADD COLUMN trace TEXT;
-- Which node made the call.
ALTER TABLE provider_call ADD COLUMN node TEXT;
-- The stored body that taught the id.
ALTER TABLE message_external_id ADD COLUMN inlet_id INTEGER;
ALTER TABLE early_status ADD COLUMN inlet_id INTEGER;

-- What was decided about a message apart from its attempts; few messages have any.
CREATE TABLE message_note (
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, message_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO id_sequence (name, next) VALUES ('message_note_id_seq', 1);

-- Until when a sender sends nothing, and why: `reason` is JSON of domain's Failure.
CREATE TABLE sender_pause (
    sender_id INTEGER NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
