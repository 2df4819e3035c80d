-- How far this function's copy has been compared with each producer's history.
CREATE TABLE compared (
  feed TEXT PRIMARY KEY,
  link TEXT NOT NULL, -- to the events that it has not been compared with
  doubted INTEGER NOT NULL DEFAULT 0, -- 1: that history is another one, so compare from the start
  compared_at TEXT, -- when the link last moved
  repaired BIGINT NOT NULL DEFAULT 0, -- how many events the copy lacked, ever
  repaired_at TEXT
);
-- Events that changed the copy when they were delivered, until the comparison meets them.
CREATE TABLE delivered (
  feed TEXT NOT NULL,
  id TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (feed, id)
);
-- Events that could not be applied and were left out.
CREATE TABLE skipped (
  feed TEXT NOT NULL,
  id TEXT NOT NULL,
  why TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (feed, id)
);
ALTER TABLE rebuild ADD COLUMN begun_at TEXT;
