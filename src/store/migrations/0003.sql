-- Hiding the address, and how a message travelled. Never edited after it has landed; the next change is 0004.sql.

-- Whether this person's address is hidden from them.
ALTER TABLE person ADD COLUMN address_hidden INTEGER NOT NULL DEFAULT 0;

-- 1 direct, 2 relay, 3 mail; absent while it has not travelled, and for what an older Kith has stored.
ALTER TABLE entry ADD COLUMN way INTEGER;
