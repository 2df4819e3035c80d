-- What tells this history from every other one: a copy of the database keeps it, a new one has another.
CREATE TABLE history (
  identity TEXT NOT NULL
);
INSERT INTO history (identity) SELECT CAST(random() AS TEXT) || ' ' || CAST(random() AS TEXT);
-- Up to where each of those who keep a copy of this history has said that it compared it.
CREATE TABLE readers (
  name TEXT PRIMARY KEY,
  position BIGINT NOT NULL DEFAULT 0,
  token TEXT NOT NULL DEFAULT '', -- of that position
  asked_at TEXT -- since when it is asked in vain; NULL once it has said so
);
