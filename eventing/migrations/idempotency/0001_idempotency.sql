-- The first answer to each command that carried an Idempotency-Key.
CREATE TABLE idempotency (
  scope TEXT NOT NULL, -- method and path
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL, -- of the parsed JSON
  partition_key TEXT NOT NULL,
  answer TEXT, -- JSON; NULL once what it speaks of is deleted
  created_at TEXT NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_partition ON idempotency (partition_key);
CREATE INDEX idempotency_age ON idempotency (created_at);
