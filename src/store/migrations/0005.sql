-- Messages that are edited, deleted, answered, and have reactions; how far somebody has read. What a person sees of a message is
-- never stored: it is folded from the entries when it is read. Never edited after it has landed; the next change is 0006.sql.

-- The entry that this one is about. What an older Kith has stored is filled in beside this file (`live::fill`).
ALTER TABLE entry ADD COLUMN target BLOB;
-- A row of its conversation: a text, or something of a newer version that is about no other entry; and not hidden.
ALTER TABLE entry ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
-- Deleted on this device only.
ALTER TABLE entry ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
-- It came without its body, and nobody has said that it was deleted: whoever may have the body is asked for it.
ALTER TABLE entry ADD COLUMN bare INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET shown = 1 WHERE kind = 1;

CREATE INDEX entry_shown ON entry (conversation, position) WHERE shown = 1 AND position IS NOT NULL;
-- Edits, deletions and reactions, placed or not.
CREATE INDEX entry_operation ON entry (target, position) WHERE kind BETWEEN 2 AND 4;
-- Whether a message was deleted is asked for each one that arrives.
CREATE INDEX entry_deletion ON entry (target, author) WHERE kind = 3;
CREATE INDEX entry_bare ON entry (conversation) WHERE bare = 1;

-- The number of the last entry that was stored and is a row of the conversation.
ALTER TABLE conversation ADD COLUMN activity INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET activity = coalesce(
    (SELECT max(local) FROM entry INDEXED BY entry_arrival WHERE entry.conversation = conversation.id), 0);

-- How far somebody has read, by what their device said last. This device's own has no key.
CREATE TABLE reading (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    device       BLOB    NOT NULL,
    counter      INTEGER NOT NULL,
    entry        BLOB    NOT NULL,
    PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;
