-- Rebuilds of this function's projection: tables rebuild<number>_<table> beside the serving ones.
CREATE TABLE rebuild (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice, nor are the names of indexes
  under_way INTEGER UNIQUE -- 1 for the one that is; NULL where the tables wait to be removed
);
-- How far each feed has been read for the rebuild that is under way.
CREATE TABLE rebuild_feeds (
  number BIGINT NOT NULL,
  feed TEXT NOT NULL,
  link TEXT NOT NULL, -- to the next page
  PRIMARY KEY (number, feed)
);
