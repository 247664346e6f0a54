-- Which messages were told of before they lost what they say. Never edited after it has landed; the next change is 0011.sql.

-- A text that a deletion has erased and that comes back because the deletion counts for nothing is told as what it reads now, and not as a new
-- one, if people have heard of it: when it was erased, or before.
CREATE TABLE told (
    entry INTEGER PRIMARY KEY REFERENCES entry (local)
) STRICT;
-- Formats up to the ninth took every text that its author has deleted for one that was told of.
INSERT INTO told (entry) SELECT e.local FROM entry e WHERE e.body IS NULL AND EXISTS (
    SELECT 1 FROM entry d WHERE d.target = e.id AND d.kind = 3 AND d.author = e.author AND d.conversation = e.conversation
        AND d.position IS NOT NULL);
