-- The language a template is tried in after Meta refused its own (S8), and what an attempt has to tell about itself.
ALTER TABLE outbox ADD COLUMN language TEXT COLLATE "C";
ALTER TABLE attempt ADD COLUMN note TEXT COLLATE "C";
