// What this browser wrote and the read model does not show yet: known here although nobody else sees it.

import type { Comment, WrittenPost } from "./api";
import { kept } from "./kept";

/** Longer than any event travels; and who has forgotten a comment needs no text of it kept. */
const KEPT_MS = 30 * 24 * 3600 * 1000;
const MOST = 50;

/** Entries of one kind, oldest first. */
export interface Shelf<T extends { id: string }> {
  all: () => T[];
  find: (id: string) => T | undefined;
  put: (item: T) => void;
  drop: (id: string) => void;
}

export interface Deletion {
  id: string;
  /** Whether the read model has been seen without the post. */
  settled: boolean;
}

export interface Own {
  posts: Shelf<WrittenPost>;
  comments: Shelf<Comment>;
  /** Posts deleted in this tab: a list that was read too early must not bring them back. */
  deleted: Shelf<Deletion>;
}

/** `lasting` outlives the tab, so that a verdict that comes meanwhile is seen on the next visit. */
export function ownIn(lasting: Storage, tab: Storage, now: number = Date.now()): Own {
  const young = ({ createdAt }: { createdAt: string }) => now - Date.parse(createdAt) < KEPT_MS;
  return {
    posts: shelf<WrittenPost>(lasting, "own-posts", young),
    comments: shelf<Comment>(lasting, "own-comments", young),
    deleted: shelf<Deletion>(tab, "deleted-posts", () => true),
  };
}

function shelf<T extends { id: string }>(
  storage: Storage,
  name: string,
  keeps: (item: T) => boolean,
): Shelf<T> {
  const place = kept<T[]>(storage, name);
  const all = () => {
    const items: unknown = place.get();
    return Array.isArray(items) ? (items as T[]).filter(keeps) : [];
  };
  const write = (items: T[]) => {
    place.set(items.length > 0 ? items.slice(-MOST) : null);
  };
  return {
    all,
    find: (id) => all().find((item) => item.id === id),
    put: (item) => {
      const items = all();
      const at = items.findIndex((other) => other.id === item.id);
      write(at < 0 ? [...items, item] : items.with(at, item));
    },
    drop: (id) => {
      write(all().filter((item) => item.id !== id));
    },
  };
}
