-- Scheduled sends wait in the outbox in `state` 3 until they are due, out of the dispatcher's sight; what is needed to
-- explain a message is kept beside what it explains.

ALTER TABLE outbox ADD COLUMN schedule_key TEXT COLLATE "C";
ALTER TABLE outbox ADD COLUMN schedule_print TEXT COLLATE "C";
UPDATE outbox SET state = 3 WHERE state = 0 AND attempts = 0 AND EXISTS (
    SELECT 1 FROM message m WHERE m.account_id = outbox.account_id AND m.id = outbox.message_id AND m.status = 10);

CREATE UNIQUE INDEX outbox_schedule_key ON outbox (account_id, schedule_key) WHERE state = 3 AND schedule_key IS NOT NULL;
CREATE INDEX outbox_scheduled ON outbox (account_id, due_at, message_id) WHERE state = 3;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 3;

-- Each piece of evidence about the attempt as it came to be known, one JSON object per line.
ALTER TABLE attempt ADD COLUMN trace TEXT COLLATE "C";
-- Which node made the call.
ALTER TABLE provider_call ADD COLUMN node TEXT COLLATE "C";
-- The stored body that taught the id.
ALTER TABLE message_external_id ADD COLUMN inlet_id BIGINT;
ALTER TABLE early_status ADD COLUMN inlet_id BIGINT;

-- What was decided about a message apart from its attempts; few messages have any.
CREATE TABLE message_note (
    account_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    details TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, message_id, id)
);
CREATE SEQUENCE message_note_id_seq;

-- Until when a sender sends nothing, and why: `reason` is JSON of domain's Failure.
CREATE TABLE sender_pause (
    sender_id BIGINT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL
);
