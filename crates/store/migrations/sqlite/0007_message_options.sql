-- How a message is handed to the provider, beside what it says and to whom, as JSON; NULL for nearly all.
ALTER TABLE message ADD COLUMN options TEXT;
