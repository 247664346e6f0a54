-- From whom the address is hidden, beyond their own row: somebody who was removed and comes back does not see it for that.
-- Never edited after it has landed; the next change is 0005.sql.

CREATE TABLE hidden (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    root BLOB    NOT NULL UNIQUE
) STRICT;

INSERT INTO hidden (root) SELECT root FROM person WHERE address_hidden = 1 ORDER BY id;

ALTER TABLE person DROP COLUMN address_hidden;
