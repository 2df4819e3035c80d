-- Which comments wait for a verdict, and since when.
CREATE INDEX comments_waiting ON comments (created_at) WHERE status = 'pending';
