-- Every event that this function ever emitted: what is still to be published, and the history.
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  entity TEXT NOT NULL, -- events of one entity leave in order
  partition_key TEXT NOT NULL,
  attributes TEXT NOT NULL, -- JSON: the context attributes and extensions
  data TEXT NOT NULL, -- JSON
  appended_in BIGINT NOT NULL, -- the transaction, where several may write at once
  published INTEGER NOT NULL DEFAULT 0,
  due_at BIGINT NOT NULL DEFAULT 0, -- milliseconds since 1970: leased, or backing off, until then
  attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outbox_waiting ON outbox (position) WHERE published = 0;
CREATE INDEX outbox_waiting_entity ON outbox (entity, position) WHERE published = 0;
CREATE INDEX outbox_partition ON outbox (partition_key);
