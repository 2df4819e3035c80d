-- What is under way; a finished event leaves nothing but a count.
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    accepted REAL NOT NULL,
    attributes TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    headers TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;

-- One row for each Trigger that an event still has to reach: its subscriber (stage 0), then its
-- sink (1); what neither took is kept (2) and tried again. Due times are the broker's own, as is
-- `accepted`: see broker/clock.py.
CREATE TABLE IF NOT EXISTS delivery (
    trigger TEXT NOT NULL,
    event INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due REAL NOT NULL,
    failure TEXT,
    PRIMARY KEY (trigger, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (trigger, stage, due, event);
CREATE INDEX IF NOT EXISTS delivery_kept ON delivery (event, trigger) WHERE stage = 2;
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

-- One row at most: in this boot of the machine the broker's clock is so far ahead of the monotonic.
CREATE TABLE IF NOT EXISTS clock (boot TEXT PRIMARY KEY, ahead REAL NOT NULL) STRICT, WITHOUT ROWID;
