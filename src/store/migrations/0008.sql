-- What stands beside a group, and by which entry we are in it. Never edited after it has landed; the next change is 0009.sql.

-- An entry of a group's conversation that has seen no card of its author, or another such entry: it never counts, and nobody is told of it. What an older
-- Kith has stored is looked through beside this file (`groups::fill`).
ALTER TABLE entry ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
-- How much of somebody's does not count is asked when somebody brings more who is not in the group.
CREATE INDEX entry_void ON entry (conversation, author) WHERE void <> 0;

-- The entry by which this device takes itself to be in a group: somebody whom it knows has written it. Absent in other conversations.
ALTER TABLE own_log ADD COLUMN seat BLOB;
