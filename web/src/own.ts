// What this tab wrote and the read model does not show yet, kept across reloads of the tab.

import type { Comment, WrittenPost } from "./api";

const POSTS = "own-posts";
const COMMENTS = "own-comments";

/** Entries of one kind, oldest first. */
export interface Shelf<T extends { id: string }> {
  all: () => T[];
  put: (item: T) => void;
  drop: (id: string) => void;
}

export interface Own {
  posts: Shelf<WrittenPost>;
  comments: Shelf<Comment>;
}

export function ownIn(storage: Storage): Own {
  return { posts: shelf(storage, POSTS), comments: shelf(storage, COMMENTS) };
}

function shelf<T extends { id: string }>(storage: Storage, name: string): Shelf<T> {
  const all = () => read<T>(storage, name);
  const write = (items: T[]) => {
    storage.setItem(name, JSON.stringify(items));
  };
  return {
    all,
    put: (item) => {
      const items = all();
      const place = items.findIndex((other) => other.id === item.id);
      write(place < 0 ? [...items, item] : items.with(place, item));
    },
    drop: (id) => {
      write(all().filter((item) => item.id !== id));
    },
  };
}

/** Nothing else writes under these names, so what parses has the right shape. */
function read<T>(storage: Storage, name: string): T[] {
  return JSON.parse(storage.getItem(name) ?? "[]") as T[];
}
