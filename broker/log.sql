-- What is under way and what is dead; a finished event leaves nothing but a count.
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    accepted REAL NOT NULL,
    attributes TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    headers TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;

-- One row for each Trigger that an event still has to reach: its subscriber, or then its sink.
CREATE TABLE IF NOT EXISTS delivery (
    trigger TEXT NOT NULL,
    event INTEGER NOT NULL,
    to_sink INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due REAL NOT NULL,
    failure TEXT,
    PRIMARY KEY (trigger, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (trigger, to_sink, due, event);
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);

-- Counts change in the transaction that they count, so no count needs a scan.
CREATE TABLE IF NOT EXISTS tally (
    trigger TEXT PRIMARY KEY,
    delivered INTEGER NOT NULL,
    dead_lettered INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    retrying INTEGER NOT NULL,
    dead INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number names one dead event for ever.
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trigger TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    reason TEXT NOT NULL,
    time REAL NOT NULL,
    attempts INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    headers TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS dead_trigger ON dead (trigger, id);
