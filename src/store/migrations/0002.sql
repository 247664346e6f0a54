-- What a window needs. Never edited after it has landed; the next change is 0003.sql.

-- The name that this person gave somebody.
ALTER TABLE person ADD COLUMN nickname TEXT;

-- A text of somebody else that was not read yet. What an older Kith has stored counts as read.
ALTER TABLE entry ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entry_unread ON entry (conversation, position) WHERE unread = 1 AND position IS NOT NULL;

-- What was typed and not sent.
CREATE TABLE draft (
    conversation INTEGER PRIMARY KEY REFERENCES conversation (id),
    text         TEXT NOT NULL
) STRICT;
