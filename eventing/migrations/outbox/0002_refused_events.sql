-- How often the broker has refused an event for good: it waits longer before it is tried again.
ALTER TABLE outbox ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
-- What the broker refuses for good, and what of it an operator has given up.
CREATE TABLE refused_events (
  position BIGINT PRIMARY KEY, -- in the outbox
  status INTEGER NOT NULL, -- of the broker's last answer
  said TEXT NOT NULL, -- its words, cut short
  refused_at TEXT NOT NULL,
  discarded TEXT, -- why it was given up; NULL while it waits
  discarded_at TEXT
);
