-- Every event that a subscriber did not take, until it has been delivered again.
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY, -- a digest of Trigger, source and id: a duplicate finds its row
  trigger_name TEXT NOT NULL,
  post_id TEXT NOT NULL, -- whose texts the event holds; empty when nobody's
  attributes TEXT NOT NULL, -- JSON, without the error extensions
  data BLOB NOT NULL, -- the bytes as they came; empty once discarded
  error_dest TEXT, -- who failed, as the event tells it
  reason TEXT NOT NULL,
  said TEXT NOT NULL, -- what the subscriber answered; empty once discarded
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL,
  failures INTEGER NOT NULL,
  discarded TEXT -- why nobody will deliver it; NULL while somebody may
);
CREATE INDEX dead_letters_kept ON dead_letters (first_at, id) WHERE discarded IS NULL;
CREATE INDEX dead_letters_of_post ON dead_letters (post_id) WHERE discarded IS NULL;
CREATE TABLE posts (
  id TEXT PRIMARY KEY,
  deleted INTEGER NOT NULL DEFAULT 0
);
