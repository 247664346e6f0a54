-- Groups. Never edited after it has landed; the next change is 0008.sql.

-- Changes of a group that an entry has seen: ids of 32 bytes, ascending. Many entries have seen the same.
CREATE TABLE era (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seen         BLOB    NOT NULL,
    UNIQUE (conversation, seen)
) STRICT;

-- Absent for entries of no group, and while an entry has no position.
ALTER TABLE entry ADD COLUMN era INTEGER REFERENCES era (id);
CREATE INDEX entry_change ON entry (conversation, position) WHERE kind = 16 AND position IS NOT NULL;

-- The devices that have to have what is written here in a group. Between two people there are none: whoever confirms is the recipient.
CREATE TABLE recipient (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    device       INTEGER NOT NULL REFERENCES device (id),
    PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;

-- Why an entry of a group does not count: 0 it does. It keeps its place and is not shown; see `voids`.
ALTER TABLE entry ADD COLUMN void INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entry_author ON entry (conversation, author) WHERE era IS NOT NULL AND position IS NOT NULL;

-- A change of a group whose body says what cannot be believed: a card in it does not verify. It has no effect.
ALTER TABLE entry ADD COLUMN forged INTEGER NOT NULL DEFAULT 0;

-- What decided about somebody's entries in a group when they were last judged: when it is another, they are judged again.
CREATE TABLE judged (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    author       BLOB    NOT NULL,
    standing     BLOB    NOT NULL,
    PRIMARY KEY (conversation, author)
) STRICT, WITHOUT ROWID;
