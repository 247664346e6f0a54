-- How far the words of messages are in the index. Never edited after it has landed; the next change is 0010.sql.

-- The words of a message are put into the index after the transaction that stores it: entries above this number wait for that, whatever becomes of
-- the process. No row when all do.
CREATE TABLE searched (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    up_to INTEGER NOT NULL
) STRICT;
-- Formats up to the eighth put them there at once.
INSERT INTO searched (id, up_to) SELECT 1, local FROM entry ORDER BY local DESC LIMIT 1;
