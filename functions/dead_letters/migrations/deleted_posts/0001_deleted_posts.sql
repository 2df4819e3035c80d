-- The copy of which posts have been deleted; compared with the history of `posts`.
CREATE TABLE deleted_posts (id TEXT PRIMARY KEY);
