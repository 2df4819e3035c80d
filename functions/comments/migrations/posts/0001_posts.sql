-- Which posts take comments: a copy that PostCreated and PostDeleted fill, and that can be made again.
CREATE TABLE IF NOT EXISTS posts (
  id TEXT PRIMARY KEY,
  deleted INTEGER NOT NULL DEFAULT 0
);
