-- By which the feed is known, in one row: the first post that came, whatever becomes of it.
CREATE TABLE IF NOT EXISTS feed (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  first_post TEXT NOT NULL
);
INSERT INTO feed
  SELECT 1, id FROM posts WHERE summary IS NOT NULL ORDER BY created_at, id LIMIT 1
  ON CONFLICT (number) DO NOTHING;
