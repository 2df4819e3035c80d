CREATE TABLE comments (
  id TEXT PRIMARY KEY,
  post_id TEXT NOT NULL,
  author TEXT,
  content TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  created_at TEXT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX comments_of_post ON comments (post_id);
