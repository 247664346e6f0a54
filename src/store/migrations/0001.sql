-- Never edited after it has landed; the next change is 0002.sql.
-- Keys, ids and names of logs are blobs of fixed length. `local` counts entries in the order in which they arrived here.

PRAGMA application_id = 1265202280; -- "Kith"

CREATE TABLE profile (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    name    TEXT    NOT NULL,
    counter INTEGER NOT NULL
) STRICT;

-- The brokers in the card, in its order.
CREATE TABLE profile_broker (
    place INTEGER PRIMARY KEY,
    url   TEXT NOT NULL
) STRICT;

CREATE TABLE invitation (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    token BLOB    NOT NULL UNIQUE,
    uses  INTEGER NOT NULL
) STRICT;

CREATE TABLE person (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    root      BLOB    NOT NULL UNIQUE,
    standing  INTEGER NOT NULL,
    card      BLOB    NOT NULL,
    asked     BLOB,
    token     BLOB,
    asking    BLOB,
    accepting INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE peer (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    device      BLOB    NOT NULL UNIQUE,
    root        BLOB    NOT NULL,
    rendezvous  BLOB    NOT NULL,
    key         BLOB,
    key_counter INTEGER NOT NULL DEFAULT 0,
    mail_sent   INTEGER NOT NULL DEFAULT 0,
    mail_seen   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX peer_root ON peer (root);

-- Small numbers for long keys: they stand in every index below.
CREATE TABLE device (
    id  INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE conversation (
    id            INTEGER PRIMARY KEY,
    key           BLOB    NOT NULL UNIQUE,
    waiting       INTEGER NOT NULL DEFAULT 0, -- entries without a position
    waiting_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE log (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    device       INTEGER NOT NULL REFERENCES device (id),
    name         BLOB    NOT NULL,
    own          INTEGER NOT NULL DEFAULT 0, -- 0 somebody else's, 1 written here, 2 written here once and closed
    count        INTEGER NOT NULL DEFAULT 0, -- main branch without a gap: 0 to count - 1, each the hash of the next
    head         BLOB,                       -- the entry at count - 1
    top          INTEGER NOT NULL DEFAULT 0, -- one above the highest sequence of the main branch
    entries      INTEGER NOT NULL DEFAULT 0, -- all of them, forks too
    forks        INTEGER NOT NULL DEFAULT 0,
    latest       INTEGER NOT NULL DEFAULT 0, -- the last that arrived
    UNIQUE (conversation, device, name)
) STRICT;
CREATE INDEX log_own ON log (device) WHERE own > 0;

CREATE TABLE own_log (
    conversation INTEGER PRIMARY KEY REFERENCES conversation (id),
    name         BLOB NOT NULL
) STRICT;

CREATE TABLE entry (
    local        INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    log          INTEGER NOT NULL REFERENCES log (id),
    sequence     INTEGER NOT NULL,
    fork         INTEGER NOT NULL DEFAULT 0,
    progress     INTEGER NOT NULL, -- 1 queued, 2 sent, 3 delivered, 4 received
    kind         INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    position     INTEGER,          -- absent while a parent is missing
    id           BLOB    NOT NULL UNIQUE,
    author       BLOB    NOT NULL,
    previous     BLOB,
    header       BLOB    NOT NULL,
    signature    BLOB    NOT NULL,
    salt         BLOB,
    body         BLOB
) STRICT;
CREATE UNIQUE INDEX entry_main ON entry (log, sequence) WHERE fork = 0;
CREATE INDEX entry_fork ON entry (log, sequence) WHERE fork = 1;
CREATE INDEX entry_position ON entry (conversation, position) WHERE position IS NOT NULL;
CREATE INDEX entry_time ON entry (conversation, time) WHERE position IS NOT NULL;
CREATE INDEX entry_arrival ON entry (conversation, local);
CREATE INDEX entry_unconfirmed ON entry (log, sequence) WHERE progress < 3;

-- Placed entries that no placed entry names as a parent.
CREATE TABLE head (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    entry        INTEGER NOT NULL REFERENCES entry (local),
    PRIMARY KEY (conversation, entry)
) STRICT, WITHOUT ROWID;

-- Who waits for which parent. The parent is unknown, or waits itself.
CREATE TABLE wait (
    conversation INTEGER NOT NULL,
    parent       BLOB    NOT NULL,
    entry        INTEGER NOT NULL REFERENCES entry (local),
    PRIMARY KEY (conversation, parent, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX wait_entry ON wait (entry);

-- What a peer device is believed to have: the main branch below `count`, and the entries of `belief_entry` beside it.
CREATE TABLE belief (
    device INTEGER NOT NULL REFERENCES device (id),
    log    INTEGER NOT NULL REFERENCES log (id),
    count  INTEGER NOT NULL,
    PRIMARY KEY (device, log)
) STRICT, WITHOUT ROWID;

CREATE TABLE belief_entry (
    device INTEGER NOT NULL REFERENCES device (id),
    log    INTEGER NOT NULL REFERENCES log (id),
    entry  INTEGER NOT NULL REFERENCES entry (local),
    PRIMARY KEY (device, log, entry)
) STRICT, WITHOUT ROWID;
