-- Search, and what was chosen for a conversation. Never edited after it has landed; the next change is 0007.sql.

-- The words of each message that is shown, cut by Kith itself (the tokenizer only divides them at spaces); rowid is
-- entry.local. It keeps its own copy of them: what is taken out must be known word by word, and is overwritten everywhere.
CREATE VIRTUAL TABLE search USING fts5 (words, columnsize = 0, tokenize = "ascii tokenchars '_'");
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- Entries that were there before the index, from the last one down: those below wait to be looked at. No row when none does.
CREATE TABLE unsearched (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    below INTEGER NOT NULL
) STRICT;
INSERT INTO unsearched (id, below) SELECT 1, local + 1 FROM entry ORDER BY local DESC LIMIT 1;

-- What this person chose for a conversation on this device. No row when nothing.
CREATE TABLE chat (
    conversation INTEGER PRIMARY KEY REFERENCES conversation (id),
    muted_until  INTEGER NOT NULL DEFAULT 0, -- Unix milliseconds; 0 when it is not muted
    pinned       INTEGER NOT NULL DEFAULT 0,
    archived     INTEGER NOT NULL DEFAULT 0
) STRICT;
