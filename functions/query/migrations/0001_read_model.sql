-- What readers see, ready to be read; every row can be made again from the events.
CREATE TABLE posts (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL DEFAULT 0, -- 0 while only comments of the post have arrived
  deleted INTEGER NOT NULL DEFAULT 0,
  approved INTEGER NOT NULL DEFAULT 0, -- how many of its comments are approved
  created_at TEXT NOT NULL DEFAULT '',
  updated_at TEXT NOT NULL DEFAULT '',
  summary TEXT, -- its JSON in the list; NULL while it must not be listed
  title TEXT NOT NULL DEFAULT '',
  excerpt TEXT NOT NULL DEFAULT '', -- plain text, made once for each version of the body
  body TEXT NOT NULL DEFAULT '' -- the longest comes last: a list need not read past the summary
);
CREATE INDEX posts_listed ON posts (created_at, id) WHERE summary IS NOT NULL;
CREATE TABLE comments (
  id TEXT PRIMARY KEY,
  post_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  created_at TEXT NOT NULL,
  author TEXT,
  content TEXT NOT NULL
);
CREATE INDEX comments_of_post ON comments (post_id, created_at, id);
CREATE INDEX comments_approved ON comments (post_id, created_at, id) WHERE status = 'approved';
