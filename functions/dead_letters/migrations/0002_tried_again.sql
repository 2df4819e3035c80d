-- The version before this one leaves these columns alone: what it keeps is tried again once, and
-- then it is known whether its subscriber refuses it.
-- `refused` is 1 while a letter waits for a person. `turn` is the one in which it was last tried
-- again, NULL when it is not tried again by itself. `delivery` has it just now.
ALTER TABLE dead_letters ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN turn INTEGER DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN delivery TEXT;
-- Both hold all that is asked of many letters at once: their data, which may be long, is not read.
CREATE INDEX dead_letters_turns ON dead_letters (trigger_name, turn, delivery, id)
  WHERE turn IS NOT NULL AND discarded IS NULL;
CREATE INDEX dead_letters_waiting ON dead_letters (trigger_name, refused, reason)
  WHERE discarded IS NULL;
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  beat INTEGER NOT NULL DEFAULT 0 -- counts up for as long as the process that delivers lives
);
