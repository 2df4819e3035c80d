-- From now on `posts` only holds a post while one of its letters comes in, beside its deletion.
INSERT INTO deleted_posts (id) SELECT id FROM posts WHERE deleted = 1 ON CONFLICT DO NOTHING;
